"""The command line. Exit codes: 0 a graceful stop, 1 the service could not run, 2 a wrong setting."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from service import VERSION
from service.app import create_app
from service.config import Config, ConfigError
from service.demo import show_one_answer
from service.logs import set_up_logging
from service.sandbox import SandboxDataError
from service.server import PortTaken, serve
from tools.http_client import UnsupportedLibrary

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` asks for; the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        config = Config(**_settings(arguments))
    except ConfigError as exc:
        return _fail(2, exc)
    set_up_logging(config.log_level, config.log_format)
    try:
        asyncio.run(serve(create_app(config), show_one_answer if arguments.demo else None))
    except SandboxDataError as exc:
        return _fail(2, exc)
    except (PortTaken, UnsupportedLibrary) as exc:
        return _fail(1, exc)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="compliance-gateway",
        description="Answers from the U.S. trade agencies' own data. Settings: GATEWAY_... in the environment.",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    serve_command = commands.add_parser("serve", help="serve the REST API", description="Serve the REST API.")
    serve_command.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    serve_command.add_argument("--port", help="port to listen on (GATEWAY_PORT)")
    serve_command.add_argument(
        "--sandbox", action="store_true", default=None, help="answer from sample data, and say so (GATEWAY_SANDBOX=1)"
    )
    serve_command.add_argument(
        "--sandbox-data", metavar="DIR", help="folder with the agencies' export files (GATEWAY_SANDBOX_DATA)"
    )
    serve_command.add_argument("--demo", action="store_true", help="ask one question at the start and print the answer")
    return parser


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    given = {name: getattr(arguments, name) for name in ("host", "port", "sandbox", "sandbox_data")}
    return {name: value for name, value in given.items() if value is not None}


def _fail(code: int, exc: Exception) -> int:
    sys.stderr.write(f"compliance-gateway: {exc}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

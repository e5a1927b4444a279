"""The command line. Exit codes: 0 a graceful stop, 1 the service could not run, 2 a wrong setting."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from service import VERSION
from service.app import create_app
from service.config import Config, ConfigError
from service.demo import show_one_answer
from service.logs import set_up_logging
from service.sandbox import KEYS, Sandbox, SandboxDataError, parse_faults
from service.server import PortTaken, serve, stay_up
from tools.http_client import UnsupportedLibrary

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` asks for; the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ConfigError, SandboxDataError) as exc:
        return _fail(2, exc)
    except (PortTaken, UnsupportedLibrary) as exc:
        return _fail(1, exc)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="compliance-gateway",
        description="Answers from the U.S. trade agencies' own data. Settings: GATEWAY_... in the environment.",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    serve_command = commands.add_parser("serve", help="serve the REST API", description="Serve the REST API.")
    serve_command.set_defaults(run=_serve)
    serve_command.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    serve_command.add_argument("--port", help="port to listen on (GATEWAY_PORT)")
    serve_command.add_argument(
        "--sandbox", action="store_true", default=None, help="answer from sample data, and say so (GATEWAY_SANDBOX=1)"
    )
    serve_command.add_argument("--demo", action="store_true", help="ask one question at the start and print the answer")
    sandbox_command = commands.add_parser(
        "sandbox",
        help="serve the four agencies, simulated",
        description="Serve the four agencies' interfaces with sample data, for clients of your own.",
    )
    sandbox_command.set_defaults(run=_sandbox)
    sandbox_command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    sandbox_command.add_argument("--port", type=int, default=8090, help="port to listen on (default: %(default)s)")
    for command in (serve_command, sandbox_command):
        command.add_argument(
            "--sandbox-data", metavar="DIR", type=Path, help="folder with the agencies' own export files"
        )
        command.add_argument(
            "--fault",
            action="append",
            metavar="FAULT",
            help="what the sandbox does wrong, as in csl=status:503@0.1; may be repeated",
        )
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    config = Config(**_settings(arguments, "host", "port", "sandbox", "sandbox_data"))
    set_up_logging(config.log_level, config.log_format)
    asyncio.run(serve(create_app(config), show_one_answer if arguments.demo else None))
    return 0


def _sandbox(arguments: argparse.Namespace) -> int:
    # The settings of the service, keys above all, are none of the sandbox's.
    set_up_logging("info", "auto")
    try:
        faults = parse_faults(",".join(arguments.fault or ()))
    except ValueError as exc:
        return _fail(2, exc)
    sandbox = Sandbox(arguments.sandbox_data, host=arguments.host, port=arguments.port, faults=faults)
    asyncio.run(_serve_sandbox(sandbox, f"{arguments.host}:{arguments.port}"))
    return 0


async def _serve_sandbox(sandbox: Sandbox, where: str) -> None:
    try:
        await sandbox.start()
    except (OSError, OverflowError) as exc:
        raise PortTaken(f"cannot listen on {where}: {getattr(exc, 'strerror', None) or exc}") from exc
    lines = [
        "Four agencies with SAMPLE DATA. To ask them through the gateway, set:",
        *(f"GATEWAY_{agency.upper()}_URL={sandbox.url(agency)}" for agency in ("hts", "csl", "fda", "cross")),
        f"GATEWAY_CSL_SUBSCRIPTION_KEY={KEYS['subscription_key']}",
        f"GATEWAY_FDA_AUTHORIZATION_USER={KEYS['authorization_user']}",
        f"GATEWAY_FDA_AUTHORIZATION_KEY={KEYS['authorization_key']}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        await stay_up()
    finally:
        await sandbox.close()


def _settings(arguments: argparse.Namespace, *names: str) -> dict[str, object]:
    given = {name: getattr(arguments, name) for name in names} | {
        "sandbox_faults": ",".join(arguments.fault) if arguments.fault else None
    }
    return {name: value for name, value in given.items() if value is not None}


def _fail(code: int, exc: Exception) -> int:
    sys.stderr.write(f"compliance-gateway: {exc}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

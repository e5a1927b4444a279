"""Runs the command that was typed, and turns whatever stops it into an exit code."""

from collections.abc import Sequence

import structlog

from service.cli.exits import BAD_USAGE, NOT_ANSWERED
from service.cli.output import CannotWrite, complain
from service.cli.parser import make_parser
from service.config import ConfigError
from service.port import PortTaken
from service.sandbox import SandboxDataError
from tools.http_client import UnsupportedLibrary

__all__ = ["main"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: These keep running, and end with 1 when they could not.
_SERVERS = ("serve", "worker", "sandbox")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` asks for; the exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ConfigError, SandboxDataError) as exc:
        for line in str(exc).splitlines():
            complain(line)
        return BAD_USAGE
    except (PortTaken, UnsupportedLibrary) as exc:
        complain(str(exc))
        return 1 if arguments.command in _SERVERS else NOT_ANSWERED
    except CannotWrite as exc:
        complain(str(exc))
        return NOT_ANSWERED
    except Exception as exc:
        # Python would end with 1 then, which is an answer here.
        if arguments.command in _SERVERS:
            raise
        log.exception("our own fault")
        complain(f"our own fault: {type(exc).__name__}: {exc} (GATEWAY_LOG_LEVEL=error shows where)")
        return NOT_ANSWERED

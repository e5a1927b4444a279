"""What may be typed. Strict: nothing is abbreviated, and nothing is given twice."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic.fields import FieldInfo

from service import VERSION
from service.cli.commands import accept_list, ask_tool, run_sandbox, run_service, show_pools, take_snapshot
from service.cli.questions import QUESTIONS, Question
from service.cli.tables.layout import printable

__all__ = ["make_parser"]

_EXIT_CODES = (
    "Exit codes: 0 nothing adverse in what was asked, 1 something to look at, 2 bad usage, 3 not answered (an outage "
    "is never 0), 130 interrupted."
)


class _Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {printable(message)} (see {self.prog} --help)\n")
        raise SystemExit(2)


class _Once(argparse.Action):
    """Of two values the first would be lost, and the answer be to another question."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest, None) is not None:
            parser.error(f"{option_string}: stands there more than once")
        setattr(namespace, self.dest, values)


def make_parser() -> argparse.ArgumentParser:
    """Every command; what it does is under `run`, a function of the arguments to the exit code."""
    parser = _Parser(
        prog="compliance-gateway",
        description="Answers from the U.S. trade agencies' own data. Settings: GATEWAY_... in the environment.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for question in QUESTIONS:
        _add_question(commands, question)
    _add_snapshot(commands)
    _add_serve(commands)
    _add_sandbox(commands)
    _add_pool(commands)
    _add_list(commands)
    return parser


def _add_question(commands: Any, question: Question) -> None:
    command = commands.add_parser(
        question.command, help=question.help, description=question.tool.description, epilog=_EXIT_CODES
    )
    command.set_defaults(run=ask_tool, question=question)
    either = command.add_mutually_exclusive_group(required=True) if question.one_of else command
    for field, given in question.words.items():
        about = question.tool.query_model.model_fields[field]
        _add_word(either if field in question.one_of else command, field, given, about, is_one=bool(question.one_of))
    _add_ways_to_ask(command)


def _add_word(parser: Any, field: str, given: str, about: FieldInfo, *, is_one: bool) -> None:
    told = (about.description or "").replace("%", "%%")
    if given == "--no-fuzzy":
        parser.add_argument(given, dest=field, action="store_const", const="false", help=f"do not {told}")
    elif given.startswith("--"):
        default = f" (default: {about.default})" if about.default is not None else ""
        parser.add_argument(given, dest=field, metavar=field.upper(), action=_Once, help=told + default)
    else:
        parser.add_argument(field, metavar=given, nargs="?" if is_one else None, help=told)


def _add_ways_to_ask(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print what the REST API answers")
    command.add_argument(
        "--timeout",
        dest="deadline_s",
        metavar="SECONDS",
        action=_Once,
        help="longest time that it may take (GATEWAY_DEADLINE_S)",
    )
    _add_sandbox_switch(command, "answer from sample data, and say so (GATEWAY_SANDBOX=1)")
    _add_sandbox_options(command)


def _add_sandbox_switch(command: argparse.ArgumentParser, told: str) -> None:
    command.add_argument("--sandbox", action="store_true", default=None, help=told)


def _add_sandbox_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--sandbox-data", metavar="DIR", type=Path, help="folder with the agencies' own export files")
    command.add_argument(
        "--fault",
        action="append",
        metavar="FAULT",
        help="what the sandbox does wrong, as in csl=status:503@0.1; may be repeated",
    )


def _add_snapshot(commands: Any) -> None:
    command = commands.add_parser(
        "snapshot",
        help="one shipment: four tiles, a risk, reasons",
        description="Ask all four sources about one shipment: four tiles, a risk, and the reasons for it.",
        epilog=_EXIT_CODES,
    )
    command.set_defaults(run=take_snapshot)
    command.add_argument(
        "shipment", metavar="SHIPMENT.json", help="file with what POST /v1/snapshot takes; - for standard input"
    )
    _add_ways_to_ask(command)


def _add_serve(commands: Any) -> None:
    command = commands.add_parser("serve", help="serve the REST API", description="Serve the REST API.")
    command.set_defaults(run=run_service)
    command.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    command.add_argument("--port", help="port to listen on (GATEWAY_PORT)")
    command.add_argument("--workers", metavar="N", help="processes that serve (GATEWAY_WORKERS)")
    _add_sandbox_switch(command, "answer from sample data, and say so (GATEWAY_SANDBOX=1)")
    command.add_argument("--demo", action="store_true", help="ask about one shipment at the start and print the answer")
    _add_sandbox_options(command)


def _add_sandbox(commands: Any) -> None:
    command = commands.add_parser(
        "sandbox",
        help="serve the four agencies, simulated",
        description="Serve the four agencies' interfaces with sample data, for clients of your own.",
    )
    command.set_defaults(run=run_sandbox)
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=int, default=8090, help="port to listen on (default: %(default)s)")
    _add_sandbox_options(command)


def _add_list(commands: Any) -> None:
    command = commands.add_parser(
        "list", help="the list held here", description="The Consolidated Screening List that is held here."
    )
    kinds = command.add_subparsers(dest="kind", required=True, metavar="WHAT")
    accept = kinds.add_parser(
        "accept",
        help="put a suspect file in force",
        description="Overrule the gates for one file, which GET /health/ready shows as suspect. It is logged, and "
        "shown in every answer that rests on it.",
        epilog=_EXIT_CODES,
    )
    accept.set_defaults(run=accept_list)
    accept.add_argument("sha256", metavar="SHA256", help="the file's hash")
    accept.add_argument("--by", metavar="NAME", action=_Once, help="who says so (default: the user of the system)")
    _add_sandbox_switch(accept, "the list of the sandbox (GATEWAY_SANDBOX=1)")


def _add_pool(commands: Any) -> None:
    command = commands.add_parser(
        "pool",
        help="the pools and breakers of a running service",
        description="The pools and breakers of a running service, from its GET /health. To look at: breakers not "
        "closed, connections in use for suspiciously long.",
        epilog=_EXIT_CODES,
    )
    command.set_defaults(run=show_pools)
    command.add_argument(
        "url", metavar="URL", nargs="?", help="address of the service (default: this machine, GATEWAY_PORT)"
    )
    command.add_argument("--json", action="store_true", help="print what GET /health answers")
    command.add_argument(
        "--timeout",
        dest="deadline_s",
        metavar="SECONDS",
        action=_Once,
        help="longest time that it may take (GATEWAY_DEADLINE_S)",
    )

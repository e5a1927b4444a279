"""What may be typed. Strict: nothing is abbreviated, and nothing is given twice."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic.fields import FieldInfo

from service import VERSION
from service.cli.commands import (
    accept_list,
    ask_tool,
    examine_agencies,
    run_sandbox,
    run_service,
    run_worker,
    screen_file,
    show_pools,
    take_snapshot,
)
from service.cli.questions import QUESTIONS, Question
from service.cli.tables.layout import printable
from tools.query_text import in_any_case
from tools.sanctions_query import SanctionsQuery

__all__ = ["make_parser"]

_EXIT_CODES = (
    "Exit codes: 0 a look-up found what was asked, or a screening or snapshot nothing adverse in what was asked; 1 "
    "something to look at, or no such record; 2 bad usage; 3 not answered (an outage is never 0); 130 interrupted."
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
            parser.error(f"{option_string}: is given more than once")
        setattr(namespace, self.dest, values)


def _one_of(*words: str) -> Callable[[str], str]:
    """Read one of our `words`, in any case; what is none is said in our words, not in argparse's."""

    def read(given: str) -> str:
        word = in_any_case(given, words)
        if word not in words:
            raise argparse.ArgumentTypeError(f"must be {', '.join(words[:-1])} or {words[-1]}, not {given!r}")
        return str(word)

    return read


def _port(given: str) -> int:
    if not given.isdecimal() or int(given) > 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up to 65535, not {given!r}")
    return int(given)


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
    _add_doctor(commands)
    _add_snapshot(commands)
    _add_batch(commands)
    _add_serve(commands)
    _add_worker(commands)
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


def _add_doctor(commands: Any) -> None:
    command = commands.add_parser(
        "doctor",
        help="the first thing to run in a new place: what answers here, and what differs",
        description="Ask each agency one small question as the service would, read the list file once, and say of each "
        "whether it was reached, its key accepted, its shape as this version expects, and what to do about what is "
        "not. Nothing is kept, and no key is shown.",
        epilog="Exit codes: 0 all as expected, 1 something differs or is not configured, 2 bad usage, 3 an agency or "
        "the list cannot be used, 130 interrupted.",
    )
    command.set_defaults(run=examine_agencies)
    _add_ways_to_ask(command, "print the same as JSON")


def _add_ways_to_ask(command: argparse.ArgumentParser, json_is: str = "print what the REST API answers") -> None:
    command.add_argument("--json", action="store_true", help=json_is)
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


def _add_batch(commands: Any) -> None:
    command = commands.add_parser(
        "batch",
        help="screen all rows of a file",
        description="Screen a CSV or JSON file of up to 10 million rows by the list in force, which a service need not "
        "run for. Interrupted, the same command goes on where it was, as long as the list in force is the same; once "
        "the results are written it begins anew. The results are in FILE when all are.",
        epilog="Exit codes: 0 every row screened, and no listed name at the threshold; 1 something to look at: hits, "
        "or rows that are invalid and so were not screened; 2 bad usage, or a file that cannot be read; 3 not "
        "answered: a row that is as it should be was not screened, or no list is in force (an outage is never 0); "
        "130 interrupted.",
    )
    command.set_defaults(run=screen_file)
    command.add_argument("file", metavar="FILE", help="CSV, JSON lines or a JSON array; - for standard input")
    command.add_argument(
        "-o", "--output", metavar="FILE", action=_Once, help="where the results go (default: -, standard output)"
    )
    command.add_argument(
        "--format",
        type=_one_of("csv", "ndjson"),
        metavar="{csv,ndjson}",
        action=_Once,
        help="of the results (default: as the name of the output ends; ndjson on standard output)",
    )
    command.add_argument(
        "--map",
        action="append",
        metavar="OURS=THEIRS",
        help="which column holds what, as in name=Firma; may be repeated: name, ref, type, country, nationality, dob, "
        "ids, address",
    )
    command.add_argument(
        "--charset", action=_Once, help="what the file is written in, as in windows-1251 (default: it is found out)"
    )
    fields = SanctionsQuery.model_fields
    for field in ("threshold", "sources", "algorithm"):
        _add_word(command, field, f"--{field}", fields[field], is_one=False)
    command.add_argument(
        "--via",
        type=_one_of("list", "api"),
        metavar="{list,api}",
        action=_Once,
        help="the list held here, or the agency's search (default: GATEWAY_SANCTIONS_SOURCE)",
    )
    command.add_argument("--anew", action="store_true", help="forget what an interrupted run has done")
    command.add_argument("--json", action="store_true", help="print the summary as JSON, when the results go to a file")
    _add_sandbox_switch(command, "screen by sample data, and say so (GATEWAY_SANDBOX=1)")
    _add_sandbox_options(command)


def _add_serve(commands: Any) -> None:
    command = commands.add_parser("serve", help="serve the REST API", description="Serve the REST API.")
    command.set_defaults(run=run_service)
    command.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    command.add_argument("--port", help="port to listen on (GATEWAY_PORT)")
    command.add_argument("--workers", metavar="N", help="processes that serve (GATEWAY_WORKERS)")
    _add_sandbox_switch(command, "answer from sample data, and say so (GATEWAY_SANDBOX=1)")
    command.add_argument("--demo", action="store_true", help="ask about one shipment at the start and print the answer")
    _add_sandbox_options(command)


def _add_worker(commands: Any) -> None:
    command = commands.add_parser(
        "worker",
        help="screen the rows of jobs, beside services with the same database",
        description="Screen the rows of jobs that services with the same GATEWAY_DATABASE_URL were sent. Any number of "
        "workers may run, anywhere. GET /health, /health/ready and /metrics say how this one does.",
    )
    command.set_defaults(run=run_worker)
    command.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    command.add_argument("--port", help="port to listen on (GATEWAY_PORT)")
    _add_sandbox_switch(command, "the jobs of services with sample data (GATEWAY_SANDBOX=1)")
    _add_sandbox_options(command)


def _add_sandbox(commands: Any) -> None:
    command = commands.add_parser(
        "sandbox",
        help="serve the four agencies, simulated",
        description="Serve the four agencies' interfaces with sample data, for clients of your own.",
    )
    command.set_defaults(run=run_sandbox)
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=_port, default=8090, help="port to listen on (default: %(default)s)")
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

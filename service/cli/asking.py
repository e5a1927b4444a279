"""Asks one tool one question, on its sync half, and prints what it says."""

import argparse
import uuid
from collections.abc import Mapping
from typing import Any

from service.cli.exits import exit_of
from service.cli.opening import sync_tools
from service.cli.output import complain, show, show_error, write
from service.cli.questions import Question
from service.cli.settings import prepared_to_ask
from service.cli.spinner import spinning
from service.cli.tables.answers import answer_page
from service.cli.tables.countries import countries_part
from service.cli.tables.errors import error_page
from service.config import Config
from service.envelope import answer, as_json
from service.errors import fault_of, problem_of
from service.registry import in_normal_form
from tools.errors import InvalidQuery, ScriptNotCovered, ToolError
from tools.exchange import Answer
from tools.query_faults import FaultCollector

__all__ = ["ask_tool", "tell_error"]

#: What REST calls a field otherwise than its tool does.
_OF_REST = {"keyword": "q"}


def ask_tool(arguments: argparse.Namespace) -> int:
    """Ask what was typed, and print the answer or why there is none."""
    question: Question = arguments.question
    given = {field: value for field in question.words if (value := getattr(arguments, field)) is not None}
    config, request_id = prepared_to_ask(arguments), uuid.uuid4().hex
    try:
        asked, outcome = _ask(config, question, given)
    except InvalidQuery as exc:
        said = exc.renamed(_OF_REST if arguments.json else question.words)
        return tell_error(said, request_id, as_body=arguments.json, screening=question.tool.screens)
    except ToolError as exc:
        return tell_error(exc, request_id, as_body=arguments.json, screening=question.tool.screens)
    code = exit_of(outcome)
    if arguments.json:
        write(as_json(answer(question.tool.name, asked, outcome, request_id)) + b"\n")
    else:
        show(answer_page(asked, outcome))
    return code


def _ask(config: Config, question: Question, given: Mapping[str, str]) -> tuple[Mapping[str, Any], Answer[Any]]:
    """What was asked, in normal form, and what came back. Raises ToolError."""
    with (
        spinning(f"asking {question.tool.source_name}"),
        sync_tools(config, with_list=question.tool.screens and given.get("via") != "api") as tools,
    ):
        tool = tools[question.tool.name]
        faults = FaultCollector()
        asked: Mapping[str, Any] = {}
        with faults.reading():
            question.refuse_what_does_not_go_together(given)
        with faults.reading():
            asked = in_normal_form(tool, given)
        faults.raise_if_any()
        outcome: Answer[Any] = tool.run(**given)
        return asked, outcome


def tell_error(exc: ToolError, request_id: str, *, as_body: bool, screening: bool, within: str = "") -> int:
    """Print why there is no answer: `as_body` what REST would answer, on standard output. Return the exit code.

    All that is wrong with a question is printed, one line each, `within` what it was found.
    """
    if as_body:
        write(as_json(problem_of(exc, request_id, screening=screening)) + b"\n")
    elif isinstance(exc, InvalidQuery):
        for each in exc.faults:
            complain(f"{within}{each.parameter}: {each.detail}")
    else:
        countries = exc.country_programs if isinstance(exc, ScriptNotCovered) else None
        show_error(
            [*error_page(fault_of(exc), screening=screening, sandbox=exc.sandbox), *countries_part(countries, ())]
        )
    return exit_of(exc)

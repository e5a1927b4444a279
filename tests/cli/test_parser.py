"""What may be typed, and what may not."""

import pytest

from service.cli.parser import make_parser
from service.cli.questions import QUESTIONS
from tools.agency import AgencyTool


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(words)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    return err


def test_every_field_of_a_tools_query_can_be_given_and_is_described_in_its_own_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    given: dict[type[AgencyTool], set[str]] = {}
    for question in QUESTIONS:
        given.setdefault(question.tool, set()).update(question.words)
        with pytest.raises(SystemExit):
            make_parser().parse_args([question.command, "--help"])
        told = capsys.readouterr().out
        for field in question.words:
            assert (question.tool.query_model.model_fields[field].description or "nothing") in told
        assert "3 not answered (an outage is never 0)" in told
    assert given == {tool: set(tool.query_model.model_fields) for tool in given}


def test_words_of_options_are_read_in_any_case() -> None:
    arguments = make_parser().parse_args(["batch", "f.csv", "--format", "CSV", "--via", " List"])
    assert (arguments.format, arguments.via) == ("csv", "list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "required: COMMAND"),
        (("hts",), "one of the arguments CODE --search is required"),
        (("hts", "8507", "--search", "x"), "not allowed with argument"),
        (("rulings", "x", "--hts", "8507"), "not allowed with argument"),
        (("sanctions",), "required: NAME"),
        (("sanctions", "Acme", "--countr", "RU"), "unrecognized arguments: --countr RU"),
        (("sanctions", "Acme", "--country", "RU", "--country", "CN"), "--country: is given more than once"),
        (("hts", "8507", "8508"), "unrecognized arguments: 8508"),
        (("sanctions", "Acme", "\x1b[31m"), "unrecognized arguments: \\x1b[31m"),
        (("explode",), "invalid choice: 'explode'"),
        (("batch", "f.csv", "--format", "xlsx"), "--format: must be csv or ndjson, not 'xlsx'"),
        (("batch", "f.csv", "--via", "both"), "--via: must be list or api, not 'both'"),
        (("sandbox", "--port", "http"), "--port: must be a whole number from 0 up to 65535, not 'http'"),
    ],
)
def test_bad_usage_is_2_with_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str) -> None:
    assert says in refused(capsys, *words)

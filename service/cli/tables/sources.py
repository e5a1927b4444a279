"""Where an answer is from, and how old it is."""

from rich.text import Text

from service.cli.tables.layout import Cell, Page, word
from service.envelope import SourceBlock

__all__ = ["as_of", "nothing_found", "sample_data_notice", "source_facts", "source_words"]


def sample_data_notice(*, sandbox: bool) -> Page:
    """Sample data must not pass for live data, wherever it is shown."""
    return [word("SAMPLE DATA from a sandbox: no agency was asked", "bold magenta")] if sandbox else []


def nothing_found(what: str, *, sandbox: bool) -> str:
    """Return the heading of a look-up that found nothing; of sample data that says nothing of the agency."""
    return f"No {what} found{' in the sample data' if sandbox else ''}"


def source_facts(source: SourceBlock) -> tuple[tuple[str, Cell | None], ...]:
    """The agency, the version of its data, and when it said so."""
    requests = f"{source.attempts} request{'' if source.attempts == 1 else 's'}"
    return (
        ("Source", source_words(source)),
        ("As of", as_of(source)),
        ("Cost", f"{requests}, {source.elapsed_ms:g} ms"),
    )


def source_words(source: SourceBlock) -> str:
    """The agency, and the version of its data where it has one."""
    return f"{source.name}, {source.version}" if source.version else source.name


def as_of(source: SourceBlock) -> Text:
    """When the agency said so; of an answer that is older than it should be, why it is given all the same."""
    said = f"{source.retrieved_at}, {_age(source.age_s)} old"
    if source.served_from == "stale":
        return word(f"{said}: STALE, given because of {source.stale_because or 'an unknown reason'}", "bold yellow")
    return word(f"{said}, {'kept' if source.served_from == 'cache' else source.served_from}")


def _age(age_s: float) -> str:
    for seconds, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if age_s >= 2 * seconds:
            return f"{age_s / seconds:.0f} {unit}"
    return f"{age_s:.0f} s"

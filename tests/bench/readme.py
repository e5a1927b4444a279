"""Where the README has the bench's table."""

__all__ = ["with_section"]

_BEGIN, _END = "<!-- bench: written by `make bench ARGS=--keep` -->", "<!-- bench: end -->"


def with_section(readme: str, text: str) -> str:
    """The README with `text` between the bench's two marks. Raises ValueError when it lacks one of them."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the README has no place for the bench's table")
    return f"{before}{_BEGIN}\n{text}\n{_END}{after}"

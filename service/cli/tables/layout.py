"""What every answer is laid out with: facts, lists, tables; and text in which nothing acts on the terminal.

Agencies' text is never read as markup, and whatever in it a terminal would obey, or that hides or turns other
characters, is spelled out. Nothing is cut: what is too long for its column goes on in the next line.
"""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["Cell", "Page", "as_text", "bullets", "facts", "heading", "paragraph", "printable", "table", "word"]

Cell: TypeAlias = str | Text
Page: TypeAlias = list[RenderableType]

#: Controls, invisible and turning characters, halves of characters, line and paragraph ends.
_ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: These two join and part letters in scripts that need them.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"

#: As long as a tariff number, or a status, is at most.
_SHORT = 14


def printable(said: str) -> str:
    """`said` in one line, each character that does more than be seen spelled out as in \\x1b."""
    return "".join(
        each.encode("unicode_escape").decode()
        if unicodedata.category(each) in _ACTING and each not in _JOINERS
        else each
        for each in said
    )


def word(said: object, style: str = "") -> Text:
    """`said` in a style."""
    return Text(printable(str(said)), style=style)


def heading(said: str, style: str = "") -> RenderableType:
    """A line that stands above what follows."""
    return Padding(word(said, f"bold {style}".strip()), (1, 0, 0, 0))


def paragraph(said: str) -> Text:
    """Text in its own lines."""
    return Text("\n".join(printable(line.expandtabs(4)) for line in said.splitlines()))


def bullets(said: Iterable[Cell]) -> Table:
    """One thing a line."""
    listed = Table.grid(padding=(0, 1, 0, 0))
    listed.add_column(no_wrap=True)
    listed.add_column(overflow="fold")
    for each in said:
        listed.add_row("-", _cell(each))
    return listed


def facts(*rows: tuple[str, Cell | None]) -> Table:
    """A name and what is known under it, a line each; what is None is left out."""
    known = Table.grid(padding=(0, 2, 0, 0))
    known.add_column(no_wrap=True, style="cyan")
    known.add_column(overflow="fold")
    for name, value in rows:
        if value is not None:
            known.add_row(word(name), _cell(value))
    return known


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, whole: Sequence[str] = ()) -> Table:
    """Rows under `headings`. What is short in the columns named in `whole` is not broken for the others' sake."""
    cells = [[_cell(each) for each in row] for row in rows]
    shown = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="cyan")
    for at, each in enumerate(headings):
        longest = max((row[at].cell_len for row in cells), default=0)
        shown.add_column(word(each), overflow="fold", min_width=min(longest, _SHORT) if each in whole else None)
    for row in cells:
        shown.add_row(*row)
    return shown


def as_text(page: Iterable[RenderableType], *, width: int, colours: bool = False) -> str:
    """`page` in lines of at most `width` characters; without `colours` there is no control character in it."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colours,
        color_system="standard" if colours else None,
        no_color=not colours,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(Group(*page))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().split("\n")[:-1])


def _cell(said: Cell) -> Text:
    return word(said) if isinstance(said, str) else said

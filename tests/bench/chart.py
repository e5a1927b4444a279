"""Throughputs as bars, in SVG: text and lines alone, readable on light and on dark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tests.bench.measuring import Round
from tests.bench.spread import Spread, spread
from tests.bench.table import figure

__all__ = ["Group", "groups_of", "svg"]

_WIDTH, _LEFT, _RIGHT = 760, 190, 130
_BAR, _STEP, _HEAD, _BETWEEN = 16, 24, 34, 12
#: What each scene's group is called, and which of its contenders it shows, in this order.
_SHOWN = {
    "plain": (
        "Agency answers at once, 32 callers",
        ("predecessor", "bare aiohttp", "service", "service, kept answer"),
    ),
    "tls": ("The same over TLS", ("predecessor, HTTP/2", "service")),
    "slow": ("Agency takes 20 ms, 256 callers", ("predecessor", "service")),
}
# The colours are told apart by their lightness, too; each stands out on both grounds.
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .head { font-weight: 600; }
  .bar { fill: #8c959f; } .ours { fill: #0969da; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .bar { fill: #6e7681; } .ours { fill: #4493f8; } .spread { stroke: #e6edf3; }
  }
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Bars with one scale: the name of each, and its throughput."""

    title: str
    bars: Mapping[str, Spread]


def groups_of(scenes: Mapping[str, Mapping[str, Sequence[Round]]]) -> list[Group]:
    """What of the scenes is drawn; a contender that was left out has no bar."""
    groups = []
    for scene, (title, names) in _SHOWN.items():
        measured = scenes.get(scene, {})
        bars = {name: spread([each.per_second for each in measured[name]]) for name in names if name in measured}
        if bars:
            groups.append(Group(title, bars))
    return groups


def svg(groups: Sequence[Group], caption: str) -> str:
    """The drawing. Bars are medians, the lines over them reach from the least round to the best."""
    drawn, top = [], 0
    for group in groups:
        drawn.append(f'<text class="head" x="0" y="{top + 20}">{escape(group.title)}</text>')
        top += _HEAD
        scale = (_WIDTH - _LEFT - _RIGHT) / max(each.most for each in group.bars.values())
        for name, each in group.bars.items():
            drawn += _bar(name, each, top, scale)
            top += _STEP
        top += _BETWEEN
    drawn.append(f'<text x="0" y="{top + 14}">{escape(caption)}</text>')
    height = top + 22
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    label = escape("; ".join(f"{group.title}: {_told(group)}" for group in groups), quote=True)
    return "\n".join([f'{head} role="img" aria-label="{label}">', f"<style>{_STYLE}</style>", *drawn, "</svg>", ""])


def _bar(name: str, of: Spread, top: int, scale: float) -> list[str]:
    kind = "bar ours" if name.startswith("service") else "bar"
    middle = top + _BAR / 2
    least, most = _LEFT + of.least * scale, _LEFT + of.most * scale
    return [
        f'<text x="{_LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{of.median * scale:.1f}" height="{_BAR}"/>',
        f'<line class="spread" x1="{least:.1f}" y1="{middle}" x2="{most:.1f}" y2="{middle}"/>',
        f'<text x="{most + 8:.1f}" y="{top + 13}">{figure(of.median)}/s</text>',
    ]


def _told(group: Group) -> str:
    return ", ".join(f"{name} {figure(each.median)} answers per second" for name, each in group.bars.items())

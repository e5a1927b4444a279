"""The report in Markdown, and its chart in SVG: recall by damage as bars, text and lines alone."""

from collections.abc import Mapping
from html import escape

__all__ = ["markdown", "svg"]

_WIDTH, _LEFT, _BAR, _STEP = 640, 180, 16, 26
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .bar { fill: #0969da; } .bar.short { fill: #bc4c00; } .bound { stroke: #1f2328; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .bar { fill: #4493f8; } .bar.short { fill: #f0883e; } .bound { stroke: #e6edf3; }
  }
"""


def markdown(title: str, sections: Mapping[str, Mapping[str, str]], chart: str) -> str:
    """One table per section, of figures by what they are; `chart` is the drawing's file name."""
    lines = [f"# {title}", ""]
    for name, figures in sections.items():
        lines += [f"## {name}", "", "| what | figure |", "|---|---|"]
        lines += [f"| {what} | {figure} |" for what, figure in figures.items()]
        lines.append("")
    lines += [f"![Recall by damage]({chart})", ""]
    return "\n".join(lines)


def svg(shares: Mapping[str, float], bars: Mapping[str, float], caption: str) -> str:
    """`shares` of 0 to 1 as bars from one half on, each with its bar to reach (of `bars`) as a line."""
    span = _WIDTH - _LEFT - 70
    drawn = [f'<text x="0" y="16">{escape(caption)}</text>']
    for number, (name, share) in enumerate(shares.items()):
        top = 30 + number * _STEP
        reach = bars[name]
        width, line = (max(0.0, each - 0.5) * 2 * span for each in (share, reach))
        short = " short" if share < reach else ""
        drawn.append(f'<text x="0" y="{top + 13}">{escape(name)}</text>')
        drawn.append(f'<rect class="bar{short}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR}"/>')
        x = _LEFT + line
        drawn.append(f'<line class="bound" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{top + _BAR + 3}"/>')
        drawn.append(f'<text x="{_LEFT + span + 10}" y="{top + 13}">{share:.3f}</text>')
    height = 40 + len(shares) * _STEP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(caption)}"><style>{_STYLE}</style>{"".join(drawn)}</svg>\n'
    )

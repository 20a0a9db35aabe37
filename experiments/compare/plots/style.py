"""What all pictures share: sizes and fonts for a paper, colours that people with any colour vision tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agenttts_env.experiments.compare.names import INITIALISATION, bare, is_seeded, shown
from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.experiments.compare.written import whole

Figure = Any
"""A matplotlib figure, which has no types."""

COLUMN, PAGE = 3.5, 7.0
"""Width in inches of a paper's column and of its page: figures are printed at their size."""

INK = "#111111"
"""Text, axes and random search. A page in the dark replaces it."""

PAPER = "#fefefe"
"""Inside of a hollow point; likewise."""

FAINT = "#8a8a8a"

# Okabe and Ito's palette without yellow, which does not show on white, and without black, which is random search.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("", "o", "s", "^", "D", "v", "X")

RC: Mapping[str, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "figure.titlesize": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "svg.fonttype": "path",
}
"""No letter is smaller than 8 points in print."""

DPI = 200


@dataclass(frozen=True)
class Style:
    """How a searcher is drawn everywhere."""

    colour: str
    line: str
    marker: str


def styles(searchers: Sequence[str]) -> dict[str, Style]:
    """By searcher its style: a seeded one is dashed, in its bare one's colour; past the last colour come markers."""
    special = {BASELINE: INK, INITIALISATION: FAINT}
    plain = [name for name in dict.fromkeys(map(bare, searchers)) if name not in special]
    found = {}
    for searcher in searchers:
        name = bare(searcher)
        line = "--" if is_seeded(searcher) else "-"
        if name in special:
            found[searcher] = Style(special[name], line, "")
        else:
            index = plain.index(name)
            marker = MARKERS[index // len(PALETTE) % len(MARKERS)]
            found[searcher] = Style(PALETTE[index % len(PALETTE)], line, marker)
    return found


def figure() -> Figure:
    """An empty figure, which whoever draws on it sizes."""
    from matplotlib.figure import Figure as MatplotlibFigure

    return MatplotlibFigure(dpi=DPI, layout="constrained")


def save(drawn: Figure, path: Path) -> None:
    """As SVG on nothing, as anything else on white."""
    with whole(path) as temporary:
        if path.suffix == ".svg":
            drawn.savefig(temporary, transparent=True, metadata={"Date": None})
        else:
            drawn.savefig(temporary, facecolor="white")


def legend(drawn: Figure, axes: Any, columns: int) -> None:
    """Below everything, each name once."""
    handles, names = axes.get_legend_handles_labels()
    drawn.legend(
        handles, [shown(name) for name in names], loc="outside lower center", ncols=min(len(names), columns),
        frameon=False, handlelength=2.6, columnspacing=1.4,
    )  # fmt: skip


def grid(axes: Any, axis: str = "both") -> None:
    """Faint lines below the data."""
    axes.grid(axis=axis)
    axes.set_axisbelow(True)

"""Who beats whom how often."""

from __future__ import annotations

import numpy as np

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.names import shown
from agenttts_env.experiments.compare.plots.style import PAGE, Figure

CELL = 0.36
"""Side of a cell in inches, in which a number of 8 points finds room."""


def draw_improvement(drawn: Figure, findings: Findings) -> None:
    """A heat map, the best searcher in the first row."""
    names = [row.searcher for row in findings.overall.best_first()]
    order = [findings.comparison.position(name) for name in names]
    chances = findings.improvement.value[np.ix_(order, order)]
    reach = max(0.25, float(abs(chances - 0.5).max()))
    width = max(PAGE, 2.6 + CELL * len(names))
    drawn.set_size_inches(width, 1.6 + CELL * 0.8 * len(names))
    axes = drawn.subplots()
    image = axes.imshow(chances, cmap="PuOr", vmin=0.5 - reach, vmax=0.5 + reach, aspect="auto")
    for row, column in np.ndindex(chances.shape):
        if row != column:
            value = chances[row, column]
            colour = "#ffffff" if abs(value - 0.5) > 0.65 * reach else "#000000"
            axes.text(
                column, row, f"{value:.2f}".lstrip("0") if value < 1 else "1", color=colour, ha="center", va="center"
            )
    labels = [shown(name) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), labels)
    axes.set_xlabel("… beats a run of this one")
    axes.set_ylabel("chance that a run of this one …")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    drawn.colorbar(image, ax=axes, fraction=0.03, pad=0.02).outline.set_visible(False)

"""Regret over what was spent."""

from __future__ import annotations

from typing import Any

import numpy as np

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.losses import AXES, Losses
from agenttts_env.experiments.compare.plots.style import PAGE, Figure, grid, legend, styles
from agenttts_env.experiments.statistics import Resamples, interquartile_mean

RESAMPLES = 400
"""For bands of many points; tables have more."""

LOWEST = 0.01
"""Regrets below are drawn here: the axis is logarithmic, and an incumbent can be the oracle."""

HIGHEST = 5.0
"""Regrets above are cut off: they are those of runs that have hardly begun."""

COLUMNS = 3
LEGEND_COLUMNS = 6

X_LABELS = {
    "trials": "trials",
    "tokens": "tokens computed /\nrandom search's",
    "total_tokens": "all tokens, searcher's too /\nrandom search's",
}


def draw_anytime(drawn: Figure, findings: Findings) -> None:
    """Of all problems together, a panel for each axis."""
    panels = _panels(drawn, findings, len(AXES))
    lowest = min(_draw(axes, findings.losses, axis) for axes, axis in zip(panels, AXES, strict=True))
    _bound(panels[0], lowest)
    legend(drawn, panels[0], LEGEND_COLUMNS)


def draw_anytime_by_problem(drawn: Figure, findings: Findings, axis: str) -> None:
    """A panel for each problem."""
    tasks = findings.comparison.tasks
    panels = _panels(drawn, findings, len(tasks))
    lowest = min(_draw(axes, findings.losses.only([task]), axis) for axes, task in zip(panels, tasks, strict=True))
    for axes, task in zip(panels, tasks, strict=True):
        axes.set_title(task)
    _bound(panels[0], lowest)
    legend(drawn, panels[0], LEGEND_COLUMNS)


def _panels(drawn: Figure, findings: Findings, count: int) -> list[Any]:
    columns = min(count, COLUMNS)
    rows, entries = -(-count // columns), -(-len(findings.comparison.searchers) // LEGEND_COLUMNS)
    drawn.set_size_inches(PAGE, 0.4 + 2.2 * rows + 0.18 * entries)
    panels: list[Any] = drawn.subplots(rows, columns, squeeze=False, sharey=True).ravel().tolist()
    for axes in panels[count:]:
        axes.remove()
    for axes in panels[:count:columns]:
        axes.set_ylabel("normalised regret")
    return panels[:count]


def _bound(axes: Any, lowest: float) -> None:
    """The logarithmic axis that all panels share, after all are drawn."""
    axes.set_ylim(bottom=max(LOWEST, 0.7 * lowest))
    axes.set_ylim(top=min(HIGHEST, axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")


def _draw(axes: Any, losses: Losses, axis: str) -> float:
    """Draw one panel; returns the lowest value of a line."""
    comparison = losses.comparison
    resamples = Resamples.of(len(comparison.tasks), len(comparison.seeds), count=RESAMPLES)
    lines = interquartile_mean(losses.curves[axis], resamples)
    x = losses.grids[axis] * (comparison.trials if axis == "trials" else 1)
    for i, (searcher, style) in enumerate(styles(comparison.searchers).items()):
        middle, low, high = (np.maximum(line[i], LOWEST) for line in (lines.value, lines.low, lines.high))
        axes.plot(x, middle, style.line, color=style.colour, marker=style.marker, markevery=0.2, label=searcher)
        axes.fill_between(x, low, high, color=style.colour, alpha=0.06, linewidth=0)
    axes.set_yscale("log")
    axes.set_xlim(left=0)
    axes.set_xlabel(X_LABELS[axis])
    grid(axes)
    return float(lines.value.min())

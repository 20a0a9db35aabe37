"""Regrets and gains with their intervals."""

from __future__ import annotations

from typing import Any

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.names import CONTROLS, shown
from agenttts_env.experiments.compare.plots.style import COLUMN, INK, PAGE, PAPER, Figure, grid, styles
from agenttts_env.experiments.compare.results import ALPHA, Estimate, Result

ROW = 0.19
"""Height of a searcher in inches."""


def draw_regret(drawn: Figure, findings: Findings) -> None:
    """A line for each searcher, the best on top."""
    rows = findings.overall.best_first()
    drawn.set_size_inches(COLUMN, 0.85 + ROW * len(rows))
    axes = drawn.subplots()
    look = styles(findings.comparison.searchers)
    for y, row in enumerate(rows):
        forest(axes, y, row.regret, look[row.searcher].colour, filled=True)
    axes.axvline(1, color=INK, linewidth=0.7, linestyle=":")
    axes.set_xlim(left=0)
    axes.set_xlabel("normalised regret")
    name_rows(axes, rows)


def draw_gains(drawn: Figure, findings: Findings) -> None:
    """A panel for each control that takes part."""
    found = findings.overall
    rows = found.best_first()
    controls = [control for control in CONTROLS if control in found.searchers]
    drawn.set_size_inches(PAGE, 0.95 + ROW * len(rows))
    panels = drawn.subplots(1, len(controls), squeeze=False, sharey=True, sharex=True).ravel()
    look = styles(findings.comparison.searchers)
    for axes, control in zip(panels, controls, strict=True):
        for y, row in enumerate(rows):
            test = row.gains[control]
            if test is not None:
                gain = Estimate(test.gain, test.low, test.high)
                forest(axes, y, gain, look[row.searcher].colour, filled=test.adjusted < ALPHA)
        axes.axvline(0, color=INK, linewidth=0.7, linestyle=":")
        axes.set_title(f"against {control}")
        axes.set_xlabel("regret saved")
    name_rows(panels[0], rows)
    for axes in panels[1:]:
        axes.tick_params(axis="y", length=0)
        grid(axes, "x")


def forest(axes: Any, y: float, estimate: Estimate, colour: str, *, filled: bool) -> None:
    """A point with its interval."""
    axes.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=1.4)
    axes.plot(estimate.value, y, "o", color=colour, markersize=4.5, markerfacecolor=colour if filled else PAPER)


def name_rows(axes: Any, rows: list[Result]) -> None:
    """Searchers' names down the left side."""
    axes.set_yticks(range(len(rows)), [shown(row.searcher) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    grid(axes, "x")

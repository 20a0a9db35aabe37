"""By how much search scores flatter."""

from __future__ import annotations

from math import isfinite

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.plots.regret import ROW, forest, name_rows
from agenttts_env.experiments.compare.plots.style import COLUMN, INK, Figure, styles


def draw_curse(drawn: Figure, findings: Findings) -> None:
    """A line for each searcher, in the order of their regrets."""
    rows = findings.overall.best_first()
    drawn.set_size_inches(COLUMN, 0.85 + ROW * len(rows))
    axes = drawn.subplots()
    look = styles(findings.comparison.searchers)
    for y, row in enumerate(rows):
        if isfinite(row.curse.value):
            forest(axes, y, row.curse, look[row.searcher].colour, filled=True)
    axes.axvline(0, color=INK, linewidth=0.7, linestyle=":")
    axes.set_xlabel(f"search score minus {findings.wording.true_score}")
    name_rows(axes, rows)

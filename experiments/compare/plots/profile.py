"""Performance profiles."""

from __future__ import annotations

import numpy as np

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.plots.anytime import RESAMPLES
from agenttts_env.experiments.compare.plots.style import PAGE, Figure, grid, legend, styles
from agenttts_env.experiments.statistics import Resamples, performance_profile

FARTHEST = 2.5
"""Regret up to which they are drawn."""


def draw_profile(drawn: Figure, findings: Findings) -> None:
    """Of all problems together."""
    losses = findings.losses
    searchers = losses.comparison.searchers
    drawn.set_size_inches(PAGE, 3.2 + 0.18 * -(-len(searchers) // 6))
    axes = drawn.subplots()
    thresholds = np.linspace(0, FARTHEST, 126)
    resamples = Resamples.of(*losses.regret.shape[::2], count=RESAMPLES)
    found = performance_profile(losses.regret, thresholds, resamples)
    for i, (searcher, style) in enumerate(styles(searchers).items()):
        axes.plot(
            thresholds, found.value[i], style.line, color=style.colour, marker=style.marker, markevery=0.1,
            drawstyle="steps-post", label=searcher,
        )  # fmt: skip
        axes.fill_between(
            thresholds, found.low[i], found.high[i], step="post", color=style.colour, alpha=0.06, linewidth=0
        )
    axes.set_xlim(0, FARTHEST)
    axes.set_ylim(0, 1.01)
    axes.set_xlabel("normalised regret at most (0: the oracle, 1: random search)")
    axes.set_ylabel("share of runs")
    grid(axes)
    legend(drawn, axes, 6)

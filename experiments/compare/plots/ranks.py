"""The critical-difference diagram."""

from __future__ import annotations

from math import ceil, floor

from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.names import shown
from agenttts_env.experiments.compare.plots.style import INK, PAGE, Figure, styles

ROW = 0.2
"""Height of a line of text in inches; the axes' unit."""


def draw_ranks(drawn: Figure, findings: Findings) -> None:
    """Mean ranks on a line, the best on the left; bars below it join who is not told apart, names hang beside."""
    ranking = findings.overall.ranking
    names, ranks, groups = ranking.searchers, ranking.mean_ranks, ranking.groups
    look = styles(findings.comparison.searchers)
    low, high = floor(min(ranks)), ceil(max(ranks))
    high = max(high, low + 1)
    span, half = high - low, (len(names) + 1) // 2
    depth = 1.0 + 0.8 * len(groups)
    rows = depth + half + 0.5
    drawn.set_size_inches(PAGE, 0.75 + ROW * (rows + 1.5))
    axes = drawn.subplots()
    axes.set_ylim(rows, -1.5)
    axes.set_xlim(low - 0.32 * span, high + 0.32 * span)
    axes.axis("off")
    axes.plot([low, high], [0, 0], color=INK, linewidth=0.8)
    for tick in range(low, high + 1):
        axes.plot([tick, tick], [-0.35, 0], color=INK, linewidth=0.8)
        axes.text(tick, -0.5, str(tick), ha="center", va="bottom")
    for level, (first, last) in enumerate(groups):
        y = 0.9 + 0.8 * level
        axes.plot(
            [ranks[first] - 0.01 * span, ranks[last] + 0.01 * span],
            [y, y],
            color=INK,
            linewidth=3,
            solid_capstyle="butt",
        )
    for position, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = position < half
        y = depth + (position if left else len(names) - 1 - position) + 0.5
        edge = low - 0.02 * span if left else high + 0.02 * span
        axes.plot([rank, rank, edge], [0, y, y], look[name].line, color=look[name].colour, linewidth=0.9)
        text = f"{shown(name)}  {rank:.2f}" if left else f"{rank:.2f}  {shown(name)}"
        axes.text(edge + (-0.01 if left else 0.01) * span, y, text, ha="right" if left else "left", va="center")
    words = "mean rank over runs (1 is the best)"
    axes.text((low + high) / 2, -1.5, words, ha="center", va="bottom")

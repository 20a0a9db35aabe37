"""The picture of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.results import reference_of
from agenttts_env.experiments.statistics import Comparison, Resamples, anytime_regret, interquartile_mean
from agenttts_env.initial import SEEDED
from agenttts_env.rendering import backend_label

COLUMNS = 3
RESAMPLES = 400
"""For bands of many points; tables have more."""

LOWEST = 0.01
"""Regrets below are drawn here: the axis is logarithmic, and an incumbent can be the oracle."""


def plot_anytime(comparison: Comparison, oracles: Mapping[str, float], backend: str, path: Path) -> None:
    """Draw normalised regret over trials, a panel for each problem, into a PNG.

    Lines are interquartile means over seeds with 95% bands; a seeded searcher has its bare one's colour, dashed.

    Args:
        comparison: the runs.
        oracles: the highest expected score, by problem.
        backend: where the scores come from.
        path: of the PNG, overwritten if it is there.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    count = len(comparison.tasks)
    rows, columns = -(-count // COLUMNS), min(count, COLUMNS)
    figure = Figure(figsize=(1.0 + 4.2 * columns, 1.4 + 3.2 * rows), dpi=130, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    names = list(dict.fromkeys(searcher.removesuffix(SEEDED) for searcher in comparison.searchers))
    numbers = np.arange(1, comparison.trials + 1)
    resamples = Resamples.of(1, len(comparison.seeds), count=RESAMPLES)
    for axes, problem in zip(panels, comparison.tasks, strict=False):
        part = comparison.only(tasks=[problem])
        curves = anytime_regret(part, reference_of(part, oracles), "trials", numbers / comparison.trials)
        lines = interquartile_mean(curves, resamples)
        for i, searcher in enumerate(comparison.searchers):
            bare = searcher.removesuffix(SEEDED)
            colour, dashes = f"C{names.index(bare) % 10}", "-" if searcher == bare else "--"
            middle, low, high = (np.maximum(line[i], LOWEST) for line in (lines.value, lines.low, lines.high))
            axes.plot(numbers, middle, dashes, color=colour, linewidth=1.3, label=searcher)
            axes.fill_between(numbers, low, high, color=colour, alpha=0.07, linewidth=0)
        axes.set_yscale("log")
        axes.set_ylim(bottom=LOWEST)
        axes.set_title(problem, fontsize=10)
        axes.set_xlabel("trials")
        axes.grid(alpha=0.3)
    for axes in panels[count:]:
        axes.remove()
    for axes in panels[:count:COLUMNS]:
        axes.set_ylabel("normalised regret")
    trials = f"{comparison.trials} trials"
    what = f"regret of the incumbent's expected score: 0 is the oracle, 1 is random search after {trials}"
    how = f"interquartile mean over {len(comparison.seeds)} seeds, 95% bands; what is below {LOWEST} is drawn there"
    figure.suptitle(f"{backend_label(backend)} · {what}\n{how}", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 7), fontsize=9, frameon=False)
    canvas.print_png(str(path))

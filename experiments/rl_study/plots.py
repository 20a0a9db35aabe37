"""The study's plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.names import shown
from agenttts_env.experiments.compare.plots.style import PAGE, PALETTE, RC, figure, grid, save, styles
from agenttts_env.experiments.rl_study.intervals import Floats, interval
from agenttts_env.experiments.rl_study.mixture import POLICY, UNTRAINED, MixtureFindings
from agenttts_env.experiments.rl_study.per_query import PerQueryFindings
from agenttts_env.experiments.rl_study.stagewise import StagewiseFindings
from agenttts_env.experiments.statistics import Reference, Resamples, anytime_regret, interquartile_mean

COLUMNS = 3


@contextmanager
def _panels(names: Sequence[str], title: str, path: Path) -> Iterator[list[Any]]:
    """A panel for each task; written as a PNG at the end."""
    try:
        from matplotlib import rc_context
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    columns = min(len(names), COLUMNS)
    rows = -(-len(names) // columns)
    with rc_context(dict(RC)):
        drawn = figure()
        drawn.set_size_inches(PAGE, 0.8 + 1.9 * rows)
        drawn.suptitle(title)
        panels = drawn.subplots(rows, columns, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            axes.set_title(name)
            grid(axes)
        for axes in panels[len(names) :]:
            axes.remove()
        yield list(panels[: len(names)])
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            drawn.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        save(drawn, path)


def plot_curves(curves: Mapping[str, tuple[Sequence[int], Floats]], title: str, ylabel: str, path: Path) -> None:
    """Learning curves: mean over training seeds with a 95% interval.

    Args:
        curves: by task the steps, and the held-out return of each seed's policy then; shape (seeds, evaluations).
        title: of the figure.
        ylabel: of its panels.
        path: of the PNG.
    """
    with _panels(list(curves), title, path) as panels:
        for axes, (steps, returns) in zip(panels, curves.values(), strict=True):
            middle, low, high = np.array([interval(column) for column in returns.T]).T
            thousands = np.asarray(steps) / 1000
            axes.plot(thousands, middle, color=PALETTE[0], marker="o", label="mean over training seeds")
            axes.fill_between(thousands, low, high, color=PALETTE[0], alpha=0.2, linewidth=0, label="95% interval")
            axes.set_xlabel("thousand steps")
        for axes in panels[::COLUMNS]:
            axes.set_ylabel(ylabel)


def plot_regret(found: Sequence[StagewiseFindings], path: Path) -> None:
    """Relative regret over the budget."""
    title = "SIMULATED · stagewise: how much less than the oracle's expected score"
    with _panels([each.task for each in found], title, path) as panels:
        for axes, each in zip(panels, found, strict=True):
            for name, scores, colour in (
                ("MaskablePPO", each.learnt, PALETTE[0]),
                ("bandit", each.bandit, PALETTE[1]),
            ):
                shares = 100 * (each.best - scores) / each.best
                middle, low, high = np.array([interval(column) for column in shares.T]).T
                axes.plot(each.budgets, middle, color=colour, label=name)
                axes.fill_between(each.budgets, np.maximum(low, 0), high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(
                each.budgets, 100 * (each.best - each.offered) / each.best, color=PALETTE[2], linestyle=":",
                label="exact, coarse levels",
            )  # fmt: skip
            axes.axhline(2.0, color="#8a8a8a", linewidth=0.8, linestyle="--", label="target")
            axes.set_ylim(0, 12)
            axes.set_xlabel("budget (paper's units)")
        for axes in panels[::COLUMNS]:
            axes.set_ylabel("regret, %")


def plot_trade_off(found: Sequence[PerQueryFindings], path: Path) -> None:
    """Score over cost: policies beside static allocations."""
    title = "SIMULATED · per query: score over mean cost of a question, on questions that no policy has seen"
    with _panels([each.task for each in found], title, path) as panels:
        for axes, each in zip(panels, found, strict=True):
            costs, scores = np.array(each.static).T / np.array([[each.budget], [1.0]])
            axes.step(costs, scores, where="post", color="#111111", label="best static allocation")
            for number, curve in enumerate(each.curves_at):
                order = np.argsort(curve[:, 0])
                axes.plot(
                    curve[order, 0] / each.budget, curve[order, 1], color=PALETTE[0], marker="o", markersize=2.0,
                    linewidth=0.7, label="MaskablePPO, a line each training seed" if number == 0 else None,
                )  # fmt: skip
            axes.plot(
                [each.rule.cost / each.budget], [each.rule.score], color=PALETTE[1], marker="D", linestyle="none",
                label="margin rule",
            )  # fmt: skip
            axes.set_xlabel("cost / budget")
            low = min(each.curves_at[..., 1].min(), each.rule.score)
            top = max(each.curves_at[..., 1].max(), each.best_static)
            axes.set_ylim(low - 0.1 * (top - low) - 0.01, top + 0.1 * (top - low) + 0.005)
        for axes in panels[::COLUMNS]:
            axes.set_ylabel("score")


def plot_searches(found: MixtureFindings, path: Path) -> None:
    """Normalised regret over trials on the left-out tasks."""
    comparison = found.comparison
    looks = styles([name for name in comparison.searchers if name not in (POLICY, UNTRAINED)])
    numbers = np.arange(1, comparison.trials + 1)
    resamples = Resamples.of(1, len(comparison.seeds), count=400)
    with _panels(comparison.tasks, "SIMULATED · searching a task that was left out of training", path) as panels:
        for axes, task in zip(panels, comparison.tasks, strict=True):
            part = comparison.only(tasks=[task])
            reference = Reference.of(part, found.oracles, searcher="random")
            lines = interquartile_mean(
                anytime_regret(part, reference, "trials", numbers / comparison.trials), resamples
            )
            for index, searcher in enumerate(comparison.searchers):
                if searcher in (POLICY, UNTRAINED):
                    line, width = ("-", 2.2) if searcher == POLICY else (":", 1.4)
                    drawn: dict[str, Any] = {"color": PALETTE[3], "linestyle": line, "linewidth": width}
                else:
                    drawn = {"color": looks[searcher].colour, "linestyle": looks[searcher].line}
                axes.plot(numbers, lines.value[index], label=shown(searcher), **drawn)
            ends = lines.value[:, -1]
            axes.set_ylim(0, 1.3 * max(1.0, ends.max()))
            axes.set_xlabel("trials")
        for axes in panels[::COLUMNS]:
            axes.set_ylabel("normalised regret")

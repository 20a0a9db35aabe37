"""A search as text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.errors import MissingExtraError
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

SHOWN_TRIALS = 10
FRAME_SIZE = (11.0, 4.8)
FRAME_DPI = 100

# Okabe and Ito's palette, which people with any colour vision can tell apart.
COLOURS = {
    "trial": "#0072B2",
    "best": "#D55E00",
    "infeasible": "#999999",
    "failed": "#000000",
    "test": "#009E73",
    "budget": "#000000",
}
STAGE_COLOURS = ("#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#F0E442", "#0072B2")


def shown_trials(trials: Sequence[Trial], limit: int) -> list[Trial]:
    """The last ``limit`` trials, and before them the best one if it is older."""
    last = list(trials[max(0, len(trials) - limit) :])
    best = best_trial(list(trials))
    return last if best is None or best in last else [best, *last]


def backend_label(backend: str) -> str:
    """``live`` as it is, anything else in capitals: scores that no model earned must not look as if one had."""
    return backend if backend == "live" else backend.upper()


def format_score(score: float | None, standard_error: float | None) -> str:
    """For example ``0.412 ± 0.031``; a dash without a score."""
    if score is None:
        return "-"
    return f"{score:.3f}" if standard_error is None else f"{score:.3f} ± {standard_error:.3f}"


def text(problem: Problem, trials: Sequence[Trial], backend: str) -> str:
    """A search as a table of its last trials, for ``render_mode="ansi"``.

    Args:
        problem: what is searched.
        trials: all trials so far.
        backend: where the scores come from.

    Returns:
        Lines of plain text, without colours; the best trial has a star.
    """
    task, best = problem.task, best_trial(list(trials))
    lines = [
        f"{task.name} | backend: {backend_label(backend)} | maximise {task.main_metric} | "
        f"budget {problem.budget:.6g} {problem.cost.unit} | {len(trials)} trials"
    ]
    rows = [
        (
            f"{'*' if trial is best else ' '}{trial.number}",
            str(trial.allocation or trial.requested or "(none named)"),
            "-" if trial.cost is None else f"{trial.cost:.4g}",
            "-" if trial.cost is None else f"{problem.spent_share(trial.cost):.0%}",
            format_score(trial.score, trial.standard_error),
            trial.state,
        )
        for trial in shown_trials(trials, SHOWN_TRIALS)
    ]
    header = ("#", "allocation", "cost", "spent", task.main_metric, "state")
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    left = {1, 4, 5}
    for row in [header, *rows]:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.append("* best so far" if best else "no trial is complete yet")
    lines.append("spent: 0% is the cheapest allocation, 100% the budget")
    return "\n".join(lines) + "\n"


def frame(problem: Problem, trials: Sequence[Trial], backend: str) -> npt.NDArray[np.uint8]:
    """A search as a picture, for ``render_mode="rgb_array"``.

    Left, the score of every trial and the best so far; right, how the best and the last allocation split the budget.

    Args:
        problem: what is searched.
        trials: all trials so far.
        backend: where the scores come from.

    Returns:
        RGB values of shape (480, 1100, 3).

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    figure = Figure(figsize=FRAME_SIZE, dpi=FRAME_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    scores, split = figure.subplots(1, 2, width_ratios=(3, 2))
    figure.suptitle(
        f"{problem.task.name} · {backend_label(backend)} · budget {problem.budget:.6g} {problem.cost.unit}", fontsize=11
    )
    draw_scores(scores, trials, [trial.number for trial in trials])
    scores.set_xlabel("trial")
    scores.set_ylabel(problem.task.main_metric)
    scores.xaxis.get_major_locator().set_params(integer=True)
    if scores.get_legend_handles_labels()[0]:
        scores.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, fontsize=8, frameon=False)
    _draw_split(split, problem, trials)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), dtype=np.uint8)[:, :, :3].copy()


def draw_scores(axes: Any, trials: Sequence[Trial], x: Sequence[float], *, test_score: float | None = None) -> None:
    """Draw a search on matplotlib axes: points with standard errors, the best so far, and what gave no score.

    Args:
        axes: matplotlib axes.
        trials: all trials.
        x: where each of them stands; ascending.
        test_score: of the best allocation on the test split, if it is known.
    """
    complete = [(at, trial) for at, trial in zip(x, trials, strict=True) if trial.score is not None]
    values = np.array([trial.score for _, trial in complete], dtype=float)
    errors = np.array([trial.standard_error or 0.0 for _, trial in complete], dtype=float)
    if complete:
        positions = [at for at, _ in complete]
        axes.errorbar(
            positions, values, errors, fmt="o", markersize=4, elinewidth=0.8, alpha=0.6, color=COLOURS["trial"],
            label="trial ± standard error",
        )  # fmt: skip
        best = np.maximum.accumulate(values)
        # The last value holds until the last trial, whatever became of that one.
        axes.step([*positions, x[-1]], [*best, best[-1]], where="post", color=COLOURS["best"], label="best so far")
    for state, marker in (("infeasible", "x"), ("failed", "v")):
        marked = [at for at, trial in zip(x, trials, strict=True) if trial.state == state]
        if marked:
            axes.plot(
                marked, [0.03] * len(marked), marker, transform=axes.get_xaxis_transform(), markersize=5,
                color=COLOURS[state], label=state,
            )  # fmt: skip
    shown = np.concatenate([values - errors, values + errors])
    if test_score is not None:
        axes.axhline(test_score, color=COLOURS["test"], linestyle="--", linewidth=1.2, label="best, on the test split")
        shown = np.append(shown, test_score)
    low, high = (shown.min(), shown.max()) if shown.size else (0.0, 1.0)
    room = max(0.1 * (high - low), 0.03)
    axes.set_ylim(low - 1.5 * room, high + room)  # below the points is room for the marks
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_split(axes: Any, problem: Problem, trials: Sequence[Trial]) -> None:
    best = best_trial(list(trials))
    last = trials[-1] if trials else None
    columns = [("best", best), ("last", last)]
    shown = [
        (f"{name} (trial {trial.number})", allocation)
        for name, trial in columns
        if trial is not None and (allocation := trial.allocation or trial.requested) is not None
    ]
    stages = problem.task.stages
    bottoms = np.zeros(len(shown))
    for index, stage in enumerate(stages):
        heights = np.array([_room_share(problem, allocation, index) for _, allocation in shown])
        colour = STAGE_COLOURS[index % len(STAGE_COLOURS)]
        axes.bar(range(len(shown)), heights, 0.5, bottoms, color=colour, edgecolor="white", label=stage.name)
        bottoms += heights
    axes.axhline(100, color=COLOURS["budget"], linestyle="--", linewidth=1)
    axes.annotate("budget", (0.01, 100), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    axes.set_xlim(-0.6, 1.6)
    axes.set_ylim(0, 1.15 * max(100.0, *bottoms, 0.0))
    axes.set_xticks(
        range(len(shown)),
        [
            "\n".join([name, *(f"{choice.model} ×{choice.samples}" for choice in allocation.stages)])
            for name, allocation in shown
        ],
        fontsize=8,
    )
    axes.set_ylabel("% of the budget above the cheapest", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    if shown:
        axes.legend(loc="upper right", ncols=2, fontsize=8, frameon=False, title="stage", title_fontsize=8)


def _room_share(problem: Problem, allocation: Allocation, index: int) -> float:
    """What a stage costs above its cheapest choice, as % of what the budget leaves above the cheapest allocation.

    Costs themselves can be negative (the paper's, of a small model), and could not be stacked.
    """
    stage, choice = problem.task.stages[index], allocation.stages[index]
    above = problem.cost.stage_cost(stage, stage.model(choice.model), choice.samples)
    above -= float(problem.cost_tables[index].min())
    room = problem.budget - problem.cheapest_cost
    return 100 * above / room if room > 0 else 0.0

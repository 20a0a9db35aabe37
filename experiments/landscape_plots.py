"""Pictures of all allocations of a problem: what samples buy, what lies around the oracle, and what the budget buys.

``python -m agenttts_env.experiments.landscape_plots`` draws all simulated tasks into ``docs/landscapes``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_simulated
from agenttts_env.cost import FlopsCost, with_slack
from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.reported import Reported, reported_scores
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.rendering import COLOURS, STAGE_COLOURS, backend_label
from agenttts_env.simulation.landscape import RIGHT, landscape_names
from agenttts_env.surface import Surface

Array = npt.NDArray[np.float64]

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "landscapes"

DPI = 100
LINES = ("-", "--", "-.")
MARKERS = "DsP^vX"
TICKS = (1, 2, 5, 10, 20, 50, 100)
POINT_COLOURS = (*(colour for colour in STAGE_COLOURS if colour != "#F0E442"), "#000000")
"""Without yellow, which a hollow marker does not show on white."""

BELOW_ORACLE = {0.1: (":", "dotted"), 0.05: ("-.", "dash-dotted"), 0.02: ("--", "dashed"), 0.01: ("-", "solid")}
"""Lines of equal score, by how far below the oracle they are."""

SIZES = {50: 0.12, 500: 0.3}
"""Examples of a split, and how dense the band of their standard error is."""


def write_plots(surface: Surface, folder: Path, reported: Sequence[Reported] = ()) -> list[Path]:
    """Draw every picture of a problem into a folder.

    These are ``TASK-samples.png`` (if it is simulated), ``TASK-around.png`` (if it has several stages) and
    ``TASK-costs.png``.

    Args:
        surface: all allocations.
        folder: which must exist.
        reported: published scores of allocations that the problem offers, the chosen one first.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    task = surface.problem.task
    drawn = []
    if isinstance(surface, Oracle):
        drawn.append(folder / f"{task.name}-samples.png")
        plot_samples(surface, drawn[-1])
    if len(task.stages) > 1:
        drawn.append(folder / f"{task.name}-around.png")
        plot_around(surface, drawn[-1], reported[:1])
    drawn.append(folder / f"{task.name}-costs.png")
    plot_costs(surface, drawn[-1], reported)
    return drawn


@dataclass(frozen=True)
class _Panel:
    """One stage, for one quality of what the stages before give.

    Attributes:
        stage: its index.
        title: which stage, and after what.
        metric: what is drawn.
        curves: for each model on offer the values by S; shape (models, 100).
    """

    stage: int
    title: str
    metric: str
    curves: Array


def plot_samples(oracle: Oracle, path: Path) -> None:
    """Draw expected score against S and against the stage's FLOPs, by stage, model and quality of the stages before.

    This is the paper's Figure 1 (arXiv 2508.00890). A stage before the last is scored by a metric of its own, or, where
    the task has none, by how often it is right.
    """
    panels = list(_panels(oracle))
    figure, canvas = _figure(2.7 * len(panels) + 0.6, 6.2)
    grid = figure.subplots(2, len(panels), squeeze=False)
    flops, counts = FlopsCost(), np.arange(1, 101)
    for panel, (upper, lower) in zip(panels, grid.T, strict=True):
        stage = oracle.problem.task.stages[panel.stage]
        for rank, (model, curve) in enumerate(zip(stage.models, panel.curves, strict=True)):
            best = int(curve.argmax())
            for axes, x in (
                (upper, counts),
                (lower, np.array([flops.stage_cost(stage, model, count) for count in counts.tolist()])),
            ):
                colour = STAGE_COLOURS[rank % len(STAGE_COLOURS)]
                axes.plot(x, curve, LINES[rank % len(LINES)], color=colour, linewidth=1.6, label=model.name)
                axes.plot(x[best], curve[best], "o", markersize=5, color=colour, markeredgecolor="black")
        same = np.concatenate([other.curves for other in panels if other.stage == panel.stage])
        for axes in (upper, lower):
            axes.set_xscale("log")
            _bound(axes, same.min(), same.max())
            _plain(axes)
        _sample_ticks(upper.xaxis)
        upper.set_title(panel.title, fontsize=9)
        upper.set_xlabel("samples S")
        lower.set_xlabel("FLOPs of this stage per example")
        if panel.title == next(other.title for other in panels if other.stage == panel.stage):
            upper.set_ylabel(panel.metric)
            lower.set_ylabel(panel.metric)
            lower.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), fontsize=8, frameon=False)
    _title(figure, oracle, "what samples buy at each stage, by what it is given (a dot: the maximum)", budget=False)
    _save(canvas, path)


def _panels(oracle: Oracle) -> Iterator[_Panel]:
    population, landscape = oracle.population, oracle.landscape
    metrics = {metric.stage: (name, metric.values) for name, metric in reversed([*landscape.metrics.items()])}
    for index, stage in enumerate(landscape.stages):
        name, values = metrics.get(stage.name, ("share right", (0.0, 0.0, 1.0)))
        for before in _qualities(oracle.models[:index]):
            reached = np.zeros((len(population.weights), 3))
            reached[:, RIGHT] = 1
            title, after = stage.name, []
            for known, transition, model in zip(landscape.stages, population.transitions, before, strict=False):
                reached = np.einsum("zi,zio->zo", reached, transition[:, :, model, 0])
                given, worth = metrics.get(known.name, ("share right", (0.0, 0.0, 1.0)))
                quality = float(population.weights @ reached @ np.array(worth))
                after.append(f"{known.models[model]} x1")
                title = f"{stage.name}\nafter " + "\n+ ".join(after) + f"\n({given} {quality:.2f})"
            curves = np.einsum(
                "z,zi,zimso,o->ms",
                population.weights, reached, population.transitions[index][:, :, oracle.models[index]], values,
                optimize=True,
            )  # fmt: skip
            yield _Panel(index, title, name, curves)


def _qualities(offered: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """The largest, the middle and the smallest model at all of the stages before; nothing before the first stage."""
    choices = [
        tuple(models[round(share * (len(models) - 1))] for models in offered)
        for share in ((1.0, 0.5, 0.0) if all(len(models) > 2 for models in offered) else (1.0, 0.0))
    ]
    return list(dict.fromkeys(choices))


def plot_around(surface: Surface, path: Path, reported: Sequence[Reported] = ()) -> None:
    """Draw score by the samples of every two stages, all else as in the oracle; and the same around other allocations.

    Args:
        surface: all allocations.
        path: of the PNG.
        reported: allocations that are looked at too where their models are not the oracle's.
    """
    best, stages = surface.best(), surface.problem.task.stages
    centres = {"oracle": best.allocation}
    for score in reported:
        if [choice.model for choice in score.allocation.stages] != [choice.model for choice in best.allocation.stages]:
            centres[score.what] = score.allocation
    pairs = list(combinations(range(len(stages)), 2))
    slices = [(name, centre, pair) for name, centre in centres.items() for pair in pairs]
    columns = len(pairs) if len(pairs) > 1 else len(slices)
    rows = len(slices) // columns
    figure, canvas = _figure(4.1 * columns + 1.0, 3.7 * rows + 0.5)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    planes = [_plane(surface, centre, pair) for _, centre, pair in slices]
    low, high = (float(of([of(scores) for scores, _ in planes])) for of in (np.min, np.max))
    beyond = high > best.score  # which no allocation within the budget is
    for axes, (name, centre, (x, y)), plane in zip(grid, slices, planes, strict=True):
        mesh = _draw_plane(axes, surface, *plane, low=low, best=best.score)
        axes.plot(
            centre.stages[x].samples, centre.stages[y].samples, "*" if name == "oracle" else "D",
            markersize=15 if name == "oracle" else 8, color=COLOURS["best"], markeredgecolor="white", clip_on=False,
        )  # fmt: skip
        fixed = [f"{choice} at {stages[i].name}" for i, choice in enumerate(centre.stages) if i not in (x, y)]
        axes.set_title(f"{name}: " + (", ".join(fixed) if fixed else str(centre)), fontsize=8.5)
        axes.set_xlabel(f"S of {centre.stages[x].model} at {stages[x].name}", fontsize=9)
        axes.set_ylabel(f"S of {centre.stages[y].model} at {stages[y].name}", fontsize=9)
    bar = figure.colorbar(mesh, ax=grid.tolist(), fraction=0.04, pad=0.02, extend="max" if beyond else "neither")
    bar.set_label(surface.problem.task.main_metric)
    lines = ", ".join(f"{below:g} {words}" for below, (_, words) in reversed(BELOW_ORACLE.items()))
    _title(figure, surface, f"around the best allocation; pale: over budget; lines below the oracle: {lines}")
    _save(canvas, path)


def _plane(surface: Surface, centre: Allocation, pair: tuple[int, int]) -> tuple[Array, Array]:
    """Scores and costs by the samples of two stages; shape (levels of the second, levels of the first)."""
    choices: list[int | slice] = [int(index) for index in surface.problem.encode(centre)]
    for stage in pair:
        choices[2 * stage + 1] = slice(None)
    return surface.scores[tuple(choices)].T, surface.costs[tuple(choices)].T


def _draw_plane(axes: Any, surface: Surface, scores: Array, costs: Array, *, low: float, best: float) -> Any:
    from matplotlib.patheffects import withStroke

    levels = np.array(surface.problem.levels, dtype=float)
    edges = np.concatenate([[levels[0] - 0.5], (levels[1:] + levels[:-1]) / 2, [levels[-1] + 0.5]])
    mesh = axes.pcolormesh(edges, edges, scores, cmap="cividis", vmin=low, vmax=best)
    paid = costs <= with_slack(surface.problem.budget)
    axes.pcolormesh(edges, edges, np.where(paid, np.nan, 0.0), cmap="Greys", alpha=0.5, vmin=0)
    # Costs do not fall with samples: in each column the first levels are paid.
    axes.stairs(edges[paid.sum(axis=0)], edges, baseline=edges[0], color=COLOURS["budget"], linewidth=1.5)
    lines = {
        best - below: line for below, (line, _) in BELOW_ORACLE.items() if scores.min() < best - below < scores.max()
    }
    if lines and len(levels) > 1:
        contours = axes.contour(
            levels, levels, scores, list(lines), linestyles=list(lines.values()), colors="black", linewidths=0.9
        )
        contours.set_path_effects([withStroke(linewidth=2.2, foreground="white")])
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        _sample_ticks(axis)
    return mesh


def plot_costs(surface: Surface, path: Path, reported: Sequence[Reported] = ()) -> None:
    """Draw score against cost: all allocations, those that are Pareto-optimal, the oracle, and reported allocations.

    Args:
        surface: all allocations.
        path: of the PNG.
        reported: allocations with their published scores, which stand beside their scores here.
    """
    problem, best = surface.problem, surface.best()
    points = [(s.what, s.value, surface.value(s.allocation)) for s in reported if s.value is not None]
    dearest = max([problem.budget, *(valued.cost for *_, valued in points)])
    right = min(dearest + 0.08 * (dearest - problem.cheapest_cost), problem.dearest_cost)
    shown = surface.costs <= with_slack(right)
    columns = 2 if len(problem.task.stages) < 3 else 1
    figure, canvas = _figure(8.2, 4.1 + 0.18 * (5 + len(points)) / columns)
    axes = figure.subplots()
    costs, scores = surface.costs[shown], surface.scores[shown]
    counts, *edges = np.histogram2d(costs, scores, bins=(200, 120))
    axes.pcolormesh(*edges, np.log1p(counts.T), cmap="Greys", vmax=1.7 * np.log1p(counts.max()), zorder=0)
    front = surface.pareto_of(shown)
    axes.step(
        [valued.cost for valued in front] + [right], [valued.score for valued in front] + [front[-1].score],
        where="post", color=COLOURS["trial"], linewidth=1.5, label="Pareto-optimal",
    )  # fmt: skip
    sizes = SIZES if surface.examples is None else {surface.examples: SIZES[50]}
    for size, alpha in sizes.items():
        error = best.standard_error(size)
        axes.axhspan(
            best.score - error, best.score + error, color=COLOURS["best"], alpha=alpha, linewidth=0,
            label=f"oracle ± standard error of {size} examples",
        )  # fmt: skip
    axes.axvline(problem.budget, color=COLOURS["budget"], linestyle="--", linewidth=1, label="budget")
    axes.plot(
        best.cost, best.score, "*", markersize=16, color=COLOURS["best"], markeredgecolor="white", zorder=6,
        label=f"oracle: {best.allocation}",
    )  # fmt: skip
    taken: list[float] = []
    for rank, (what, value, valued) in enumerate(points):
        style = {"marker": MARKERS[rank % len(MARKERS)], "color": POINT_COLOURS[rank % len(POINT_COLOURS)]}
        x, width = valued.cost, 0.012 * (right - problem.cheapest_cost)
        while any(abs(x - other) < 0.9 * width for other in taken):  # what costs the same stands side by side
            x -= width
        taken.append(x)
        axes.plot([x, x], [valued.score, value], color=style["color"], linewidth=1, zorder=4)
        axes.plot(x, value, **style, markerfacecolor="white", markersize=7, linestyle="", zorder=5)
        axes.plot(
            x, valued.score, **style, markersize=7, markeredgecolor="black", linestyle="", zorder=5,
            label=f"{what}: {valued.allocation}",
        )  # fmt: skip
    values = [front[0].score, best.score + best.standard_error(min(sizes))]
    values += [score for _, value, valued in points for score in (value, valued.score)]
    _bound(axes, min(values), max(values))
    axes.set_xlim(problem.cheapest_cost - 0.02 * (right - problem.cheapest_cost), right)
    axes.set_xlabel(f"cost per example ({problem.cost.unit})".replace("$", r"\$"))
    axes.set_ylabel(problem.task.main_metric)
    _plain(axes)
    figure.legend(loc="outside lower center", fontsize=8, frameon=False, ncols=columns)
    note = "published: filled as scored here, hollow as reported; side by side at equal cost"
    _title(figure, surface, note if points else "score against cost")
    _save(canvas, path)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return figure, FigureCanvasAgg(figure)


def _save(canvas: Any, path: Path) -> None:
    """As a PNG of few colours, which is a third of the size."""
    from PIL import Image  # matplotlib needs it too

    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
    image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, format="png", optimize=True)


def _title(figure: Any, surface: Surface, what: str, *, budget: bool = True) -> None:
    problem = surface.problem
    where = f"{problem.task.name} · {backend_label(surface.backend)}"
    if budget:
        where += f" · budget {problem.budget:.4g} {problem.cost.unit}"
    figure.suptitle(f"{where}\n{what}".replace("$", r"\$"), fontsize=10)


def _plain(axes: Any) -> None:
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _bound(axes: Any, low: float, high: float) -> None:
    room = max(0.06 * (high - low), 0.003)
    axes.set_ylim(low - room, high + room)


def _sample_ticks(axis: Any) -> None:
    from matplotlib.ticker import FixedLocator

    axis.set_major_locator(FixedLocator(TICKS))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(FixedLocator(()))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    parser = argparse.ArgumentParser(description="Draw every simulated task at the budget of its published figures.")
    parser.add_argument("--task", choices=landscape_names(), action="append", help="repeatable; all by default")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to; docs/landscapes of this clone by default")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.task or landscape_names():
        task, landscape = build_simulated(name)
        budget = landscape.published_budgets[0] if landscape.published_budgets else None
        problem = Problem.of(task, budget=budget)
        for path in write_plots(Oracle(problem, landscape), options.out, reported_scores(problem)):
            print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

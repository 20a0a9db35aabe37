"""What a landscape answers to the questions that the paper answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_simulated
from agenttts_env.experiments.published import LLAMA, PUBLISHED, QWEN, Score
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import RIGHT, Landscape

Array = npt.NDArray[np.float64]

NEIGHBOURHOOD = 2.0
"""The neighbours of an allocation: the same models, each number of samples within this factor."""

NEAR_OPTIMUM = 0.01
"""How far below the oracle the neighbourhood of a reported optimum may be."""

WITHIN = 0.03
"""How far simulated scores may be from published ones."""

SOME_LEVELS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100)


@dataclass(frozen=True)
class Statement:
    """One thing that must hold of a landscape.

    Attributes:
        text: what.
        parts: by how much each of its parts holds, in the main metric; negative where one does not.
    """

    text: str
    parts: tuple[float, ...]

    @property
    def margin(self) -> float:
        """By how much it holds."""
        return min(self.parts)


_Parts: TypeAlias = tuple[str, "Sequence[float] | Array"]


class Figures:
    """A landscape beside the published figures of its task.

    Args:
        landscape: to ask.
        exact: integrate finely, and look at every number of samples; otherwise to about 1e-4, for fitting.
    """

    def __init__(self, landscape: Landscape, *, exact: bool = True) -> None:
        self.landscape = landscape
        self.published = PUBLISHED[landscape.task]
        self._exact = exact
        self._task = build_simulated(landscape.task, landscape=landscape)[0]
        self._levels = tuple(range(1, 101)) if exact or len(landscape.stages) < 3 else SOME_LEVELS

    def oracle(self, budget: float) -> Oracle:
        """All allocations within a budget."""
        nodes, inner_nodes = (33, 641) if self._exact else (17, 161)
        problem = Problem.of(self._task, budget=budget, levels=self._levels)
        return Oracle(problem, self.landscape, nodes=nodes, inner_nodes=inner_nodes)

    @cached_property
    def _main(self) -> Oracle:
        return self.oracle(self.published.budgets[0])

    def score(self, allocation: Allocation, metric: str = "") -> float:
        """Expected value of a metric, the main one by default."""
        named = self.landscape.metrics[metric] if metric else self._main.population.main
        return self._main.population.expected(named, self._main.choices(allocation))

    def curve(self, upstream: tuple[str, int], model: str) -> Array:
        """Expected main metric of a two-stage task by the samples of the second stage; shape (100,).

        Args:
            upstream: model and samples of the first stage.
            model: of the second stage.
        """
        first, second = self._main.population.transitions
        retrieve, answer = self.landscape.stages
        reached = first[:, RIGHT, retrieve.models.index(upstream[0]), upstream[1] - 1]
        last = second[:, :, answer.models.index(model)]
        population = self._main.population
        curve: Array = np.einsum(
            "z,zi,ziso,o->s", population.weights, reached, last, population.main.values, optimize=True
        )
        return curve

    def differences(self, scores: Sequence[Score]) -> list[float]:
        """Simulated scores minus published ones."""
        return [self.score(score.allocation) - score.value for score in scores]

    def statements(self) -> list[Statement]:
        """What must hold of the figures, and what the paper says in words."""
        tests = [_within(difference, WITHIN) for difference in self.differences(self.published.tests)]
        found: list[_Parts] = [("every test score within .03", [part for parts in tests for part in parts])]
        if self.published.training:
            error = float(np.mean(np.abs(self.differences(self.published.training))))
            found.append(("Table 2, T 0.9: mean absolute error within .03", [WITHIN - error]))
        found += self._optima()
        if self.landscape.task == "2wikimultihopqa":
            found += self._multi_hop()
        return [Statement(text, tuple(map(float, parts))) for text, parts in found]

    def _optima(self) -> list[_Parts]:
        published = self.published
        optima = {published.budgets[0]: published.optimum, **published.optima}
        found: list[_Parts] = []
        for budget, allocation in optima.items():
            oracle = self._main if budget == published.budgets[0] else self.oracle(budget)
            near = oracle.scores[self._near(oracle, allocation)].max()
            # The best allocation of each choice of models.
            scores = np.where(oracle.within, oracle.scores, -np.inf)
            best = scores.max(axis=tuple(range(1, scores.ndim, 2))).ravel()
            parts = [NEAR_OPTIMUM - (value - near) for value in best if np.isfinite(value)]
            found.append((f"budget {budget:g}: neighbourhood of {allocation} near the oracle", parts))
        return found

    def _near(self, oracle: Oracle, allocation: Allocation) -> npt.NDArray[np.bool_]:
        offered = np.ones((), dtype=bool)
        levels = np.array(oracle.problem.levels)
        for stage, choice in zip(self._task.stages, allocation.stages, strict=True):
            offered = np.logical_and.outer(offered, [model.name == choice.model for model in stage.models])
            close = (levels * NEIGHBOURHOOD >= choice.samples) & (levels <= choice.samples * NEIGHBOURHOOD)
            offered = np.logical_and.outer(offered, close)
        return offered & oracle.within

    def _multi_hop(self) -> list[_Parts]:
        """That the quality levels .80, .60 and .35 are those of the three models at one sample is our inference."""
        qwen, llama = QWEN, LLAMA
        qualities = {0.80: (qwen["72B"], 1), 0.60: (qwen["32B"], 1), 0.35: (qwen["7B"], 1)}
        found: list[_Parts] = []
        for quality, choice in qualities.items():
            retrieved = self.score(Allocation.of(choice, (llama["3B"], 1)), "ret_f1")
            found.append(
                (f"{choice[0]} x1 retrieves with F1 {quality:.2f} (within .03)", _within(retrieved - quality, WITHIN))
            )
        small = [self.score(Allocation.of((qwen["7B"], s), (llama["3B"], 1)), "ret_f1") for s in (1, 20, 60)]
        found.append(("more samples help 7B's retrieval by less than .06", [0.06 + small[0] - f1 for f1 in small[1:]]))
        good, medium, poor = (
            {name: self.curve(upstream, model) for name, model in llama.items()} for upstream in qualities.values()
        )
        for name in ("3B", "8B"):
            cheap_70b = good["70B"][:7]  # 70B x8 takes more than 1e14 FLOPs
            found += [
                (f"F1 .80: {name} beats 70B below 1e14 FLOPs", good[name].max() - cheap_70b),
                (f"F1 .80: {name} peaks near 10 (5 to 20)", _peaks(good[name], 5, 20)),
                (f"F1 .80: {name} falls by .01 or more from its peak to 90", [_fall(good[name]) - 0.01]),
                (f"F1 .35: {name}'s best is below 70B's worst", poor["70B"].min() - poor[name]),
            ]
        found += [
            # At about 1e14 FLOPs, says the paper: that is 8B x90.
            ("F1 .35: 8B still rises from 60 to 90", [poor["8B"][89] - poor["8B"][59]]),
            ("F1 .60: 8B peaks near 20 (12 to 40)", _peaks(medium["8B"], 12, 40)),
            ("F1 .60: 8B peaks later than at F1 .80", [0.001 * (medium["8B"].argmax() - good["8B"].argmax() - 2)]),
            ("3B falls more than 8B", [_fall(good["3B"]) - _fall(good["8B"])]),
            ("8B falls more than 70B", [_fall(good["8B"]) - _fall(good["70B"])]),
        ]
        return found

    def table(self) -> str:
        """Published figures beside simulated ones, as Markdown."""
        lines = [
            f"### {self.landscape.task}",
            "",
            "| published | allocation | published | simulated | difference |",
            "|---|---|---|---|---|",
        ]
        for score in (*self.published.tests, *self.published.training):
            found = self.score(score.allocation)
            lines.append(
                f"| {score.what} | {score.allocation} | {score.value:.3f} | {found:.3f} | {found - score.value:+.3f} |"
            )
        lines += ["", "| statement | margin |", "|---|---|"]
        lines += [f"| {statement.text} | {statement.margin:+.4f} |" for statement in self.statements()]
        best = self._main.best()
        lines += ["", f"oracle at {self.published.budgets[0]:g}: {best.allocation}, {best.score:.3f}", ""]
        return "\n".join(lines)


def _within(difference: float, tolerance: float) -> list[float]:
    return [tolerance - difference, tolerance + difference]


def _peaks(curve: Array, low: int, high: int) -> Array:
    """By how much a curve is highest somewhere in [low, high], against every other place."""
    margins: Array = curve[low - 1 : high].max() - np.delete(curve, range(low - 1, high))
    return margins


def _fall(curve: Array) -> float:
    return float(curve.max() - curve[89])

"""The paper's three insights on the simulated tasks, measured over data sets.

A data set is a draw of 100 examples, the largest search split of the paper. Every effect is paired (the same examples
on both sides) and given as Cohen's d over 40 data sets: the mean difference in units of its standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

from agenttts_env.building import build_simulated
from agenttts_env.cost import get_cost, most_samples
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.task import Task

SEEDS = 40
MEDIUM, LARGE = 0.5, 0.8
"""What Cohen calls a medium and a large effect."""

TASKS = ("2wikimultihopqa", "hotpotqa", "cwq", "webqsp", "taskbench", "chatdev")
Choices = Sequence[tuple[int, int]]


@cache
def data_sets(task: str) -> tuple[Task, tuple[SimulatedEvaluator, ...]]:
    spec, landscape = build_simulated(task)
    return spec, tuple(SimulatedEvaluator(spec, landscape, seed=seed, examples=100) for seed in range(SEEDS))


def effect(differences: Sequence[float]) -> tuple[float, float]:
    """Mean, and Cohen's d."""
    mean, deviation = float(np.mean(differences)), float(np.std(differences, ddof=1))
    return mean, mean / deviation if deviation else np.inf * np.sign(mean)


def difference(task: str, one: Choices, other: Choices, metric: int = 0) -> tuple[float, float]:
    return effect([run.means(one)[metric] - run.means(other)[metric] for run in data_sets(task)[1]])


def at_equal_cost(task: Task, stage: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """One sample of the largest model of a stage, and as many of the smallest as that pays (at most 60)."""
    cost, spec = get_cost("paper"), task.stages[stage]
    budget = cost.stage_cost(spec, spec.models[-1], 1)
    return (len(spec.models) - 1, 1), (0, most_samples(cost, spec, spec.models[0], budget, limit=60))


@pytest.mark.parametrize("task", ["2wikimultihopqa", "hotpotqa"])
def test_insight_1_stages_prefer_different_models_at_equal_cost(task: str) -> None:
    """Retrieval wants the largest model; the answer does better with many samples of the smallest."""
    spec, _ = data_sets(task)
    largest, smallest = at_equal_cost(spec, 0)
    mean, d = difference(task, [largest, (0, 1)], [smallest, (0, 1)])
    assert (mean > 0.1, d > LARGE) == (True, True), f"retrieve: {mean:.3f}, d {d:.2f}"
    largest, smallest = at_equal_cost(spec, 1)
    mean, d = difference(task, [(2, 1), smallest], [(2, 1), largest])
    assert (mean > 0.02, d > LARGE) == (True, True), f"answer: {mean:.3f}, d {d:.2f}"


@pytest.mark.parametrize("task", TASKS)
def test_insight_2_gains_saturate(task: str) -> None:
    """The first samples of the smallest model at the last stage give more than all that follow."""
    spec, _ = data_sets(task)
    before: list[tuple[int, int]] = [(len(stage.models) - 1, 1) for stage in spec.stages[:-1]]
    early, d = difference(task, [*before, (0, 15)], [*before, (0, 1)])
    late, _ = difference(task, [*before, (0, 100)], [*before, (0, 15)])
    assert (early > 0.015, d > LARGE) == (True, True), f"{early:.3f}, d {d:.2f}"
    assert late < early / 2


@pytest.mark.parametrize("task", ["2wikimultihopqa", "hotpotqa"])
def test_insight_2_more_samples_can_harm_and_harm_small_models_more(task: str) -> None:
    falls = {}
    for model in range(3):
        falls[model], d = difference(task, [(2, 1), (model, 100)], [(2, 1), (model, 15)])
        if model == 0:
            assert (falls[0] < -0.02, d < -MEDIUM) == (True, True), f"{falls[0]:.3f}, d {d:.2f}"
    assert max(falls[0], falls[1]) < falls[2]  # 3B against 8B is within the noise of 40 data sets


@pytest.mark.parametrize("task", ["2wikimultihopqa", "hotpotqa"])
def test_insight_3_a_better_first_stage_lowers_the_best_number_of_samples(task: str) -> None:
    """Behind good retrieval the second stage peaks early, behind poor retrieval late."""

    def best(first: tuple[int, int]) -> Callable[[SimulatedEvaluator], float]:
        grid = np.unique(np.geomspace(1, 100, 25).round().astype(int))
        return lambda run: float(np.log(grid[np.argmax([run.means([first, (0, int(s))])[0] for s in grid])]))

    good, poor = best((2, 1)), best((0, 1))
    mean, d = effect([poor(run) - good(run) for run in data_sets(task)[1]])
    assert mean > np.log(1.3), f"by a factor of {np.exp(mean):.2f}"
    assert d > 0.3, f"d {d:.2f}"
    # The same without an argmax: what going from 15 to 90 samples gives behind the one and behind the other.
    gains = [
        (run.means([(0, 1), (0, 90)])[0] - run.means([(0, 1), (0, 15)])[0])
        - (run.means([(2, 1), (0, 90)])[0] - run.means([(2, 1), (0, 15)])[0])
        for run in data_sets(task)[1]
    ]
    mean, d = effect(gains)
    assert (mean > 0.02, d > LARGE) == (True, True), f"{mean:.3f}, d {d:.2f}"

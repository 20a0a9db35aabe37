"""Spaces and feasibility."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.allocation import Allocation
from agenttts_env.cost import COSTS
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.problem import Problem, default_budget
from agenttts_env.stage import Stage
from agenttts_env.task import Task

SIZES = (1e9, 3e9, 8e9, 70e9)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Problems of one to three stages, any cost, any feasible budget, any levels."""
    stages = []
    for index in range(draw(st.integers(1, 3))):
        chosen = draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=3, unique=True))
        models = tuple(Model(f"m{size / 1e9:g}b", size, layers=4, width=32, price=size / 1e9) for size in chosen)
        lengths = st.sampled_from([16, 64, 256, 1024])
        fusion = draw(st.sampled_from(["vote", "llm"]))
        stages.append(Stage(f"s{index}", models, draw(lengths), draw(lengths), 16, fusion=fusion))  # type: ignore[arg-type]
    task = Task("t", "", tuple(stages), ("score",))
    cost = COSTS[draw(st.sampled_from(sorted(COSTS)))]
    levels = tuple(sorted(draw(st.sets(st.integers(1, 100), min_size=1, max_size=6))))
    tables = [[cost.stage_cost(s, m, level) for m in s.models for level in levels] for s in stages]
    low, high = sum(map(min, tables)), sum(map(max, tables))
    return Problem(task, cost, low + draw(st.floats(0, 1)) * (high - low), levels)


def everything(problem: Problem) -> list[Allocation]:
    return [problem.decode(np.array(action)) for action in itertools.product(*map(range, problem.nvec.tolist()))]


@settings(max_examples=60, deadline=None)
@given(problem=problems(), data=st.data())
def test_actions_and_allocations_are_one_to_one(problem: Problem, data: st.DataObject) -> None:
    action = np.array([data.draw(st.integers(0, int(n) - 1)) for n in problem.nvec])
    allocation = problem.decode(action)
    assert problem.encode(allocation).tolist() == action.tolist()
    tables = zip(problem.cost_tables, action.reshape(-1, 2), strict=True)
    assert problem.cost_of(allocation) == pytest.approx(math.fsum(table[m, level] for table, (m, level) in tables))


@settings(max_examples=40, deadline=None)
@given(problem=problems(), seed=st.integers(0, 100))
def test_sampling_and_counting_agree_with_brute_force(problem: Problem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    feasible = problem.count()
    assert feasible >= 1
    if math.prod(problem.nvec.tolist()) <= 2000:
        assert feasible == sum(map(problem.is_feasible, everything(problem)))
    assert all(problem.is_feasible(problem.sample(rng)) for _ in range(20))


@settings(max_examples=80, deadline=None)
@given(problem=problems(), data=st.data())
def test_projection_is_feasible_minimal_and_leaves_the_feasible_alone(problem: Problem, data: st.DataObject) -> None:
    requested = problem.decode(np.array([data.draw(st.integers(0, int(n) - 1)) for n in problem.nvec]))
    projected = problem.project(requested)
    assert problem.is_feasible(projected)
    if problem.is_feasible(requested):
        assert projected == requested
    for stage, before, after in zip(problem.task.stages, requested.stages, projected.stages, strict=True):
        assert stage.model(after.model).parameters <= stage.model(before.model).parameters
        assert after.samples <= max(before.samples, problem.levels[0])


def test_uniform_sampling_covers_a_small_space() -> None:
    stage = Stage("s", (Model("a", 1e9), Model("b", 2e9)), 64, 64, 16)
    problem = Problem.of(Task("t", "", (stage,), ("score",)), levels=(1, 2, 3), budget=0.5)
    rng = np.random.default_rng(0)
    counts: dict[Allocation, int] = {}
    for _ in range(3000):
        allocation = problem.sample(rng)
        counts[allocation] = counts.get(allocation, 0) + 1
    assert len(counts) == problem.count() == 5
    assert min(counts.values()) > 500


def test_most_samples_takes_the_rest_of_the_budget() -> None:
    stages = tuple(Stage(name, (Model("a", 3e9),), 128, 64, 16) for name in ("s", "t"))
    problem = Problem.of(Task("t", "", stages, ("score",)), budget=20.0)
    others = problem.cost.stage_cost(stages[1], stages[1].models[0], 5)
    assert problem.most_samples(0, "a", others) == 15
    assert problem.is_feasible(Allocation.of(("a", 15), ("a", 5)))
    assert not problem.is_feasible(Allocation.of(("a", 16), ("a", 5)))
    assert problem.most_samples(0, "a", 1e9) == 0


def _problem(**changes: object) -> Problem:
    stage = Stage("qa", (Model("a", 3e9), Model("b", 8e9)), 128, 64, 16)
    return Problem.of(Task("t", "", (stage,), ("score",)), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": ()}, "`levels` must be ascending integers >= 1"),
        ({"levels": (0, 1)}, "`levels` must be ascending integers >= 1"),
        ({"levels": (2, 2)}, "`levels` must be ascending integers >= 1"),
        ({"budget": -1.0}, "must pay at least the cheapest allocation of task 't', which costs 1 units, but got -1"),
        ({"budget": float("nan")}, "`budget` must be finite"),
        ({"cost": "gold"}, "`cost` must be one of paper, flops, usd, but got 'gold'"),
    ],
)
def test_bad_problems_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        _problem(**changes)


@pytest.mark.parametrize(
    ("allocation", "message"),
    [
        ("a x1 + a x1", "has 1 stages, but the allocation a x1 \\+ a x1 has 2"),
        ("c x1", "stage 'qa' offers the models a, b, but got 'c'"),
        ("a x101", "must be one of the levels 1 to 100, but stage 'qa' got 101"),
    ],
)
def test_bad_allocations_are_refused(allocation: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        _problem().cost_of(Allocation.parse(allocation))


@pytest.mark.parametrize("action", [[0], [0, 0, 0], [2, 0], [0, 100], [-1, 0], [0.0, 1.0], "x", [[0, 0]]])
def test_bad_actions_are_refused(action: object) -> None:
    with pytest.raises(InvalidInputError, match="an action must"):
        _problem().decode(action)  # type: ignore[arg-type]


def test_a_default_budget_that_leaves_nothing_to_decide_is_refused() -> None:
    task = Task("t", "", (Stage("qa", (Model("a", 3e9),), 128, 64, 16),), ("score",))
    with pytest.raises(InvalidInputError, match=r"`budget` must be given: .* \(1 units\); the dearest costs 100"):
        Problem.of(task)
    assert Problem.of(task, budget=2.0).count() == 2


def test_a_tasks_own_budget_goes_before_the_rule() -> None:
    stage = Stage("qa", (Model("a", 3e9),), 128, 64, 16)
    task = Task("t", "", (stage,), ("score",), budgets={"paper": 7.0})
    assert default_budget(task, COSTS["paper"]) == 7.0
    assert default_budget(task, COSTS["flops"]) == COSTS["flops"].stage_cost(stage, stage.models[0], 1)
    other = task.with_stages(models={"qa": (Model("b", 6e9),)})
    assert default_budget(other, COSTS["paper"]) == COSTS["paper"].stage_cost(other.stages[0], Model("b", 6e9), 1)

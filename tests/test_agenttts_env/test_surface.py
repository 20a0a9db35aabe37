"""The best of all allocations, by brute force over made-up scores with many ties; and that an answer is kept."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.surface import Array, OracleResult, Surface, Valued
from agenttts_env.task import Task

LEVELS = (1, 2, 4)
COUNT = (2 * len(LEVELS)) ** 2


def problem(budget: float = 1e9, levels: tuple[int, ...] = LEVELS, stages: int = 2) -> Problem:
    """Models of 3B and 6B, and so many equal costs; of three digits behind the comma, and so not exact."""
    models = (Model("small", 3e9), Model("large", 6e9))
    specs = tuple(Stage(name, models, 77, 63, 8) for name in ("read", "add", "check")[:stages])
    return Problem.of(Task("toy", "", specs, ("right",)), budget=budget, levels=levels)


class Made(Surface):
    """Scores out of the air."""

    backend = "made up"
    error = 0.125

    def __init__(self, problem: Problem, scores: Array) -> None:
        super().__init__(problem)
        self.made = scores
        self.asked = 0

    @property
    def scores(self) -> Array:
        self.asked += 1
        return self.made.reshape(self.problem.nvec)

    def deviation(self, allocation: Allocation) -> float:
        return 0.5

    def identity(self) -> dict[str, Any]:
        return {"scores": self.made.tolist()}


def every(problem: Problem) -> list[Allocation]:
    choices = list(product(("small", "large"), problem.levels))
    return [Allocation.of(*pairs) for pairs in product(choices, repeat=len(problem.task.stages))]


eighths = st.lists(st.integers(0, 8), min_size=COUNT, max_size=COUNT)
shares = st.floats(0, 1)


def budgeted(share: float) -> Problem:
    cheapest, dearest = problem().cheapest_cost, problem().dearest_cost
    return problem(cheapest + share * (dearest - cheapest))


@given(eighths=eighths, noise=st.integers(0, 2**32 - 1), share=shares)
def test_best_and_front_are_those_of_brute_force(eighths: list[int], noise: int, share: float) -> None:
    offered = budgeted(share)
    rounded = np.array(eighths) / 8 + np.random.default_rng(noise).uniform(-1e-13, 1e-13, COUNT)
    surface = Made(offered, rounded)
    # In units of 1e-6 equal costs are equal integers.
    known = [
        (round(offered.cost_of(a) * 1e6), eighth, a)
        for a, eighth in zip(every(offered), eighths, strict=True)
        if offered.is_feasible(a)
    ]
    assert int(surface.within.sum()) == len(known) == offered.count()
    top = max(eighth for _, eighth, _ in known)
    best = surface.best()
    assert (round(best.cost * 1e6), round(best.score * 8)) == min((cost, top) for cost, e, _ in known if e == top)
    assert offered.is_feasible(best.allocation)
    front = {
        (cost, eighth)
        for cost, eighth, _ in known
        if not any((c <= cost and e > eighth) or (c < cost and e >= eighth) for c, e, _ in known)
    }
    found = surface.pareto()
    assert [(round(v.cost * 1e6), round(v.score * 8)) for v in found] == sorted(front)
    assert all(v == surface.value(v.allocation) for v in found)
    assert (found[-1].cost, found[-1].score) == pytest.approx((best.cost, best.score), abs=1e-12)


class Tenths:
    """Costs whose sums are equal, but not as floats: 0.1 + 0.2 and 0.3 + 0."""

    name, unit = "tenths", "tenths"

    def stage_cost(self, stage: Stage, model: Model, samples: int) -> float:
        return {"read": {"small": 0.1, "large": 0.3}, "add": {"small": 0.2, "large": 0.0}}[stage.name][model.name]


def test_costs_that_are_equal_but_for_rounding_are_equal() -> None:
    offered = Problem(problem().task, Tenths(), 1.0, (1,))
    surface = Made(offered, np.array([0.6, 0.4, 0.7, 0.5]))
    assert len(set(surface.costs.ravel())) == 4
    assert [valued.score for valued in surface.pareto()] == [0.4, 0.6, 0.7]  # 0.5 costs as much as 0.6


def test_what_costs_nothing_fits_a_budget_of_nothing() -> None:
    specs = (Stage("read", (Model("free", 1e9, price=0.0), Model("dear", 2e9, price=1.0)), 8, 8, 8),)
    surface = Made(Problem.of(Task("toy", "", specs, ("right",)), cost="usd", budget=0.0, levels=(1, 2)), np.ones(4))
    assert int(surface.within.sum()) == 2
    assert str(surface.best().allocation) == "free x1"


def test_a_mask_offers_less_than_the_budget() -> None:
    surface = Made(problem(), np.linspace(0, 1, COUNT))
    offered = np.zeros(surface.scores.shape, dtype=bool)
    offered[0, 1, 0, :2] = True
    assert str(surface.best_of(offered).allocation) == "small x2 + small x2"
    assert [str(v.allocation) for v in surface.pareto_of(offered)] == ["small x2 + small x1", "small x2 + small x2"]


def test_value_is_what_the_array_holds_whatever_the_budget() -> None:
    offered = budgeted(0.1)
    surface = Made(offered, np.arange(COUNT) / COUNT)
    for index, allocation in enumerate(every(offered)):
        assert surface.value(allocation) == Valued(allocation, offered.cost_of(allocation), index / COUNT, 0.5)
    assert Valued(allocation, 1.0, 0.5, 0.5).standard_error(25) == 0.1
    with pytest.raises(InvalidInputError, match="levels 1, 2, 4"):
        surface.value(Allocation.of(("small", 3), ("small", 1)))


def test_too_many_allocations_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"at most 10,000,000 allocations, but task 'toy' offers 10,077,696"):
        Made(problem(levels=tuple(range(1, 109)), stages=3), np.zeros(1))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path))
    return tmp_path / "oracle"


def test_a_result_says_what_was_asked_and_survives_json(cache: Path) -> None:
    offered = budgeted(0.5)
    surface = Made(offered, np.arange(COUNT) / COUNT)
    compared = every(offered)[-1]
    result = surface.result([compared])
    assert result == OracleResult(
        task="toy", backend="made up", metric="right", cost="paper", unit="units", budget=offered.budget,
        allocations=COUNT, feasible=offered.count(), error=0.125, examples=None, best=surface.best(),
        pareto=tuple(surface.pareto()), compared=(surface.value(compared),),
    )  # fmt: skip
    assert OracleResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    with pytest.raises(InvalidInputError, match="levels 1, 2, 4"):
        surface.result([Allocation.of(("small", 3), ("small", 1))])


def test_equal_questions_are_computed_once(cache: Path) -> None:
    def ask(scores: Array, budget: float, *compared: Allocation) -> tuple[OracleResult, bool]:
        surface = Made(problem(budget), scores)
        return surface.result(compared), surface.asked > 0

    scores = np.arange(COUNT) / COUNT
    first, computed = ask(scores, 10.0)
    assert computed
    assert ask(scores, 10.0) == (first, False)
    for other in ((scores[::-1].copy(), 10.0), (scores, 9.0), (scores, 10.0, every(problem())[0])):
        result, computed = ask(*other)
        assert computed
        assert result != first
    assert len(list(cache.iterdir())) == 4

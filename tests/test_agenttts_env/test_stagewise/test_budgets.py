"""Where budgets come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems
from simulations import toy_problem

from agenttts_env.cost import fits
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.stagewise.budgets import BudgetRange, smallest_step


@given(problem=problems())
def test_the_default_range_begins_where_a_choice_does(problem: Problem) -> None:
    drawn = BudgetRange.of(problem)
    assert drawn.high == problem.budget
    costs = np.zeros(1)
    for table in problem.cost_tables:
        costs = np.unique(np.add.outer(costs, np.sort(table, axis=None)[:200]).ravel())[:500]
    dearer = costs[costs > problem.cheapest_cost + 1e-6 * smallest_step(problem)]
    if dearer.size and fits(dearer[0], problem.budget):
        assert drawn.low == pytest.approx(dearer[0])
    budgets = drawn.draw(np.linspace(0, 1, 101, endpoint=False))
    assert (np.diff(budgets) >= 0).all()
    assert drawn.low <= budgets[0]
    assert budgets[-1] <= drawn.high
    assert all(fits(problem.cheapest_cost, budget) for budget in budgets.tolist())


@given(st.floats(0, 1, exclude_max=True))
def test_equal_ratios_are_equally_likely(uniform: float) -> None:
    drawn = BudgetRange.of(toy_problem(), (100.0, 10000.0))
    assert drawn.draw(np.array([uniform]))[0] == pytest.approx(100 * 100**uniform)
    assert str(drawn) == "100 to 10000"


def test_one_budget_is_always_drawn() -> None:
    drawn = BudgetRange.of(toy_problem(), 345.6)
    assert set(drawn.draw(np.linspace(0, 0.999, 50)).tolist()) == {345.6}
    assert str(drawn) == "345.6"


def test_costs_may_be_negative() -> None:
    problem = toy_problem(levels=(1, 2, 3))
    cheap = problem.cheapest_cost
    shifted = BudgetRange.of(Problem(problem.task, _Shifted(1000.0), cheap - 900, problem.levels))
    assert shifted.low < 0
    budgets = shifted.draw(np.linspace(0, 0.999999, 1001))
    assert budgets[0] == shifted.low
    assert budgets[-1] == pytest.approx(shifted.high, rel=1e-3)
    assert (np.diff(budgets) > 0).all()


class _Shifted:
    """The paper's cost less a constant."""

    name, unit = "shifted", "units"

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def stage_cost(self, stage: Any, model: Any, samples: int) -> float:
        from agenttts_env.cost import get_cost

        return get_cost("paper").stage_cost(stage, model, samples) - self.shift / 3


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ((500.0, 300.0), r"a lowest and a highest one, but got \(500.0, 300.0\)"),
        ((500.0,), "a lowest and a highest one"),
        ((100.0, 200.0, 300.0), "a lowest and a highest one"),
        ((np.nan, 300.0), "a lowest and a highest one"),
        ((300.0, np.inf), "`budget` must be finite .* but got inf"),
        (1.0, r"must be finite and pay at least the cheapest allocation of task 'toy', .* but got 1"),
        ((1.0, 300.0), "but got 1"),
    ],
)
def test_bad_ranges_are_refused(budget: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        BudgetRange.of(toy_problem(), budget)

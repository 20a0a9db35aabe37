from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problems

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.data())
def test_every_point_is_a_feasible_allocation(problem: Problem, data: st.DataObject) -> None:
    point = [
        (data.draw(st.integers(0, len(stage.models) - 1)), data.draw(st.floats(0, 1))) for stage in problem.task.stages
    ]
    allocation = BudgetSplit(problem).allocation(point)
    problem.validate(allocation)
    assert problem.is_feasible(allocation)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.integers(0, 2**32))
def test_every_feasible_allocation_has_a_point(problem: Problem, seed: int) -> None:
    allocation = problem.sample(np.random.default_rng(seed))
    split = BudgetSplit(problem)
    point = split.point(allocation)
    assert all(0 <= share <= 1 for _, share in point)
    assert split.allocation(point) == allocation


SMALL, MIDDLE, LARGE = (MODELS[name] for name in ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"))


def test_a_model_that_does_not_fit_steps_down() -> None:
    stages = (Stage("a", (SMALL, MIDDLE, LARGE), 128, 64, 64), Stage("b", (SMALL,), 128, 64, 64))
    split = BudgetSplit(Problem.of(Task("steps", "", stages, ("score",)), budget=20))
    assert split.allocation([(2, 0.0), (0, 0.0)]) == Allocation.of((MIDDLE.name, 1), (SMALL.name, 1))


def test_where_no_smaller_model_fits_the_smallest_that_fits_is_taken() -> None:
    dear = Model("dear", 1e9, price=9.0)
    stage = Stage("a", (dear, MIDDLE, LARGE), 128, 64, 64)
    problem = Problem.of(Task("prices", "", (stage,), ("score",)), cost="usd", budget=2e-4)
    assert BudgetSplit(problem).allocation([(0, 0.0)]) == Allocation.of((MIDDLE.name, 1))


@pytest.mark.parametrize(("share", "samples"), [(0.0, 1), (0.5, 10), (1.0, 100)])
def test_shares_are_on_a_log_scale(share: float, samples: int) -> None:
    problem = Problem.of(Task("log", "", (Stage("a", (SMALL,), 128, 64, 64),), ("score",)), budget=1e6)
    assert BudgetSplit(problem).allocation([(0, share)]) == Allocation.of((SMALL.name, samples))

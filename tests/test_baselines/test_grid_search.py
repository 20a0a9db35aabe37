from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problems

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.grid_search import GridSearcher, grid
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGES = Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)
PROBLEM = Problem.of(Task("two", "", STAGES, ("score",)))


def asked(problem: Problem, trials: int, seed: int = 0) -> list[Allocation]:
    searcher = GridSearcher()
    searcher.reset(problem, trials=trials, seed=seed)
    return [searcher.ask() for _ in range(trials)]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.integers(1, 4))
def test_a_grid_is_feasible_and_repeats_nothing(problem: Problem, resolution: int) -> None:
    allocations = list(grid(problem, resolution))
    assert allocations
    assert all(problem.is_feasible(allocation) for allocation in allocations)
    assert len(set(allocations)) == len(allocations)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_the_finest_grid_is_everything(problem: Problem) -> None:
    if problem.count() < 3000:
        assert sum(1 for _ in grid(problem, len(problem.levels))) == problem.count()


@pytest.mark.parametrize(
    ("resolution", "samples"), [(1, [10]), (2, [1, 100]), (3, [1, 10, 100]), (5, [1, 3, 10, 32, 100])]
)
def test_counts_are_even_on_a_log_scale(resolution: int, samples: list[int]) -> None:
    problem = Problem.of(Task("log", "", (Stage("a", (SMALL,), 128, 64, 64),), ("score",)), budget=1e6)
    assert list(grid(problem, resolution)) == [Allocation.of((SMALL.name, count)) for count in samples]


def test_counts_end_at_what_the_budget_leaves() -> None:
    best = max(grid(PROBLEM, 2), key=PROBLEM.cost_of)
    first, second = best.stages
    more = Allocation.of((first.model, first.samples), (second.model, second.samples + 1))
    assert not PROBLEM.is_feasible(more) or second.samples == PROBLEM.levels[-1]


def test_the_finest_grid_that_fits_is_run_first_and_the_next_ones_after_it() -> None:
    coarse, fine = set(grid(PROBLEM, 3)), set(grid(PROBLEM, 4))
    assert len(coarse) < 30 < len(fine)
    found = asked(PROBLEM, 30)
    assert set(found[: len(coarse)]) == coarse
    assert set(found[len(coarse) :]) < fine
    assert set(asked(PROBLEM, len(fine))) == fine


def test_the_seed_decides_the_order() -> None:
    size = len(list(grid(PROBLEM, 2)))
    one, other = asked(PROBLEM, size, 1), asked(PROBLEM, size, 2)
    assert one != other
    assert set(one) == set(other)


def test_fewer_trials_than_the_coarsest_grid_has() -> None:
    assert len(list(grid(PROBLEM, 1))) > 2
    assert set(asked(PROBLEM, 2)) < set(grid(PROBLEM, 1))

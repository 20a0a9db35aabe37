from __future__ import annotations

from itertools import product

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.initial import initial_allocations
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import check_searcher

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
TASK = Task("two", "", (Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",))


def asked(problem: Problem, trials: int, seed: int = 0, searcher: RandomSearcher | None = None) -> list[Allocation]:
    searcher = searcher or RandomSearcher()
    searcher.reset(problem, trials=trials, seed=seed)
    return [searcher.ask() for _ in range(trials)]


def test_contract() -> None:
    check_searcher(RandomSearcher, Problem.of(TASK))


def test_nothing_repeats_before_everything_was_tried() -> None:
    problem = Problem.of(TASK, levels=(1, 2, 4))
    feasible = {
        allocation
        for choice in product((SMALL.name, LARGE.name), (1, 2, 4), (SMALL.name, LARGE.name), (1, 2, 4))
        if problem.is_feasible(allocation := Allocation.of(choice[:2], choice[2:]))
    }
    found = asked(problem, 2 * len(feasible))
    assert set(found[: len(feasible)]) == feasible
    assert set(found[len(feasible) :]) == feasible


def test_seeds_differ() -> None:
    problem = Problem.of(TASK)
    assert asked(problem, 5, seed=0) != asked(problem, 5, seed=1)


def test_initial_trials_come_first() -> None:
    problem = Problem.of(TASK)
    initial = initial_allocations(problem, "code_head")
    found = asked(problem, len(initial) + 5, searcher=RandomSearcher(init_rule="code_head"))
    assert found[: len(initial)] == initial
    assert len(set(found)) == len(found)

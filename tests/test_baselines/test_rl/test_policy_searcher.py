from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agenttts_env.baselines.rl.policy_searcher import PolicySearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.searchers import make_searcher, needs_llm, searcher_options
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.search import search
from agenttts_env.tasks import get_entry
from agenttts_env.testing import check_searcher


@pytest.fixture
def problem() -> Problem:
    return Problem.of(get_entry("cwq").build())


@pytest.mark.parametrize("kind", ["search", "stagewise", "mixture"])
def test_the_contract(kind: str, trained: Callable[..., Path], problem: Problem) -> None:
    path = trained(kind)
    check_searcher(lambda: PolicySearcher(path), problem, trials=6, within_budget=True, no_repeats=True)


def test_when_all_is_tried_it_begins_again(trained: Callable[..., Path], problem: Problem) -> None:
    tight = replace(problem, budget=problem.cheapest_cost * 1.3 if problem.cheapest_cost > 0 else problem.budget)
    assert tight.count() < 200
    searcher = PolicySearcher(trained("mixture"))
    searcher.reset(tight, trials=tight.count(), seed=0)
    assert len({searcher.ask() for _ in range(tight.count())}) == tight.count()


def test_a_policy_of_allocations_asks_for_its_own_first(trained: Callable[..., Path], problem: Problem) -> None:
    asked = []
    for seed in range(3):
        searcher = PolicySearcher(trained("stagewise"))
        searcher.reset(problem, trials=5, seed=seed)
        asked.append([searcher.ask() for _ in range(3)])
    assert len({tuple(asks[:1]) for asks in asked}) == 1
    assert len({tuple(asks) for asks in asked}) > 1


def test_it_sees_what_it_saw_in_training(trained: Callable[..., Path]) -> None:
    """The observations of a search are those of the environment that the policy was trained in."""
    from agenttts_env.baselines.rl.proposers import SearchProposer

    searcher = PolicySearcher(trained("search"))
    levels = (1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100)
    env = make_env("cwq", examples=10, trials=10, levels=levels, observation="summary")
    observation, _ = env.reset()
    searcher.reset(env.problem, trials=10, seed=0)
    for _ in range(10):
        proposer = searcher._proposer
        assert isinstance(proposer, SearchProposer)
        np.testing.assert_array_equal(proposer._observation, observation)
        observation, *_ = env.step(env.problem.encode(searcher.ask()))
        searcher.tell(env.trials[-1])


def test_by_name(trained: Callable[..., Path]) -> None:
    path = trained("stagewise")
    name = f"policy:{path}"
    searcher = make_searcher(name)
    assert searcher.name == name
    assert not needs_llm(name)
    assert searcher_options(name) == {}
    assert isinstance(searcher, PolicySearcher)
    summary = json.loads((path / "summary.json").read_text())
    assert searcher.training == summary["training"]
    assert searcher.training["steps"] == 60
    assert searcher.training["backend"] == "simulated"
    assert searcher.training["episodes"] == 28  # seven of two steps in each of four, and one begun
    env = make_env("cwq", examples=10, trials=4)
    assert all(trial.state == "complete" for trial in search(env, searcher))
    with pytest.raises(InvalidInputError, match="has no options, but got 'batch' = 3"):
        make_searcher(name, batch=3)


def test_what_does_not_fit(trained: Callable[..., Path], problem: Problem, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="`policy` must be a file that `agenttts train` wrote, or its folder"):
        make_searcher(f"policy:{tmp_path / 'none'}")
    with pytest.raises(InvalidInputError, match="is for per-query: it decides for each question"):
        PolicySearcher(trained("per-query"))
    for kind in ("search", "stagewise"):
        searcher = PolicySearcher(trained(kind))
        with pytest.raises(InvalidInputError, match="was trained for task 'cwq', but got webqsp"):
            searcher.reset(Problem.of(get_entry("webqsp").build()), trials=5, seed=0)
        with pytest.raises(InvalidInputError, match="was trained for sample counts"):
            searcher.reset(replace(problem, levels=(1, 2, 3)), trials=5, seed=0)

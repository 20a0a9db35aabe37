from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problems

from agenttts_env import evolution
from agenttts_env.allocation import Allocation
from agenttts_env.evolution import Steps, breed, crossover, mutate, parents, ranked
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial, best_trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGE = Stage("a", (SMALL, LARGE), 256, 64, 64)
PROBLEM = Problem.of(Task("two", "", (STAGE, Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",)))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.integers(0, 2**32), st.sampled_from(["ten", "log"]))
def test_children_stay_on_offer(problem: Problem, seed: int, steps: Steps) -> None:
    rng = np.random.default_rng(seed)
    first, second = problem.sample(rng), problem.sample(rng)
    child = crossover(rng, first, second)
    assert all(gene in pair for gene, *pair in zip(child.stages, first.stages, second.stages, strict=True))
    mutant = mutate(rng, problem, child, steps)
    problem.validate(mutant)
    for before, after in zip(child.stages, mutant.stages, strict=True):
        if steps == "ten" and problem.levels == tuple(range(1, 101)):
            assert after.samples in {before.samples, max(before.samples - 10, 1), min(before.samples + 10, 100)}


def test_crossover_cuts_once_in_eight_of_ten() -> None:
    rng = np.random.default_rng(0)
    first, second = Allocation.of(*[(SMALL.name, 1)] * 3), Allocation.of(*[(SMALL.name, 2)] * 3)
    found = Counter(tuple(gene.samples for gene in crossover(rng, first, second).stages) for _ in range(3000))
    assert set(found) == {(1, 1, 1), (1, 2, 2), (1, 1, 2)}
    assert 520 < found[1, 1, 1] < 680
    assert 1080 < found[1, 2, 2] < 1320


@pytest.mark.parametrize(("steps", "samples"), [("ten", {40, 50, 60}), ("log", None)])
def test_mutation_rates(steps: Steps, samples: set[int] | None) -> None:
    rng = np.random.default_rng(0)
    start = Allocation.of((SMALL.name, 50), (SMALL.name, 50))
    mutants = [mutate(rng, PROBLEM, start, steps) for _ in range(2000)]
    other_model = sum(mutant.stages[1].model == LARGE.name for mutant in mutants)
    assert 420 < other_model < 580  # half of the time any of two models
    counts = [mutant.stages[1].samples for mutant in mutants]
    if samples is not None:
        assert set(counts) == samples
        assert 600 < sum(count != 50 for count in counts) < 735  # half of the time any of three steps
    else:
        changed = [count for count in counts if count != 50]
        assert 900 < len(changed) < 1050
        assert sum(25 <= count <= 100 for count in changed) > 600
    assert start == Allocation.of((SMALL.name, 50), (SMALL.name, 50))


def test_the_best_is_the_most_likely_parent() -> None:
    rng = np.random.default_rng(0)
    ranked = [Allocation.of((SMALL.name, count)) for count in (1, 2, 3)]
    pairs = [parents(rng, ranked) for _ in range(3000)]
    assert all(first != second for first, second in pairs)
    counts = Counter(first.stages[0].samples for first, _ in pairs)
    assert [round(counts[place] / 500) for place in (1, 2, 3)] == [3, 2, 1]
    assert parents(rng, ranked[:1]) == (ranked[0], ranked[0])


def small(count: int) -> Allocation:
    return Allocation.of((SMALL.name, count), (SMALL.name, count))


def test_ranks_have_the_best_trial_first_and_what_is_not_complete_last() -> None:
    trials = [
        Trial(0, small(1), small(1), "complete", cost=1.0, score=0.2),
        Trial(1, small(2), None, "failed", cost=2.0),
        Trial(2, small(3), small(3), "complete", cost=3.0, score=0.9),
        Trial(3, None, None, "failed"),
        Trial(4, small(4), small(4), "complete", cost=0.5, score=0.2),
        Trial(5, small(1), small(1), "complete", cost=1.0, score=0.95),
    ]
    assert ranked(trials) == [small(1), small(3), small(4), small(2)]
    best = best_trial(trials)
    assert best is not None
    assert ranked(trials)[0] == best.requested
    assert ranked([]) == []


def test_a_child_over_budget_is_made_feasible_and_there_is_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    dear = Allocation.of((LARGE.name, 100), (LARGE.name, 100))
    monkeypatch.setattr(evolution, "mutate", lambda *_: dear)
    rng = np.random.default_rng(0)
    child = breed(rng, PROBLEM, [small(1)], set())
    assert child == PROBLEM.project(dear)
    assert child is not None
    assert breed(rng, PROBLEM, [small(1)], {child}) is None


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.integers(0, 2**32), st.sampled_from(["ten", "log"]))
def test_what_is_bred_is_feasible_and_new(problem: Problem, seed: int, steps: Steps) -> None:
    rng = np.random.default_rng(seed)
    elders = [problem.sample(rng) for _ in range(3)]
    child = breed(rng, problem, elders, set(elders), steps)
    if child is not None:
        assert problem.is_feasible(child)
        assert child not in elders

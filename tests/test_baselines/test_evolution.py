from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from problems import problems

from agenttts_env.allocation import Allocation
from agenttts_env.baselines import evolution
from agenttts_env.baselines.evolution import EvolutionSearcher, Steps, crossover, mutate, parents
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial

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


def test_elites_breed_and_what_failed_ranks_last(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[Allocation]] = []

    def spy(rng: np.random.Generator, ranked: Sequence[Allocation]) -> tuple[Allocation, Allocation]:
        seen.append(ranked)
        return parents(rng, ranked)

    monkeypatch.setattr(evolution, "parents", spy)
    searcher = EvolutionSearcher(population=4)
    searcher.reset(PROBLEM, trials=6, seed=0)
    asked = []
    for number, score in enumerate([0.2, None, 0.9, 0.2, 0.4]):
        asked.append(searcher.ask())
        state = "failed" if score is None else "complete"
        searcher.tell(Trial(number, asked[-1], None, state, cost=10.0 - number, score=score))
    searcher.ask()
    assert seen[0] == [asked[2], asked[3], asked[0], asked[1]]  # of equal scores the cheaper is better
    assert seen[-1] == [asked[2], asked[4], asked[3], asked[0]]


def test_children_over_budget_are_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    dear = Allocation.of((LARGE.name, 100), (LARGE.name, 100))
    monkeypatch.setattr(evolution, "mutate", lambda *_: dear)
    searcher = EvolutionSearcher(population=1)
    searcher.reset(PROBLEM, trials=4, seed=0)
    asked = []
    for number in range(4):
        asked.append(searcher.ask())
        searcher.tell(Trial(number, asked[-1], asked[-1], "complete", cost=1.0, score=0.5))
    assert asked[1] == PROBLEM.project(dear)
    assert len(set(asked)) == 4  # the repaired one was tried: random ones take its place


def test_invalid_options() -> None:
    with pytest.raises(InvalidInputError, match="`population` must be >= 1, but got 0"):
        EvolutionSearcher(population=0)
    with pytest.raises(InvalidInputError, match=r"`steps` must be one of .*'one'"):
        EvolutionSearcher(steps="one")  # type: ignore[arg-type]

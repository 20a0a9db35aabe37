from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.evolution import EvolutionSearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.evolution import parents
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGE = Stage("a", (SMALL, LARGE), 256, 64, 64)
PROBLEM = Problem.of(Task("two", "", (STAGE, Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",)))


def test_elites_breed_and_what_failed_ranks_last(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[Allocation]] = []

    def spy(rng: np.random.Generator, ranked: Sequence[Allocation]) -> tuple[Allocation, Allocation]:
        seen.append(ranked)
        return parents(rng, ranked)

    monkeypatch.setattr("agenttts_env.evolution.parents", spy)
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
    monkeypatch.setattr("agenttts_env.evolution.mutate", lambda *_: dear)
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

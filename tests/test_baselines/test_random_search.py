from __future__ import annotations

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
TASK = Task("two", "", (Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",))


def asked(score: float) -> list[Allocation]:
    searcher = RandomSearcher()
    searcher.reset(Problem.of(TASK), trials=20, seed=0)
    found = []
    for number in range(20):
        found.append(searcher.ask())
        searcher.tell(Trial(number, found[-1], found[-1], "complete", cost=1.0, score=score * number))
    return found


def test_learns_nothing() -> None:
    assert asked(0.01) == asked(-0.01)
    assert len(set(asked(0.0))) == 20

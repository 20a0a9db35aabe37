from __future__ import annotations

import importlib.util

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines import cmaes_search
from agenttts_env.baselines.cmaes_search import CmaEsSearcher
from agenttts_env.errors import MissingExtraError
from agenttts_env.initial import initial_allocations
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial

SMALL, MIDDLE, LARGE = (MODELS[name] for name in ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"))
STAGES = Stage("a", (SMALL, MIDDLE, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)
PROBLEM = Problem.of(Task("two", "", STAGES, ("score",)), budget=300.0)


def run(searcher: CmaEsSearcher, trials: int, best: Allocation | None = None) -> list[Allocation]:
    """What is asked for, if one allocation scores more than the others, which fail where it is None."""
    searcher.reset(PROBLEM, trials=trials, seed=0)
    asked = []
    for number in range(trials):
        asked.append(searcher.ask())
        if best is None:
            searcher.tell(Trial(number, asked[-1], None, "failed", cost=1.0))
        else:
            searcher.tell(Trial(number, asked[-1], asked[-1], "complete", cost=1.0, score=float(asked[-1] == best)))
    return asked


def test_seeded_it_starts_around_the_best_initial_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cmaes")
    monkeypatch.setattr(cmaes_search, "_SIGMA", 0.1)
    for best in (initial := initial_allocations(PROBLEM)):
        models = [choice.model for choice in best.stages]
        asked = run(CmaEsSearcher(init_rule="paper"), len(initial) + 2, best)[len(initial) :]
        assert all([choice.model for choice in allocation.stages] == models for allocation in asked)


def test_bare_it_starts_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cmaes")
    monkeypatch.setattr(cmaes_search, "_SIGMA", 0.02)
    assert all(allocation.stages[0].model == MIDDLE.name for allocation in run(CmaEsSearcher(), 4))


def test_where_it_only_repeats_itself_it_starts_again_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cmaes")
    monkeypatch.setattr(cmaes_search, "_SIGMA", 1e-12)
    asked = run(CmaEsSearcher(), 6)
    assert len(set(asked)) == 6


def test_failures_without_end() -> None:
    pytest.importorskip("cmaes")
    assert len(set(run(CmaEsSearcher(), 300))) == 300


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"cmaes is not installed.*agenttts-env\[baselines\]"):
        CmaEsSearcher()

from __future__ import annotations

import importlib.util
import logging

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective

optuna = pytest.importorskip("optuna")

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
TASK = Task("two", "", (Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",))


def run(searcher: OptunaSearcher, problem: Problem, trials: int, seed: int = 0) -> list[Allocation]:
    objective = ScriptedObjective(problem)
    searcher.reset(problem, trials=trials, seed=seed)
    asked = []
    for number in range(trials):
        asked.append(searcher.ask())
        searcher.tell(objective.trial(number, asked[-1]))
    return asked


def test_optuna_logging_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.DEBUG):
            run(OptunaSearcher(), Problem.of(TASK), 12)
    finally:
        optuna.logging.disable_propagation()
    assert not caplog.records
    assert optuna.logging.get_verbosity() == before


def test_unknown_sampler() -> None:
    with pytest.raises(InvalidInputError, match=r"`sampler` must be one of .*'cma'"):
        OptunaSearcher(sampler="cma")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sampler", "missing"), [("tpe", "optuna"), ("gp", "optuna"), ("gp", "torch"), ("gp", "scipy"), ("gp", "greenlet")]
)
def test_missing_extra(sampler: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else object())
    extra = "gp" if sampler == "gp" else "baselines"
    with pytest.raises(MissingExtraError, match=rf"{missing} is not installed.*agenttts-env\[{extra}\]"):
        OptunaSearcher(sampler=sampler)  # type: ignore[arg-type]

from __future__ import annotations

import importlib.util
import logging

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.initial import initial_allocations
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective, check_searcher

optuna = pytest.importorskip("optuna")
needs_gp = pytest.mark.skipif(
    any(importlib.util.find_spec(module) is None for module in ("torch", "scipy")), reason="needs torch and scipy"
)

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


@pytest.mark.parametrize("init_rule", [None, "paper"])
def test_contract_tpe(init_rule: str | None) -> None:
    check_searcher(lambda: OptunaSearcher(sampler="tpe", init_rule=init_rule), Problem.of(TASK))  # type: ignore[arg-type]


@needs_gp
def test_contract_gp() -> None:
    check_searcher(lambda: OptunaSearcher(sampler="gp", init_rule="code_head"), Problem.of(TASK), trials=13)


def test_everything_asked_is_feasible_and_seeds_differ() -> None:
    problem = Problem.of(TASK)
    asked = run(OptunaSearcher(), problem, 40)
    assert all(problem.is_feasible(allocation) for allocation in asked)
    assert asked != run(OptunaSearcher(), problem, 40, seed=1)


def test_initial_trials_come_first() -> None:
    problem = Problem.of(TASK)
    initial = initial_allocations(problem, "code_head")
    assert run(OptunaSearcher(init_rule="code_head"), problem, len(initial) + 2)[: len(initial)] == initial


def test_repeats_are_few_while_there_is_something_new() -> None:
    asked = run(OptunaSearcher(), Problem.of(TASK), 50)
    assert len(set(asked)) >= 45


def test_a_space_of_one_allocation() -> None:
    task = Task("one", "", (Stage("a", (SMALL,), 256, 64, 64),), ("score",))
    assert run(OptunaSearcher(), Problem.of(task, budget=3.0), 5) == [Allocation.of((SMALL.name, 1))] * 5


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
    ("sampler", "missing"), [("tpe", "optuna"), ("gp", "optuna"), ("gp", "torch"), ("gp", "scipy")]
)
def test_missing_extra(sampler: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingExtraError, match=rf"{missing} is not installed.*agenttts-env\[baselines\]"):
        OptunaSearcher(sampler=sampler)  # type: ignore[arg-type]

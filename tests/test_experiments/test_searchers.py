from __future__ import annotations

import inspect
from typing import Any

import pytest

from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.searchers import SEARCHERS, make_searcher, needs_llm, searcher_options
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.trial import Trial


@pytest.fixture
def llm() -> AgentLLM:
    return AgentLLM(Sampler(SampleStore(":memory:"), ScriptedEngine), Model("agent", 1e9), run="run")


BARE = ["random", "grid", "evolution", "tpe", "gp", "cmaes"]
SEEDED = [f"{name}+init" for name in BARE]
LLM_BARE = ["agenthpo", "mlcopilot", "zero-shot", "llambo", "centaur"]
LLM_SEEDED = [f"{name}+init" for name in LLM_BARE]
NEEDS = {"tpe": ["optuna"], "gp": ["optuna", "torch", "scipy", "greenlet"], "cmaes": ["cmaes"], "centaur": ["cmaes"]}


def test_names() -> None:
    alone = ["init-only", "insight-rules", "agenttts"]
    assert list(SEARCHERS) == [*BARE, *SEEDED, *alone, *LLM_BARE, *LLM_SEEDED]


@pytest.mark.parametrize("name", SEARCHERS)
def test_searchers_know_their_names(name: str, llm: AgentLLM) -> None:
    for module in NEEDS.get(name.removesuffix("+init"), []):
        pytest.importorskip(module)
    assert make_searcher(name, llm=llm).name == name
    assert needs_llm(name) == (name in ("agenttts", *LLM_BARE, *LLM_SEEDED))


@pytest.mark.parametrize("name", ["random", "grid", "evolution"])
def test_a_name_says_whether_it_is_seeded(name: str) -> None:
    stage = Stage("a", (MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]), 256, 64, 64)
    problem = Problem.of(Task("one", "", (stage,), ("score",)), budget=200.0)
    rules: tuple[InitRule, ...] = ("paper", "code_head")
    for rule in rules:
        searcher = make_searcher(name + "+init", init_rule=rule)
        initial = initial_allocations(problem, rule)
        searcher.reset(problem, trials=9, seed=0)
        asked = []
        for number in range(len(initial) + 1):
            asked.append(searcher.ask())
            searcher.tell(Trial(number, asked[-1], asked[-1], "complete", cost=1.0, score=0.5))
        assert asked[:-1] == initial
    assert "init_rule" not in searcher_options(name)


def test_options_reach_the_searcher(llm: AgentLLM) -> None:
    searcher = make_searcher("agenttts", llm=llm, batch=3, insight_2=False)
    assert isinstance(searcher, AgentTTSSearcher)
    assert searcher.batch == 3
    assert searcher.insights == (True, False, True)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("random", {}),
        ("tpe", {}),
        ("evolution", {"population": 10, "steps": "ten"}),
        ("random+init", {"init_rule": "paper"}),
        ("tpe+init", {"init_rule": "paper"}),
        ("evolution+init", {"population": 10, "steps": "ten", "init_rule": "paper"}),
        ("init-only", {"init_rule": "paper"}),
        ("insight-rules", {"init_rule": "paper", "insight_1": True, "insight_2": True, "insight_3": True}),
        ("zero-shot", {"batch": 10, "retries": 3}),
        ("zero-shot+init", {"batch": 10, "retries": 3, "init_rule": "paper"}),
        ("centaur", {"warm_up": 10, "every": 3, "retries": 3}),
    ],
)
def test_options_and_defaults(name: str, options: dict[str, Any]) -> None:
    assert searcher_options(name) == options


def test_every_option_has_a_default() -> None:
    assert all(inspect.Parameter.empty not in searcher_options(name).values() for name in SEARCHERS)
    assert "llm" not in searcher_options("agenttts")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("oracle", {}, f"`searcher` must be one of {', '.join(SEARCHERS)}, but got 'oracle'"),
        ("random", {"init_rule": "paper"}, "searcher 'random' has no options, but got 'init_rule' = 'paper'"),
        ("tpe+init", {"sampler": "gp"}, "searcher 'tpe+init' has the options init_rule, but got 'sampler' = 'gp'"),
        (
            "random+init",
            {"init_rule": None},
            "`init_rule` of searcher 'random+init' must be one of ('paper', 'code_head', 'code_first'), but got None",
        ),
        ("agenttts", {}, "searcher 'agenttts' needs an LLM: name one with --llm ENGINE:MODEL"),
    ],
)
def test_errors(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make_searcher(name, **options)
    assert str(caught.value) == message

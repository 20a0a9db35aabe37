from __future__ import annotations

import inspect
from typing import Any

import pytest

from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.searchers import SEARCHERS, make_searcher, needs_llm, searcher_options
from agenttts_env.model import Model
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore


@pytest.fixture
def llm() -> AgentLLM:
    return AgentLLM(Sampler(SampleStore(":memory:"), ScriptedEngine), Model("agent", 1e9), run="run")


def test_names(llm: AgentLLM) -> None:
    assert list(SEARCHERS) == ["random", "tpe", "gp", "insight-rules", "agenttts"]
    for name in ("random", "insight-rules", "agenttts"):
        assert make_searcher(name, llm=llm).name == name
        assert needs_llm(name) == (name == "agenttts")


def test_optuna_searchers_are_named_by_their_sampler() -> None:
    pytest.importorskip("optuna")
    assert make_searcher("tpe", init_rule="code_head").name == "tpe"


def test_options_reach_the_searcher(llm: AgentLLM) -> None:
    searcher = make_searcher("agenttts", llm=llm, batch=3, insight_2=False)
    assert isinstance(searcher, AgentTTSSearcher)
    assert searcher.batch == 3
    assert searcher.insights == (True, False, True)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("random", {"init_rule": None}),
        ("tpe", {"init_rule": None}),
        ("gp", {"init_rule": None}),
        ("insight-rules", {"init_rule": "paper"}),
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
        ("grid", {}, "`searcher` must be one of random, tpe, gp, insight-rules, agenttts, but got 'grid'"),
        ("random", {"batch": 3}, "searcher 'random' has the options init_rule, but got 'batch' = 3"),
        ("tpe", {"sampler": "gp"}, "searcher 'tpe' has the options init_rule, but got 'sampler' = 'gp'"),
        ("agenttts", {}, "searcher 'agenttts' needs an LLM: name one with --llm ENGINE:MODEL"),
    ],
)
def test_errors(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make_searcher(name, **options)
    assert str(caught.value) == message

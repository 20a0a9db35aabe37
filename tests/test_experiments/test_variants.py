from __future__ import annotations

from typing import Any

import pytest

from agenttts_env.baselines.evolution import EvolutionSearcher
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.searchers import SEARCHERS, needs_llm
from agenttts_env.experiments.variants import Variant


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("random", "random", {}),
        ("evolution:steps=log", "evolution", {"steps": "log"}),
        ("evolution:population=5:steps=log", "evolution", {"population": 5, "steps": "log"}),
        ("tpe+init:init_rule=code_head", "tpe+init", {"init_rule": "code_head"}),
        ("insight-rules:insight_1=false", "insight-rules", {"insight_1": False}),
        ("insight-rules:insight_1=False:insight_2=ON", "insight-rules", {"insight_1": False, "insight_2": True}),
        ("agenttts:evolve=on:history=20", "agenttts", {"evolve": True, "history": 20}),
        ("agenttts:history=none", "agenttts", {"history": None}),
        ("llambo:alpha=-0.2", "llambo", {"alpha": -0.2}),
        ("mlcopilot:source=runs/a:b,c=d", "mlcopilot", {"source": "runs/a:b,c=d"}),
        ("policy:runs/a:b=c/best.zip", "policy:runs/a:b=c/best.zip", {}),
    ],
)
def test_a_name_with_options(text: str, name: str, options: dict[str, Any]) -> None:
    variant = Variant.parse(text)
    assert (variant.text, variant.name, variant.options) == (text, name, options)


def test_options_reach_the_searcher() -> None:
    evolution = Variant.parse("evolution:population=5:steps=log").make()
    assert isinstance(evolution, EvolutionSearcher)
    assert (evolution.population, evolution.steps) == (5, "log")
    rules = Variant.parse("insight-rules:insight_3=false").make()
    assert isinstance(rules, InsightRulesSearcher)
    assert rules.insights == (True, True, False)


@pytest.mark.parametrize("name", SEARCHERS)
def test_every_searcher_can_be_checked_without_an_llm_that_replies(name: str) -> None:
    for module in {"tpe": ["optuna"], "gp": ["optuna", "torch"], "cmaes": ["cmaes"], "centaur": ["cmaes"]}.get(
        name.removesuffix("+init"), []
    ):
        pytest.importorskip(module)
    Variant.parse(name).check(llm=True)
    if needs_llm(name):
        with pytest.raises(InvalidInputError, match="needs an LLM"):
            Variant.parse(name).check(llm=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("magic", "`searcher` must be one of"),
        ("magic:steps=log", "`searcher` must be one of"),
        ("random:", "`searcher` must be one of"),
        ("random:steps=log", "searcher 'random' has no options, but got 'steps' in 'random:steps=log'"),
        ("evolution:stairs=log", "has the options population, steps, but got 'stairs'"),
        ("evolution:steps=log:steps=ten", "names 'steps' twice"),
        ("evolution:population=many", "`population` of 'evolution:population=many' must be an integer, but got 'many'"),
        ("evolution:population=2.5", "must be an integer"),
        ("insight-rules:insight_1=0", "`insight_1` of .* must be true or false, but got '0'"),
        ("llambo:alpha=much", "must be a number"),
        ("agenttts:history=all", "must be an integer or none"),
        ("agenttts:guideline_window=1", "`guideline_window` cannot be a part of a searcher's name"),
        ("tpe:sampler=gp", "has no options, but got 'sampler'"),
    ],
)
def test_bad_names(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Variant.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("evolution:population=0", "`population` must be >= 1, but got 0"),
        ("evolution:steps=none", "`steps` must be one of"),
        ("tpe+init:init_rule=mine", "`init_rule` must be None or one of"),
        ("llambo:alpha=2", "`alpha` must lie in"),
        ("llambo:alpha=nan", "`alpha` must lie in"),
        ("agenttts:batch=0", "`batch` must be >= 1"),
    ],
)
def test_options_out_of_range(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Variant.parse(text).check(llm=True)

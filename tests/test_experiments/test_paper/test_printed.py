"""What the paper prints, at single places, and what follows from it by formula."""

from __future__ import annotations

from math import inf, isinf

import pytest

from agenttts_env.experiments.paper.landscape import oracle
from agenttts_env.experiments.paper.printed import (
    ABLATION,
    BUDGETS,
    CASE_COSTS,
    METHODS,
    PRICES,
    TABLE_1,
    TASKS,
)
from agenttts_env.experiments.paper.searches import LLM_SEARCHERS, SEARCHERS
from agenttts_env.experiments.published import PUBLISHED, TABLE_2
from agenttts_env.model import MODELS


@pytest.mark.parametrize(
    ("method", "task", "score"),
    [
        ("Random", "2wikimultihopqa", 0.66),
        ("BO", "2wikimultihopqa", 0.60),
        ("AgentHPO", "hotpotqa", 0.74),
        ("LLM_ZS", "cwq", 0.76),
        ("MLCopilot", "webqsp", 0.88),
        ("Random", "taskbench", 0.40),
        ("AgentTTS", "chatdev", 0.75),
    ],
)
def test_table_1(method: str, task: str, score: float) -> None:
    assert TABLE_1[method][TASKS.index(task)] == score


def test_the_papers_method_is_never_beaten_in_table_1() -> None:
    for column in zip(*TABLE_1.values(), strict=True):
        assert max(column) == column[list(TABLE_1).index("AgentTTS")]


def test_table_2_is_made_of_fiftieths() -> None:
    assert TABLE_2[60] == (0.74, 0.78, 0.80)
    assert all(round(score * 50, 9) == round(score * 50) for row in TABLE_2.values() for score in row)


def test_the_ablation() -> None:
    assert {"insight_1": inf, "insight_2": 29, "insight_3": 38} == ABLATION
    assert isinf(ABLATION["insight_1"])


def test_prices_are_those_of_the_models() -> None:
    assert {name: MODELS[name].price for name in PRICES} == PRICES


def test_budgets_are_the_first_that_the_landscapes_were_fitted_at() -> None:
    assert {task: PUBLISHED[task].budgets[0] for task in TASKS} == BUDGETS


def test_the_case_study_costs_what_it_says() -> None:
    problem = oracle("2wikimultihopqa", 850.0).problem
    retrieve, answer = problem.task.stages
    found = {
        "qwen2.5-72b x1": problem.cost.stage_cost(retrieve, retrieve.model("qwen2.5-72b"), 1),
        "llama-3.2-3b x50": problem.cost.stage_cost(answer, answer.model("llama-3.2-3b"), 50),
    }
    assert {name: round(cost) for name, cost in found.items()} == CASE_COSTS


def test_every_method_has_a_searcher() -> None:
    assert set(METHODS.values()) == set(TABLE_1)
    assert set(METHODS) <= {*SEARCHERS, *LLM_SEARCHERS}

"""Budgets by name, as numbers, and by task."""

from __future__ import annotations

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.budgets import Budgets, check_budgets, parse_budgets
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import plan_problems


@pytest.mark.parametrize(
    ("words", "budgets"),
    [
        (["default"], "default"),
        (["published"], "published"),
        (["900, 1e3"], (900.0, 1000.0)),
        (["cwq=900,1e3", "webqsp=5"], {"cwq": (900.0, 1000.0), "webqsp": (5.0,)}),
    ],
)
def test_what_can_be_written(words: list[str], budgets: Budgets) -> None:
    assert parse_budgets("budgets", words) == budgets
    check_budgets(budgets, tasks=("cwq", "webqsp"), backend="simulated", cost="paper")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["900,much"], "must be default or published, or numbers with commas between them, but got '900,much'"),
        (["cwq=much"], "or numbers with commas between them, but got 'much'"),
        (["cwq=1", "cwq=2"], "must be given once for 'cwq'"),
        (["taskbench=900"], "must be of the tasks cwq, webqsp, but got 'taskbench'"),
        (["900", "cwq=900"], r"must be of the tasks cwq, webqsp, but got '\*'"),
        (["cwq=nan"], "must be finite"),
        (["cwq=900,900"], "must differ"),
    ],
)
def test_what_cannot(words: list[str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        check_budgets(parse_budgets("budgets", words), tasks=("cwq", "webqsp"), backend="simulated", cost="paper")


def test_published_budgets_are_of_simulated_tasks_in_paper_units() -> None:
    with pytest.raises(InvalidInputError, match="`budgets` are published of simulated tasks only, but got 'replay'"):
        check_budgets("published", tasks=("fictional-qa",), backend="replay", cost="paper")


def test_a_task_that_is_not_named_has_its_own_budget() -> None:
    cwq, webqsp = plan_problems(CompareOptions(tasks=("cwq", "webqsp")))
    named = plan_problems(CompareOptions(tasks=("cwq", "webqsp"), budgets={"cwq": (500.0, 800.0)}))
    assert [(problem.name, problem.budget) for problem in named] == [
        ("cwq @ 500", 500.0), ("cwq @ 800", 800.0), ("webqsp", webqsp.budget),
    ]  # fmt: skip
    assert cwq.budget not in (500.0, 800.0)

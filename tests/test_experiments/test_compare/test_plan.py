"""Which cells there are."""

from __future__ import annotations

from agenttts_env.building import build_simulated
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import plan_cells, plan_problems
from agenttts_env.problem import Problem


def test_the_default_budget_is_the_tasks_own_and_in_no_name() -> None:
    problems = plan_problems(CompareOptions())
    assert [problem.name for problem in problems] == [problem.task for problem in problems]
    for problem in problems:
        assert problem.budget == Problem.of(build_simulated(problem.task)[0]).budget


def test_several_budgets_are_several_problems() -> None:
    problems = plan_problems(CompareOptions(tasks=("2wikimultihopqa", "hotpotqa"), budgets="published"))
    assert [problem.name for problem in problems] == [
        "2wikimultihopqa @ 500", "2wikimultihopqa @ 850", "2wikimultihopqa @ 900", "2wikimultihopqa @ 1000",
        "2wikimultihopqa @ 2000", "hotpotqa",
    ]  # fmt: skip
    problems = plan_problems(CompareOptions(tasks=("cwq",), budgets=(500.0, 800.0)))
    assert [(problem.name, problem.budget) for problem in problems] == [("cwq @ 500", 500.0), ("cwq @ 800", 800.0)]


def test_cells_are_a_full_factorial_seed_by_seed() -> None:
    options = CompareOptions(tasks=("cwq", "webqsp"), searchers=("random", "grid"), seeds=3, trials=7, examples=9)
    cells = list(plan_cells(options, plan_problems(options)))
    assert len({cell.key for cell in cells}) == len(cells) == 12
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    assert {(cell.trials, cell.examples) for cell in cells} == {(7, 9)}

"""Which cells there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenttts_env.building import build_simulated
from agenttts_env.experiments.compare import plan
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import plan_cells, plan_problems
from agenttts_env.experiments.variants import Variant
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


def test_costs_temperatures_and_models_reach_the_problems() -> None:
    options = CompareOptions(
        tasks=("cwq", "taskbench"),
        cost="usd",
        temperature={"answer": 0.5, "*": 0.1},
        models={"answer": ("llama-3.1-8b",)},
    )
    cwq, taskbench = plan_problems(options)
    assert cwq.unit == taskbench.unit == "US$"
    assert cwq.to_json()["temperatures"] == {"retrieve": 0.1, "answer": 0.5}
    assert cwq.to_json()["models"] == {"answer": ("llama-3.1-8b",)}
    assert taskbench.to_json()["temperatures"] == dict.fromkeys(("decompose", "select", "fill"), 0.1)
    assert taskbench.to_json()["models"] == {}
    problem = cwq.env(examples=10, data_seed=0, trials=3).problem
    assert problem.cost.name == "usd"
    assert problem.budget == cwq.budget == Problem.of(problem.task, cost="usd").budget
    assert [stage.temperature for stage in problem.task.stages] == [0.1, 0.5]
    assert [model.name for model in problem.task.stages[1].models] == ["llama-3.1-8b"]
    assert cwq.oracle().problem.task == problem.task


def test_another_temperature_is_another_landscape() -> None:
    cold, usual = (
        plan_problems(CompareOptions(tasks=("2wikimultihopqa",), temperature=temperature))[0].oracle().best().score
        for temperature in ({"*": 0.1}, {})
    )
    assert cold != usual


def test_only_cells_of_searchers_with_an_llm_have_one() -> None:
    options = CompareOptions(
        tasks=("cwq",), searchers=("random", "agenttts:batch=3"), seeds=2, llm="scripted:qwen2.5-7b", out="somewhere"
    )
    found = {(cell.searcher, cell.seed): cell.llm for cell in plan_cells(options, plan_problems(options), "name")}
    assert found["random", 0] is None
    llm = found["agenttts:batch=3", 1]
    assert llm is not None
    assert (llm.run, llm.store) == ("name", str(Path("somewhere/samples.sqlite").resolve()))


def test_a_policy_that_has_changed_is_another_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "best.zip"
    policy.write_bytes(b"one")
    searchers = ("random", f"policy:{policy}")
    monkeypatch.setattr(Variant, "check", lambda *_, **__: None)
    options = CompareOptions(tasks=("cwq",), searchers=searchers)
    before = plan.settings(options, [])["policies"]
    assert list(before) == [f"policy:{policy}"]
    policy.write_bytes(b"two")
    assert plan.settings(options, [])["policies"] != before

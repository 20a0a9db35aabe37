from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from agent_runs import LARGE, PROBLEM, Run, script, small, written
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from agenttts_env.agents.centaur import CentaurSearcher, UnitBox, Vector
from agenttts_env.allocation import Allocation
from agenttts_env.engines.scripted import scripted_reply
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.initial import initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.trial import best_trial

pytest.importorskip("cmaes")


def centaur(run: Run) -> CentaurSearcher:
    assert isinstance(run.searcher, CentaurSearcher)
    return run.searcher


@pytest.mark.parametrize(("options", "turns"), [({}, [12, 15, 18]), ({"warm_up": 2, "every": 2}, [3, 5, 7, 9])])
def test_turns(options: dict[str, Any], turns: list[int]) -> None:
    run = Run("centaur", script(), options)
    found = []
    for number in range(turns[-1] + 1):
        before = run.engine.samples
        run.go(1)
        if run.engine.samples > before:
            found.append(number)
            assert run.asked[-1] == small(50 + len(found) - 1)
    assert found == turns


def test_a_default_search_of_50_trials_has_13_turns() -> None:
    assert Run("centaur", script()).go(50).engine.samples == 13


def test_cmaes_is_told_every_result_with_the_llms_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run("centaur", script(), {"warm_up": 1, "every": 2}, mishaps=True)
    searcher, told = centaur(run), []
    join = searcher._join

    def spy(vector: Vector, score: float | None) -> None:
        told.append((PROBLEM.project(searcher._box.allocation(vector)), score))
        join(vector, score)

    monkeypatch.setattr(searcher, "_join", spy)
    for _ in range(12):
        run.go(1)
        assert told[-1] == (run.asked[-1], run.told[-1].score)
    assert small(50) in run.asked
    assert {trial.state for trial in run.told} > {"complete"}


def test_results_of_the_llm_move_the_distribution() -> None:
    means = []
    for replies in (script(), script(*[written(count) for count in range(1, 20)])):
        run = Run("centaur", replies, {"warm_up": 0, "every": 1}).go(12)
        distribution = centaur(run)._distribution
        assert distribution is not None
        assert distribution.generation >= 1
        means.append(distribution.mean.tolist())
    assert means[0] != means[1]


def test_a_turn_without_a_valid_reply_costs_its_trial_and_cmaes_does_not_step_in() -> None:
    run = Run("centaur", script("no", "never", written(9)), {"warm_up": 1, "every": 1, "retries": 1}).go(3)
    assert run.asked[1:] == [None, small(9)]
    assert run.told[1].state == "failed"


def test_over_budget_is_repaired_for_both_alike() -> None:
    over = Allocation.of((LARGE.name, 90), (LARGE.name, 90))
    run = Run("centaur", script(written(90, model=LARGE)), {"warm_up": 1, "every": 1}).go(2)
    assert not PROBLEM.is_feasible(over)
    assert run.asked[-1] == PROBLEM.project(over)
    run = Run("centaur", script()).go(12)
    assert all(allocation is not None and PROBLEM.is_feasible(allocation) for allocation in run.asked)
    assert len(set(run.asked)) == 12


def test_the_prompt_shows_what_cmaes_knows() -> None:
    run = Run("centaur", script(), {"warm_up": 24, "every": 1}).go(25)
    (prompt,) = run.prompts("candidates")
    assert "Mean of its distribution: read model 0." in prompt
    assert "Step size: 0." in prompt
    assert len(prompt.partition("Covariance, in the same order:\n")[2].split("\n\n")[0].splitlines()) == 4
    assert "Its next allocation would be: llama" in prompt
    best, last = prompt.split("Last trials")
    assert best.count("| cost ") == 5
    assert last.count("| cost ") == 20
    assert f"\n{best_trial(run.told[:24]).number}. " in best  # type: ignore[union-attr]
    assert "\n4. " in last
    assert "\n3. " not in last


def test_a_seeded_search_begins_around_the_best_initial_trial() -> None:
    initial = initial_allocations(PROBLEM)
    run = Run("centaur", script(), {"init_rule": "paper"}).go(len(initial) + 1)
    searcher = centaur(run)
    best = best_trial(run.told[: len(initial)])
    assert best is not None
    assert best.allocation is not None
    assert searcher._distribution is not None
    assert np.array_equal(searcher._distribution.mean, searcher._box.vector(best.allocation))


def test_a_space_that_is_used_up() -> None:
    problem = Problem.of(PROBLEM.task, levels=(1, 2))
    run = Run("centaur", scripted_reply, {"warm_up": 3}, problem).go(problem.count() + 5)
    assert all(allocation is not None and problem.is_feasible(allocation) for allocation in run.asked)


@given(problems(), st.data())
def test_the_box_holds_every_allocation(problem: Problem, data: st.DataObject) -> None:
    box = UnitBox(problem)
    allocation = problem.decode(np.array([data.draw(st.integers(0, int(size) - 1)) for size in problem.nvec]))
    vector = box.vector(allocation)
    assert len(vector) == len(box.names)
    assert (vector >= 0).all()
    assert (vector <= 1).all()
    assert box.allocation(vector) == allocation
    for corner in (np.zeros(len(vector)), np.ones(len(vector))):
        problem.validate(box.allocation(corner))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"warm_up": -1}, "`warm_up` must be >= 0, but got -1"), ({"every": 0}, "`every` must be >= 1, but got 0")],
)
def test_options_out_of_range(options: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Run("centaur", scripted_reply, options)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="cmaes is not installed"):
        Run("centaur", scripted_reply)

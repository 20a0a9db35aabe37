from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from agent_runs import PROBLEM, STAGES, Run, script, small, written

from agenttts_env import make_env
from agenttts_env.agents.source_history import simulate_source
from agenttts_env.building import build_task
from agenttts_env.engines.scripted import scripted_reply
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.runfolder import RunFolder
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective

TAUGHT = "What that task taught:"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A run's folder of a task named ``other``."""
    folder = RunFolder(tmp_path / "run")
    models = {stage.name: [model.name for model in stage.models] for stage in STAGES}
    folder.open({"labels": {"task": "other", "metric": "right", "models": models}})
    objective = ScriptedObjective(PROBLEM, mishaps=False)
    for number in range(5):
        folder.append_trial(objective.trial(number, small(1 + number)))
    folder.write("summary.json", {})
    folder.close()
    return str(folder.path)


def test_knowledge_is_written_once_and_is_in_every_proposal(source: str) -> None:
    run = Run("mlcopilot", script(written(40), written(41), text="few samples do"), {"source": source, "batch": 1}).go(
        2
    )
    assert run.asked == [small(40), small(41)]
    assert [note["kind"] for note in run.notes] == ["source", "knowledge", "candidates", "candidates"]
    assert run.prompts("knowledge")[0].count("\n- read: ") == 5
    for prompt in run.prompts("candidates"):
        assert f"{TAUGHT}\nfew samples do\n" in prompt
        assert prompt.count("\n- read: llama") == 3
        assert "very high samples" in prompt
    note = run.notes[0]
    assert (note["task"], note["origin"]) == ("other", f"the run in {source}")
    assert note["ledger"]["samples_computed"] == 0
    json.dumps(run.notes)


@pytest.mark.parametrize("iterated", [False, True])
def test_one_shot_shows_no_trial_of_its_own(source: str, iterated: bool) -> None:
    run = Run("mlcopilot", script(*map(written, (40, 41))), {"source": source, "batch": 1, "iterated": iterated}).go(2)
    first, second = run.prompts("candidates")
    assert "Trials so far" not in first
    assert ("Trials so far" in second) == iterated
    assert (first == second) == (not iterated)


def test_without_a_source_it_says_so() -> None:
    for options in ({"source": "none"}, {}):  # the task is in no pair
        run = Run("mlcopilot", script(written(40)), options).go(1)
        assert run.notes[0] == {"kind": "source", "task": None, "origin": "no source", "ledger": None}
        assert run.prompts("knowledge") == []
        assert TAUGHT not in run.prompts("candidates")[0]


def test_simulated_pairs_learn_from_each_other_and_from_nothing_of_the_target() -> None:
    env = make_env("2wikimultihopqa", backend="simulated", data_seed=3)
    run = Run("mlcopilot", scripted_reply, {"batch": 2}, env.problem).go(3)
    learnt = simulate_source("hotpotqa", "paper", env.problem.levels)
    (prompt,) = run.prompts("knowledge")
    assert learnt.verbalise(learnt.trials) in prompt
    assert "2wiki" not in prompt.lower()
    assert run.notes[0]["task"] == "hotpotqa"
    assert run.notes[0]["ledger"] == learnt.ledger.to_json()
    assert run.searcher.overhead.samples_computed == run.engine.samples  # the source's trials are not in it
    other = Run("mlcopilot", scripted_reply, {"batch": 2}, make_env("2wikimultihopqa", data_seed=4).problem).go(1)
    assert other.prompts("knowledge") == [prompt]


def test_the_target_is_no_source_and_a_live_task_has_no_simulated_one(source: str) -> None:
    same = replace(PROBLEM, task=Task("other", "", STAGES, ("right", "read")))
    with pytest.raises(InvalidInputError, match="`source` must be a run of another task than 'other'"):
        Run("mlcopilot", script(), {"source": source}, same)
    live = Problem.of(build_task("2wikimultihopqa"))
    with pytest.raises(InvalidInputError, match="must be a run's folder or 'none' for a live task"):
        Run("mlcopilot", script(), {}, live)
    assert Run("mlcopilot", script(), {"source": "none"}, live).searcher.notes()[0]["task"] is None

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agent_runs import PROBLEM

from agenttts_env.agents.source_history import (
    PAIRS,
    SIMULATED_DATA_SEED,
    WORDS,
    SourceHistory,
    read_source,
    simulate_source,
    word,
)
from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError, RunLogError
from agenttts_env.ledger import Ledger
from agenttts_env.runfolder import RunFolder
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.testing import ScriptedObjective
from agenttts_env.trial import Trial

LEVELS = tuple(range(1, 101))


def write_run(path: Path, task: str = "other", *, complete: bool = True, labels: bool = True) -> Path:
    """A run's folder as a search of :data:`PROBLEM` leaves it."""
    folder = RunFolder(path)
    models = {"read": ["llama-3.2-3b"], "add": ["llama-3.1-70b"]}
    folder.open({"labels": {"task": task, "metric": "right", "models": models}} if labels else {"task": task})
    objective = ScriptedObjective(PROBLEM, mishaps=False)
    for number, samples in enumerate((1, 2, 4, 8, 16)):
        allocation = Allocation.of(("llama-3.2-3b", samples), ("llama-3.1-70b", 1))
        folder.append_trial(
            objective.trial(number, allocation) if complete else Trial(number, allocation, None, "failed", cost=1.0)
        )
    folder.append_trial(Trial(5, None, None, "failed", overhead=Ledger(samples_computed=3)))
    folder.write("summary.json", {"test_score": 0.987654321})
    folder.close()
    return path


def test_words_rank_a_number_among_others() -> None:
    assert [word(value, range(101)) for value in (0, 10, 19, 31, 50, 70, 99)] == [
        WORDS[0], WORDS[0], WORDS[0], WORDS[1], WORDS[2], WORDS[3], WORDS[4],
    ]  # fmt: skip
    assert word(5, [5, 5, 5]) == WORDS[0]


def test_a_run_is_read_without_its_test_score(tmp_path: Path) -> None:
    source = read_source(write_run(tmp_path / "run"))
    assert (source.task, source.stages, source.metric) == ("other", ("read", "add"), "right")
    assert [trial.number for trial in source.trials] == [0, 1, 2, 3, 4]
    assert source.ledger.samples_computed == 3
    text = source.verbalise(source.trials)
    assert text.splitlines()[0].startswith(
        "- read: llama-3.2-3b with very low samples, add: llama-3.1-70b with very low samples; cost very low; right 0."
    )
    assert "llama-3.2-3b with very high samples" in text.splitlines()[-1]
    assert "98765" not in text
    scores = [trial.score or 0 for trial in source.best(3)]
    assert scores == sorted((trial.score or 0 for trial in source.trials), reverse=True)[:3]


def test_what_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(RunLogError, match="holds no run"):
        read_source(tmp_path)
    with pytest.raises(InvalidInputError, match="must hold a complete trial"):
        read_source(write_run(tmp_path / "failed", complete=False))
    growing = write_run(tmp_path / "growing")
    (growing / "summary.json").unlink()
    with pytest.raises(InvalidInputError, match="must be a finished run"):
        read_source(growing)
    with pytest.raises(RunLogError, match="no labels"):
        read_source(write_run(tmp_path / "other", labels=False))


@pytest.mark.parametrize("task", sorted(PAIRS))
def test_pairs_are_simulated_and_mutual(task: str) -> None:
    assert PAIRS[PAIRS[task]] == task != PAIRS[task]
    assert {task, PAIRS[task]} <= set(landscape_names())


def test_a_simulated_source_is_always_the_same_and_on_data_of_its_own() -> None:
    source = simulate_source("hotpotqa", "paper", LEVELS)
    simulate_source.cache_clear()
    again = simulate_source("hotpotqa", "paper", LEVELS)
    assert source == again
    assert source is not again
    assert len(source.trials) == 50
    assert source.task == "hotpotqa"
    assert source.ledger.tokens_computed > 0
    assert SIMULATED_DATA_SEED >= 2**32  # searches have smaller seeds: equal seeds would share random numbers
    json.dumps(source.ledger.to_json())


def test_a_small_space_is_searched_in_full() -> None:
    source: SourceHistory = simulate_source("hotpotqa", "paper", (1,))
    assert len(source.trials) == 9  # three models at each of two stages; the default budget pays the dearest

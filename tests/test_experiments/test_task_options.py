"""Options of the task on the command line: what decides a sample decides under which key it is kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.store import SampleStore

WORDS = ["search", "--task=fictional-qa", "--engine=scripted", "--models=smollm2-135m", "--cost=flops", "--budget=1e12"]
SIZE = ["--trials=2", "--max-samples=2", "--examples=3", "--test-examples=0"]


OTHERS = ("--task-option=variant=reason", "--task-option=demonstrations=1", "--temperature=0.5", "--sample-seed=1")


@pytest.fixture(autouse=True)
def _no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)


def test_another_option_draws_other_samples_and_the_same_one_draws_none(tmp_path: Path) -> None:
    store = tmp_path / "samples.sqlite"

    def computed(*words: str, out: str) -> int:
        assert main([*WORDS, *SIZE, *words, f"--store={store}", f"--out={tmp_path / out}"]) == 0
        trials = [json.loads(line) for line in (tmp_path / out / "trials.jsonl").read_text().splitlines()]
        assert [trial["state"] for trial in trials] == ["complete"] * 2
        return sum(trial["ledger"]["samples_computed"] for trial in trials)

    kept = computed(out="plain")
    assert kept == SampleStore(store).count() > 0
    for number, option in enumerate(OTHERS):
        drawn = computed(option, out=f"other {number}")
        assert drawn == SampleStore(store).count() - kept > 0
        kept += drawn
    assert computed(OTHERS[0], out="the first again") == computed(out="plain again") == 0


def test_a_variant_is_part_of_a_runs_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*WORDS, *SIZE, f"--out={tmp_path}"]
    assert main([*words, "--task-option=variant=reason"]) == 0
    settings = json.loads((tmp_path / "run.json").read_text())
    assert settings["task_option"] == {"variant": "reason"}
    assert settings["stages"][0]["max_tokens"] == 16 + 112
    assert main(words) == 2
    assert "task_option" in capsys.readouterr().err
    assert main([*words, "--task-option=variant=poem"]) == 2
    assert "`variant` must be one of direct, reason, but got 'poem'" in capsys.readouterr().err

"""Searches through the real command line, without models."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Completion, Request
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import EngineError
from agenttts_env.experiments import assembly
from agenttts_env.experiments.cli import main
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial

TRIALS = 5


def command(out: Path, *more: str, **changes: object) -> list[str]:
    options: dict[str, object] = {
        "task": "fictional-qa", "engine": "scripted", "trials": TRIALS, "max_samples": 4, "examples": 6,
        "test_examples": 3, "out": out,
    }  # fmt: skip
    words = [f"--{name.replace('_', '-')}={value}" for name, value in (options | changes).items()]
    return ["search", *words, *more]


def logged(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]


def summary(out: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return value


def payers(store: Path) -> set[str]:
    connection = sqlite3.connect(store)
    try:
        return {payer for (payer,) in connection.execute("SELECT DISTINCT payer FROM samples")}
    finally:
        connection.close()


@pytest.fixture
def no_inference(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, any inference fails the test."""

    def generate(self: ScriptedEngine, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        pytest.fail("there was inference")

    return lambda: monkeypatch.setattr(ScriptedEngine, "generate", generate)


def test_a_search_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(tmp_path / "run")) == 0
    out, err = capsys.readouterr()
    trials, result = logged(tmp_path / "run"), summary(tmp_path / "run")
    assert [trial["number"] for trial in trials] == list(range(TRIALS))
    assert all(len(trial["example_scores"]) == 6 for trial in trials if trial["state"] == "complete")
    best = trials[result["best_trial"]]
    assert result["score"] == best["score"] == max(trial["score"] or 0.0 for trial in trials)
    assert Allocation.parse(result["best_allocation"]).to_json() == best["allocation"]
    assert 0 <= result["test_score"] <= 1
    assert result["test_metrics"]["em"] == result["test_score"]
    computed = sum(trial["ledger"]["decode_tokens_computed"] for trial in trials)
    assert result["totals"]["trials"]["decode_tokens_computed"] == computed > 0
    assert (tmp_path / "run/progress.png").stat().st_size > 20_000
    for words in ("best allocation", "inference, in tokens", "progress.png", result["best_allocation"]):
        assert words in out
    assert f"trial {TRIALS}/{TRIALS}: best" in err
    assert "sealed test split (3 examples)" in err


def test_the_test_split_is_scored_once_after_the_search(tmp_path: Path) -> None:
    main(command(tmp_path / "run"))
    run = json.loads((tmp_path / "run/run.json").read_text())["run"]
    computing = {f"{run}/0/{trial['number']}" for trial in logged(tmp_path / "run") if trial["state"] == "complete"}
    assert payers(tmp_path / "run/samples.sqlite") <= computing | {f"{run}/test"}
    assert f"{run}/test" in payers(tmp_path / "run/samples.sqlite")


def test_a_search_may_have_no_test_split(tmp_path: Path) -> None:
    assert main(command(tmp_path / "run", test_examples=0)) == 0
    assert summary(tmp_path / "run")["test_score"] is None


def test_a_finished_run_is_reported_again_at_no_inference(
    tmp_path: Path, no_inference: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    main(command(tmp_path / "run"))
    first = capsys.readouterr().out
    files = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    no_inference()
    assert main(command(tmp_path / "run")) == 0
    assert capsys.readouterr().out == first
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == files


def test_a_folder_resumes_the_same_settings_only(
    tmp_path: Path, no_inference: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    main(command(tmp_path / "run"))
    capsys.readouterr()
    no_inference()
    assert main(command(tmp_path / "run", seed=1)) == 2
    err = capsys.readouterr().err
    assert "holds a run with seed = 0, but this one has 1" in err
    assert "--out" in err


def test_searches_over_one_store_share_their_samples(tmp_path: Path) -> None:
    store = tmp_path / "samples.sqlite"
    main(command(tmp_path / "first", store=store))
    main(command(tmp_path / "again", store=store, seed=1))
    main(command(tmp_path / "other", store=store, sample_seed=1))
    first, again, other = (logged(tmp_path / name)[0]["ledger"] for name in ("first", "again", "other"))
    assert first["samples_reused"] == other["samples_reused"] == 0
    assert again["samples_reused"] > 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_search_goes_on_as_if_nothing_had_happened(tmp_path: Path, how: signal.Signals) -> None:
    long = {"trials": 12, "max_samples": 16}  # so long that the signal comes in the middle, however busy the machine is
    slow = "--engine-option=latency=0.015"
    words = [sys.executable, "-m", "agenttts_env.experiments.cli", *command(tmp_path / "stopped", slow, **long)]
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore Ctrl-C
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    log = tmp_path / "stopped/trials.jsonl"
    while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") >= 2):
        time.sleep(0.005)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert 2 <= len(logged(tmp_path / "stopped")) < 12
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "the same command goes on where it stopped:\n  agenttts search --task=fictional-qa" in err
    assert main(command(tmp_path / "stopped", slow, **long)) == 0
    assert main(command(tmp_path / "undisturbed", slow, **long)) == 0
    assert logged(tmp_path / "stopped") == logged(tmp_path / "undisturbed")
    assert summary(tmp_path / "stopped") == summary(tmp_path / "undisturbed")


class Unreachable(Searcher):
    """Its LLM goes away in the middle of the search."""

    name = "unreachable"
    reachable = False

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        self.asked = 0

    def ask(self) -> Allocation:
        self.asked += 1
        if self.asked > 2 and not Unreachable.reachable:
            raise EngineError("the searcher's LLM cannot be reached")
        return Allocation.of(("smollm2-135m", self.asked % 4 + 1), ("smollm2-135m", 1))

    def tell(self, trial: Trial) -> None:
        pass

    def notes(self) -> list[dict[str, Any]]:
        return [{"guideline": f"number {self.asked}"}]


def test_an_unreachable_llm_stops_the_search_which_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assembly, "make_searcher", lambda name, llm, **options: Unreachable())
    assert main(command(tmp_path / "run")) == 1
    err = capsys.readouterr().err
    assert "error: the searcher's LLM cannot be reached" in err
    assert "the same command goes on where it stopped:" in err
    assert len(logged(tmp_path / "run")) == 2
    monkeypatch.setattr(Unreachable, "reachable", True)
    assert main(command(tmp_path / "run")) == 0
    assert "resumed: 2 of 5 trials are done" in capsys.readouterr().err
    notes = (tmp_path / "run/notes.jsonl").read_text().splitlines()
    assert [json.loads(note)["guideline"] for note in notes] == [f"number {number}" for number in range(1, 6)]


def test_a_search_without_a_complete_trial_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def generate(self: ScriptedEngine, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        raise EngineError("the server is gone")
        yield

    monkeypatch.setattr(ScriptedEngine, "generate", generate)
    assert main(command(tmp_path / "run")) == 1
    out, err = capsys.readouterr()
    assert "no trial was completed" in err
    assert "the server is gone" in out
    assert {trial["state"] for trial in logged(tmp_path / "run")} == {"failed"}


def test_an_offline_run_of_wandb_is_complete_even_after_a_resume(
    tmp_path: Path, read_wandb: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = command(tmp_path / "run", wandb="offline")
    monkeypatch.setattr(assembly, "make_searcher", lambda name, llm, **options: Unreachable())
    assert main(words) == 1
    shutil.rmtree(tmp_path / "run/wandb")
    monkeypatch.setattr(Unreachable, "reachable", True)
    assert main(words) == 0
    run = read_wandb(tmp_path / "run")
    trials, result = logged(tmp_path / "run"), summary(tmp_path / "run")
    steps = [step for step in run.history if "trial" in step]
    assert [step["by_trial/score"] for step in steps] == [trial["score"] for trial in trials]
    assert steps[-1]["by_tokens/best_score"] == result["score"]
    assert run.summary["test_score"] == result["test_score"]
    assert run.config["max_samples"] == 4
    (notes,) = (tmp_path / "run").rglob("notes_*.table.json")
    assert json.loads(notes.read_text())["data"][0] == [0, "guideline: number 1"]


def test_a_search_says_at_its_start_how_models_programs_are_contained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from agenttts_env.tasks.chatdev.pipeline import SoftwareDevelopment

    monkeypatch.setattr(SoftwareDevelopment, "prompt", lambda *_: None)  # the notice comes before any program is run
    monkeypatch.setattr(SoftwareDevelopment, "skip", lambda *_: None)
    words = command(tmp_path, task="chatdev", trials=1, models="smollm2-135m", cost="flops", budget=1e15)
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "models' programs run in a sandbox: " in said
    assert "all guarantees hold" in said

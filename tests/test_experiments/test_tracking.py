"""What an offline run of Weights & Biases holds, read back from its file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.tracking import WandbTracker
from agenttts_env.trial import Trial


def track(folder: Path, trials: list[Trial]) -> None:
    tracker = WandbTracker("offline", folder=folder, config={"task": "toy"}, name="toy-random-0", group="abc")
    assert tracker.url is None
    for trial in trials:
        tracker.trial(trial)
    tracker.note({"trial": 2, "guideline": "prefer the small model", "prompt": ["a", "b"]})
    tracker.finish({"best_allocation": "small x5 + small x1", "test_score": 0.625})


def test_an_offline_run_holds_the_whole_search(
    tmp_path: Path, trials: list[Trial], read_wandb: Callable[[Path], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    track(tmp_path, trials)
    run = read_wandb(tmp_path)
    history, summary, config, axes = run.history, run.summary, run.config, run.axes
    steps = [step for step in history if "trial" in step]
    assert [step["trial"] for step in steps] == [0, 1, 2, 3, 4, 5]
    assert [step["by_trial/state"] for step in steps] == [trial.state for trial in trials]
    assert [step.get("by_trial/score") for step in steps] == [0.25, None, 0.75, None, 0.5, 0.75]
    for prefix in ("by_trial", "by_tokens", "by_flops"):
        assert [step[f"{prefix}/best_score"] for step in steps] == [0.25, 0.25, 0.75, 0.75, 0.75, 0.75]
    assert [step["tokens_computed"] for step in steps] == [1200, 1200, 2400, 2400, 3600, 4800]
    assert steps[-1]["flops_total"] == pytest.approx(4 * 1.1e12)
    assert steps[2]["by_trial/allocation"] == "small x5 + small x1"
    assert axes["by_trial/*"] == "trial"
    assert axes["by_tokens/*"] == "tokens_computed"
    assert axes["by_flops/*"] == "flops_total"
    assert summary["best_allocation"] == "small x5 + small x1"
    assert summary["test_score"] == 0.625
    assert config["task"] == "toy"
    tables = {path.name.split("_")[0]: json.loads(path.read_text()) for path in tmp_path.rglob("*.table.json")}
    assert [row[:2] for row in tables["trials"]["data"]] == [[trial.number, trial.state] for trial in trials]
    assert tables["notes"]["data"] == [[2, "guideline: prefer the small model\nprompt: a\nb"]]
    assert not {"WANDB_DATA_DIR", "WANDB_CACHE_DIR"} & set(os.environ)
    assert capfd.readouterr().err == ""


def test_an_error_of_wandb_ends_tracking_only(
    tmp_path: Path, trials: list[Trial], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import wandb

    def broken(**_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(wandb, "init", broken)
    track(tmp_path, trials)
    assert capsys.readouterr().err == "warning: W&B tracking stopped, the search goes on: OSError: no space left\n"


def test_an_unreachable_server_goes_on_offline(
    tmp_path: Path,
    trials: list[Trial],
    read_wandb: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import wandb

    init = wandb.init

    def no_network(*, mode: Any, **options: Any) -> Any:
        if mode == "online":
            raise wandb.errors.CommError("cannot connect\nConsider this and that")
        return init(mode=mode, **options)

    monkeypatch.setattr(wandb, "init", no_network)
    tracker = WandbTracker("online", folder=tmp_path, config={}, name="n", group="g")
    tracker.trial(trials[0])
    tracker.finish(None)
    assert "(cannot connect); going on offline" in capsys.readouterr().err
    assert read_wandb(tmp_path).history[0]["by_trial/score"] == 0.25


def test_a_missing_wandb_names_the_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[wandb\]'"):
        WandbTracker("offline", folder=tmp_path, config={}, name="n", group="g")

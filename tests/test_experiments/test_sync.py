"""Uploading offline runs: what can be seen of it without a server."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.experiments import sync
from agenttts_env.experiments.cli import FAILED, main
from agenttts_env.experiments.tracking import WandbTracker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds three runs that are nothing but names."""
    for name in "abc":
        run = tmp_path / "wandb" / f"offline-run-20260101_000000-{name}"
        run.mkdir(parents=True)
        (run / f"run-{name}.wandb").touch()
    return tmp_path


def serve(monkeypatch: pytest.MonkeyPatch, refused: Sequence[str] = ()) -> list[str]:
    """A stand-in for `wandb sync`, which marks what it has uploaded."""
    asked: list[str] = []

    def run(command: list[str], **_: Any) -> None:
        path = Path(command[-1])
        asked.append(path.name)
        for file in [*path.glob("run-*.wandb"), *path.glob("*/run-*.wandb")]:
            if file.stem.removeprefix("run-") not in refused:
                file.with_name(f"{file.name}.synced").touch()

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def test_all_runs_are_uploaded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = serve(monkeypatch)
    assert sync.upload(folder) == 3
    assert asked == ["offline-run-20260101_000000-a", "wandb"]
    assert sync.upload(folder) == 0
    assert len(asked) == 2


def test_where_the_first_fails_the_others_are_not_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = serve(monkeypatch, refused="a")
    with pytest.raises(EngineError, match="has taken 0 of 3 runs"):
        sync.upload(folder)
    assert len(asked) == 1


def test_a_run_that_is_not_taken_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, refused="c")
    with pytest.raises(EngineError, match="has taken 2 of 3 runs"):
        sync.upload(folder)
    assert [run.name[-1] for run in sync.offline_runs(folder)] == ["c"]


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="has none"):
        sync.upload(tmp_path)


def test_wandb_itself_without_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    WandbTracker("offline", folder=tmp_path, config={}, name="n", group="g").finish({})
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_X_GRAPHQL_RETRY_MAX", "1")
    monkeypatch.setenv("WANDB_X_GRAPHQL_RETRY_WAIT_MAX_SECONDS", "1")
    assert main(["sync", str(tmp_path)]) == FAILED
    err = capfd.readouterr().err
    assert "has taken 0 of 1 runs" in err
    assert f"agenttts sync {tmp_path}" in err
    assert len(sync.offline_runs(tmp_path)) == 1

"""The study through its own command line, tiny."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenttts_env.experiments.rl_study.__main__ import main
from agenttts_env.experiments.rl_study.trainings import Training, plan


def test_every_kind_task_and_seed_is_trained_once() -> None:
    found = plan(("stagewise", "mixture"), ("cwq", "chatdev"), 2)
    assert len(set(found)) == len(found) == 8
    assert found[0] == Training("stagewise", "cwq", 0)


def test_a_policy_of_the_mixture_is_not_trained_on_its_task(tmp_path: Path) -> None:
    options = Training("mixture", "cwq", 3).options(tmp_path, 0.5)
    assert options.held_out == ("cwq",)
    assert options.seed == 3


@pytest.mark.slow
def test_a_tiny_study_writes_its_page_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agenttts_env.experiments.rl_study.mixture.DATA_SEEDS", 3)
    page = tmp_path / "rl.md"
    words = ["--out", str(tmp_path / "out"), "--markdown", str(page), "--seeds", "2", "--scale", "0.005"]
    main([*words, "--tasks", "cwq", "chatdev", "--jobs", "2"])
    text = page.read_text()
    for heading in ("# RL", "## Stagewise", "## Per query", "### On recorded", "## Search", "## Where these"):
        assert f"{heading}" in text
    assert "{" not in text.replace("${", "")
    plots = sorted(file.name for file in (tmp_path / "rl").iterdir())
    assert plots == [
        "mixture-curves.png", "mixture-searches.png", "per-query-curves.png", "per-query-trade-off.png",
        "stagewise-curves.png", "stagewise-regret.png",
    ]  # fmt: skip
    for name in plots:
        assert f"](rl/{name})" in text
    trained = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("final.zip")}
    assert len(trained) == 14
    main([*words, "--tasks", "cwq", "chatdev", "--jobs", "2", "--kinds", "stagewise"])
    assert all(file.stat().st_mtime_ns == time for file, time in trained.items())

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from agenttts_env.baselines.rl.algorithms import read_hyperparameters
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.benchmark_rl import main as benchmark
from agenttts_env.experiments.train_options import TrainOptions
from agenttts_env.experiments.train_state import Evaluated, TrainState
from agenttts_env.experiments.tune_rl import main, score, suggest, tune

for _module in ("stable_baselines3", "sb3_contrib", "tensorboard", "yaml", "optuna"):
    pytest.importorskip(_module)
import optuna  # noqa: E402


def test_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tuned"
    words = ["--env=AgentTTS/CWQ-Stagewise-v0", "--env-option=examples=5", "--steps=24", "--trials=2", f"--out={out}"]
    main(words)
    assert f"{out}" in capsys.readouterr().out
    with (out / "study.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["trial"] for row in rows] == ["0", "1"]
    before = read_hyperparameters()
    as_they_were = before["stagewise"]["MaskablePPO"]
    assert {name: json.loads(rows[0][name]) for name in as_they_were} == as_they_were
    assert rows[1]["learning_rate"] != rows[0]["learning_rate"]
    result = json.loads((out / "study.json").read_text())
    assert result["best"]["value"] == max(float(row["value"]) for row in rows) >= result["as they were"]
    found = read_hyperparameters(out / "hyperparameters.yaml")
    assert found["stagewise"]["MaskablePPO"] == result["best"]["hyperparameters"]
    assert {kind: found[kind] for kind in ("search", "mixture")} == {
        kind: before[kind] for kind in ("search", "mixture")
    }
    with pytest.raises(InvalidInputError, match="`out` must be a folder without a study"):
        main(words)


def test_several_environments_count_together_and_what_is_kept_stays(tmp_path: Path) -> None:
    out, file = tmp_path / "tuned", tmp_path / "start.yaml"
    start = {"num_envs": 4, "n_steps": 4, "n_epochs": 2, "batch_size": 16, "gamma": 1.0, "ent_coef": 0.01}
    file.write_text(json.dumps({"stagewise": {"MaskablePPO": {**start, "learning_rate": [0.002, 0.0]}}}))
    envs = [f"AgentTTS/{task}-Stagewise-v0" for task in ("CWQ", "TaskBench")]
    options = [TrainOptions(env=env, hyperparameters=str(file), steps=32, env_option={"examples": 5}) for env in envs]
    tune(options, minutes=1, most=4, out=out, console=Console(quiet=True), keep=["gamma"])
    with (out / "study.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        parts = [score(TrainState.read(out / f"trial-{row['trial']}" / part / "checkpoint.zip")) for part in "01"]
        assert float(row["value"]) == pytest.approx(sum(parts) / 2)
        assert parts[0] != parts[1]
        assert float(row["gamma"]) == 1.0
        assert json.loads(row["learning_rate"])[1] == 0.0
    assert len({row["gae_lambda"] for row in rows}) > 1
    for changes, message in (
        ({"keep": ["gama"]}, "`keep` must be among .*, but got 'gama'"),
        (
            {"options": [options[0], replace(options[1], env="AgentTTS/CWQ-PerQuery-v0")]},
            "`env` must name .* one decis",
        ),
    ):
        with pytest.raises(InvalidInputError, match=message):
            tune(**{"options": options, "minutes": 0, "most": 1, "out": tmp_path, "console": Console(), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", [["n_epochs"], ["batch_size"], ["n_steps", "net_arch"], ["learning_rate", "gamma"]])
def test_what_is_kept_is_never_changed(keep: list[str]) -> None:
    start = read_hyperparameters()["per-query"]["MaskablePPO"]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    tried = [suggest(study.ask(), start, keep) for _ in range(10)]
    for name in start:
        values = [found[name] for found in tried]
        if name in keep or name == "num_envs":
            assert values == [start[name]] * 10
        else:
            assert any(value != values[0] for value in values)
    if "batch_size" not in keep:
        assert all(found["num_envs"] * found["n_steps"] % found["batch_size"] == 0 for found in tried)


def test_a_study_ends_with_its_time(tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    env = ["--env=AgentTTS/CWQ-Stagewise-v0", "--env-option=examples=5"]
    main([*env, "--steps=24", "--minutes=0", f"--out={out}"])
    assert json.loads((out / "study.json").read_text())["trials"] == 1


def test_one_lucky_evaluation_does_not_decide() -> None:
    def state(*means: float) -> TrainState:
        return TrainState(tuple(Evaluated(step, mean, 0.1) for step, mean in enumerate(means)))

    assert score(state(0.9, 0.1, 0.9, 0.2, 0.3, 0.4, 0.5)) == pytest.approx(0.45)
    assert score(state(0.9, 0.1)) == 0.1


def test_the_benchmark_runs(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark(["--envs", "AgentTTS/CWQ-Stagewise-v0", "--num-envs=4", "--n-steps=4", "--rounds=1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith("| CartPole-v1 | PPO | ")
    assert lines[-2].startswith("| AgentTTS/CWQ-Stagewise-v0 | PPO | ")
    assert lines[-1].startswith("| AgentTTS/CWQ-Stagewise-v0 | MaskablePPO | ")

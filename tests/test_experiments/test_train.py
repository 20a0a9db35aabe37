"""Training through the real command line: it learns, repeats itself, and goes on after a kill as if there was none."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agenttts_env.baselines.rl.episodes import play
from agenttts_env.baselines.rl.policy import RandomPolicy, TrainedPolicy
from agenttts_env.baselines.rl.problems import make_envs
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.cli import main
from agenttts_env.experiments.train_options import TrainOptions, read_train_options

for _module in ("stable_baselines3", "sb3_contrib", "tensorboard", "yaml"):
    pytest.importorskip(_module)

STAGEWISE = "AgentTTS/CWQ-Stagewise-v0"
SMALL = ["--eval-episodes=16", "--eval-data-seeds=2", "--data-seeds=2", "--env-option=examples=10"]
FEW = ["--hyperparameter=num_envs=8", "--hyperparameter=n_steps=8", "--hyperparameter=batch_size=32"]
DQN_FEW = ["--hyperparameter=num_envs=8", "--hyperparameter=learning_starts=64"]


def train(out: Path, *words: str, env: str = STAGEWISE) -> list[str]:
    return ["train", "--env", env, *SMALL, *FEW, f"--out={out}", *words]


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "evaluations.jsonl").read_text().splitlines()]


def parameters(file: Path) -> list[np.ndarray[Any, Any]]:
    return [value.detach().numpy() for value in TrainedPolicy.load(file).model.policy.parameters()]


def test_a_moment_of_training_beats_chance(tmp_path: Path) -> None:
    env, out = "AgentTTS/2WikiMultiHopQA-Stagewise-v0", tmp_path / "run"
    assert main(["train", "--env", env, "--steps=7000", "--eval-every=7000", f"--out={out}"]) == 0
    data = {"data_seeds": range(20_000, 20_016)}
    envs = make_envs(env, 512, data, autoreset_mode=AutoresetMode.NEXT_STEP)
    learnt = play(TrainedPolicy.load(out), envs, seed=7).returns
    chance = play(RandomPolicy(envs.single_action_space), envs, seed=7, stochastic=True).returns
    difference = learnt - chance  # of the same budgets and data sets
    assert difference.mean() > 0.1
    assert difference.mean() > 5 * difference.std(ddof=1) / len(difference) ** 0.5


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed training."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert main(train(out, "--steps=512", "--eval-every=128", "--seed=3")) == 0
    return out


def test_the_files_of_a_training(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(whole)
    assert [row["step"] for row in found] == [0, 128, 256, 384, 512]
    assert all(set(row) == {"step", "mean", "spread"} for row in found)
    timings = [json.loads(line) for line in (whole / "timings.jsonl").read_text().splitlines()]
    assert [row["step"] for row in timings] == [0, 128, 256, 384, 512]
    assert (np.diff([row["seconds"] for row in timings]) > 0).all()
    summary = json.loads((whole / "summary.json").read_text())
    best = max(found, key=lambda row: (row["mean"], -row["step"]))
    assert (summary["best"], summary["untrained"], summary["final"]) == (best, found[0], found[-1])
    assert summary["training"] | {"seconds": 0} == {
        "backend": "simulated",
        "steps": 512,
        "episodes": 256,
        "trials": 256,
        "seconds": 0,
    }
    settings = json.loads((whole / "run.json").read_text())
    assert settings["backend"] == "simulated"
    assert settings["hyperparameters"]["num_envs"] == 8
    assert settings["libraries"]["torch"]
    assert settings["env_options"]["data_seeds"] == [0, 1]
    assert settings["eval_options"]["data_seeds"] == [10_000, 10_001]
    assert list((whole / "tensorboard").iterdir())
    assert TrainedPolicy.load(whole / "best.zip").about["training"]["steps"] == best["step"]
    assert TrainedPolicy.load(whole / "final.zip").about["training"]["steps"] == 512
    before = {file.name: file.read_bytes() for file in whole.iterdir() if file.is_file()}
    assert main(train(whole, "--steps=512", "--eval-every=128", "--seed=3")) == 0  # reports it again
    assert "best held-out return" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in whole.iterdir() if file.is_file()} == before


def test_the_same_seed_gives_the_same_and_leaves_global_random_numbers_alone(whole: Path, tmp_path: Path) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    again, other = tmp_path / "again", tmp_path / "other"
    assert main(train(again, "--steps=512", "--eval-every=128", "--seed=3")) == 0
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]  # noqa: NPY002
    assert (again / "evaluations.jsonl").read_bytes() == (whole / "evaluations.jsonl").read_bytes()
    for one, two in zip(parameters(again / "final.zip"), parameters(whole / "final.zip"), strict=True):
        np.testing.assert_array_equal(one, two)
    assert main(train(other, "--steps=128", "--eval-every=128", "--seed=4")) == 0
    assert rows(other) != rows(whole)[:2]


def killed_after(out: Path, count: int, command: list[str]) -> None:
    """Run a training in a process of its own and kill it once it has so many evaluations."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agenttts_env.experiments.cli", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    file = out / "evaluations.jsonl"
    while process.poll() is None and not (file.exists() and len(file.read_text().splitlines()) >= count):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_killed_training_goes_on_as_if_it_had_not_been(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "torn"
    command = train(out, "--steps=512", "--eval-every=128", "--seed=3")
    killed_after(out, 2, command)
    assert not (out / "summary.json").exists()
    assert main(command) == 0
    assert (out / "evaluations.jsonl").read_bytes() == (whole / "evaluations.jsonl").read_bytes()
    for name in ("best.zip", "final.zip"):
        for one, two in zip(parameters(out / name), parameters(whole / name), strict=True):
            np.testing.assert_array_equal(one, two)
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (out, whole)]
    for summary in summaries:
        del summary["training"]["seconds"]
    assert summaries[0] == summaries[1]


@pytest.mark.parametrize("algo", ["PPO", "A2C", "DQN"])
@pytest.mark.parametrize("env", [STAGEWISE, "AgentTTS/CWQ-PerQuery-v0"])
def test_algorithms_without_masks_train_where_masked_actions_are_replaced(
    env: str, algo: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"A2C": FEW[:2], "PPO": FEW, "DQN": DQN_FEW}[algo]
    words = [f"--algo={algo}", *SMALL, *few, "--env-option=masked=replace", "--steps=320", "--eval-every=320"]
    out = tmp_path / "run"
    assert main(["train", f"--env={env}", *words, f"--out={out}"]) == 0
    assert [row["step"] for row in rows(out)] == [0, 320]
    settings = json.loads((out / "run.json").read_text())
    assert settings["env_options"]["masked"] == settings["eval_options"]["masked"] == "replace"
    policy = TrainedPolicy.load(out / "final.zip")
    assert policy.model.num_timesteps == 320
    assert policy.model._n_updates > 0
    capsys.readouterr()
    assert main(["enjoy", str(out / "final.zip"), "--episodes=2"]) == 0
    assert "SIMULATED" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("env", "algo"),
    [
        ("AgentTTS/CWQ-v0", "A2C"),
        ("AgentTTS/CWQ-v0", "RecurrentPPO"),
        ("AgentTTS/Mixture-v0", "MaskablePPO"),
        ("AgentTTS/CWQ-PerQuery-v0", "MaskablePPO"),
        ("AgentTTS/CWQ-PerQuery-v0", "DQN"),
    ],
)
def test_every_algorithm_goes_on_as_if_it_had_not_been_killed(env: str, algo: str, tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    few = {"A2C": FEW[:2], "DQN": [*DQN_FEW, "--env-option=masked=replace"]}.get(algo, FEW)
    commands = {
        out: ["train", "--env", env, "--algo", algo, *SMALL, *few, "--steps=512", "--eval-every=128", f"--out={out}"]
        for out in (whole, torn)
    }
    assert main(commands[whole]) == 0
    for count in (1, 2, 4):
        killed_after(torn, count, commands[torn])
    assert main(commands[torn]) == 0
    # What is learnt is the same to the last bit. Of two processes, the last bits of a probability may depend on where
    # its arrays lie in memory, and once in a while so does an action that an evaluation draws.
    found, expected = rows(torn), rows(whole)
    assert [row["step"] for row in found] == [row["step"] for row in expected]
    assert [row["mean"] for row in found] == pytest.approx([row["mean"] for row in expected], abs=0.02)
    for one, two in zip(parameters(torn / "final.zip"), parameters(whole / "final.zip"), strict=True):
        np.testing.assert_array_equal(one, two)


def test_other_settings_are_refused(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(train(whole, "--steps=512", "--eval-every=128", "--seed=4")) == 2
    assert "holds a run with seed = 3, but this one has 4" in capsys.readouterr().err
    assert main(train(whole, "--steps=512", "--eval-every=128", "--seed=3", "--hyperparameter=gamma=0.5")) == 2
    assert "holds a run with hyperparameters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "`env` must be one of AgentTTS/"),
        (["--env=AgentTTS/Nothing-v0"], "`env` must be one of AgentTTS/"),
        (["--env", STAGEWISE, "--algo=PPO"], "`algo` PPO ignores action masks"),
        (["--env", STAGEWISE, "--algo=ppo"], "`algo` must be one of PPO, A2C, DQN, MaskablePPO, RecurrentPPO, but got"),
        (["--env", STAGEWISE, "--steps=0"], "`steps` must be >= 1, but got 0"),
        (["--env", STAGEWISE, "--steps=some"], "`steps` must be an integer, but got 'some'"),
        (["--env", STAGEWISE, "--seed=-1"], "`seed` must lie in [0, 2**32), but got -1"),
        (["--env", STAGEWISE, "--held-out=cwq"], "`held_out` needs the mixture, but got 'cwq'"),
        (["--env=AgentTTS/Mixture-v0", "--held-out=gsm8k"], "`held_out` must be among"),
        (["--env", STAGEWISE, "--env-option=reward=none"], "`reward` must be one of score, expected, but got 'none'"),
        (["--env", STAGEWISE, "--hyperparameter=gama=1"], "hyperparameters of MaskablePPO must be among"),
        (["--env", STAGEWISE, "--hyperparameters=none.yaml"], "cannot read the hyperparameters in none.yaml"),
        (["--config=none.yaml"], "cannot read the options in none.yaml"),
    ],
)
def test_errors(words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", f"--out={tmp_path / 'run'}", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_file_of_options(tmp_path: Path) -> None:
    file = tmp_path / "training.yaml"
    file.write_text(f"env: {STAGEWISE}\nsteps: 300\nheld_out: []\nenv_option: {{examples: 10}}\n")
    options = TrainOptions(**read_train_options(file))
    assert (options.env, options.steps, options.env_option) == (STAGEWISE, 300, {"examples": 10})
    for text, message in (
        ("- 1", "must hold options and values"),
        ("speed: 1", "must have options among env, .*, but has 'speed'"),
        ("env_option: 3", "`env_option` must be names and values, but got 3"),
    ):
        file.write_text(text)
        with pytest.raises(InvalidInputError, match=message):
            read_train_options(file)


def test_held_out_tasks() -> None:
    from agenttts_env.experiments.train_plan import TrainPlan

    plan = TrainPlan.of(TrainOptions(env="AgentTTS/Mixture-v0", held_out=("cwq",), env_option={"examples": 5}))
    assert "cwq" not in plan.env_options["tasks"]
    assert len(plan.env_options["tasks"]) == 5
    assert plan.eval_options["tasks"] == ["cwq"]


def test_weights_and_biases_offline(tmp_path: Path, read_wandb: Callable[[Path], Any]) -> None:
    pytest.importorskip("wandb")
    out = tmp_path / "run"
    assert main(train(out, "--steps=128", "--eval-every=64", "--wandb=offline")) == 0
    run = read_wandb(out)
    means = [row["evaluation/mean"] for row in run.history if "evaluation/mean" in row]
    assert means == [row["mean"] for row in rows(out)]
    assert run.config["backend"] == "simulated"
    assert any("rollout/ep_rew_mean" in row for row in run.history)

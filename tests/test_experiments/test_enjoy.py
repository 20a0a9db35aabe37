from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agenttts_env.baselines.rl.policy import ABOUT, TrainedPolicy, save_model
from agenttts_env.experiments.cli import main

for _module in ("stable_baselines3", "sb3_contrib", "tensorboard", "yaml"):
    pytest.importorskip(_module)

ENVS = {
    "search": ["--env=AgentTTS/CWQ-v0", "--env-option=trials=6"],
    "stagewise": ["--env=AgentTTS/CWQ-Stagewise-v0"],
    "per-query": ["--env=AgentTTS/CWQ-PerQuery-v0"],
    "mixture": ["--env=AgentTTS/Mixture-v0", "--held-out=cwq", "--env-option=trials=6"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy of each kind, in a folder of its name."""
    folder = tmp_path_factory.mktemp("policies")
    for kind, words in ENVS.items():
        words = [*words, "--steps=16", "--eval-every=16", "--eval-episodes=2", "--data-seeds=1", "--eval-data-seeds=1"]
        few = ["--env-option=examples=5", "--hyperparameter=num_envs=4", "--hyperparameter=n_steps=4"]
        assert main(["train", *words, *few, "--hyperparameter=batch_size=8", f"--out={folder / kind}"]) == 0
    return folder


def test_allocations(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enjoy", str(folder / "stagewise"), "--episodes=3"]) == 0
    out = capsys.readouterr().out
    assert "SIMULATED" in out
    assert out.count("qwen2.5-") == 3
    assert "relative regret over these budgets" in out
    assert main(["enjoy", str(folder / "stagewise" / "final.zip"), "--budget=300"]) == 0
    assert " 300 " in capsys.readouterr().out


def test_questions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enjoy", str(folder / "per-query"), "--episodes=2", "--price=0.5"]) == 0
    out = capsys.readouterr().out
    assert out.count("SIMULATED; cost in FLOPs") == 2
    assert "question 1, price 0.5" in out
    assert out.count("accept") >= 4  # two stages, two questions
    assert out.count("switch to") >= 4  # which is how a stage begins


def test_decisions_are_those_that_were_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--steps=16", "--eval-every=16", "--eval-episodes=2", "--data-seeds=1", "--eval-data-seeds=1"]
    options = ["--env-option=examples=5", "--env-option=masked=replace", "--hyperparameter=num_envs=4"]
    assert main(["train", *ENVS["per-query"], "--algo=A2C", *words, *options, f"--out={tmp_path / 'run'}"]) == 0
    policy = TrainedPolicy.load(tmp_path / "run")
    policy.model.policy.action_net.bias.data[-1] = 1e6  # accepts, also where there is nothing to accept
    save_model(policy.model, tmp_path / "hasty.zip", {ABOUT: json.dumps(policy.about)})
    capsys.readouterr()
    assert main(["enjoy", str(tmp_path / "hasty.zip"), "--episodes=1"]) == 0
    out = capsys.readouterr().out
    decisions = re.findall(r"(instead: |)(switch to|accept) ", out)
    assert decisions == [("instead: ", "switch to"), ("", "accept")] * 2


@pytest.mark.parametrize(("kind", "words"), [("search", []), ("mixture", ["--task=cwq"])])
def test_searches(
    kind: str, words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    file = tmp_path / ("search.gif" if kind == "search" else "search.png")
    assert main(["enjoy", str(folder / kind), *words, f"--frames={file}"]) == 0
    out = capsys.readouterr().out
    assert "cwq · policy · SIMULATED" in out
    assert out.count("complete") == 6
    with image.open(file) as picture:
        assert getattr(picture, "n_frames", 1) == (6 if kind == "search" else 1)


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("none", [], "`policy` must be a file that `agenttts train` wrote, or its folder"),
        ("stagewise", ["--task=cwq"], "`task` needs a policy of the mixture, but"),
        ("stagewise", ["--frames=x.gif"], "`frames` needs a policy that searches, but"),
        ("stagewise", ["--frames=x.mp4"], "`frames` must end in .png or .gif, but got 'x.mp4'"),
        ("stagewise", ["--episodes=0"], "`episodes` must be >= 1, but got 0"),
        ("stagewise", ["--budget=1"], "`budget` must be finite and pay at least the cheapest allocation"),
        ("mixture", [], "`task` must be given for a policy of the mixture"),
    ],
)
def test_errors(kind: str, words: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enjoy", str(folder / kind), *words]) == 2
    assert message in capsys.readouterr().err


def test_recorded_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are trained on the one split and shown on the other, and are not called simulated."""
    out = tmp_path / "run"
    words = ["--env=AgentTTS/FictionalQA-PerQuery-v0", "--env-option=backend=replay", "--steps=16", "--eval-episodes=2"]
    few = ["--hyperparameter=num_envs=4", "--hyperparameter=n_steps=4", "--hyperparameter=batch_size=8"]
    assert main(["train", *words, *few, f"--out={out}"]) == 0
    settings = json.loads((out / "run.json").read_text())
    assert (settings["backend"], settings["eval_options"]["split"]) == ("replay", "test")
    assert main(["enjoy", str(out)]) == 0
    text = capsys.readouterr().out
    assert "REPLAY" in text
    assert "SIMULATED" not in text

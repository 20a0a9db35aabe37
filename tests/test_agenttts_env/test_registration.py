"""What ``gymnasium.make`` gives, end to end, without a model."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import agenttts_env
from agenttts_env.baselines import RandomSearcher
from agenttts_env.errors import InvalidInputError

FICTIONAL = {"engine": "scripted", "models": ["smollm2-135m", "smollm2-360m"], "examples": 4, "trials": 5}


def make(tmp_path: Path, name: str = "FictionalQA", **options: object) -> gym.Env:  # type: ignore[type-arg]
    return gym.make(f"AgentTTS/{name}-v0", backend="live", store=tmp_path / "s.sqlite", **(FICTIONAL | options))


def test_the_loop_of_the_readme(tmp_path: Path) -> None:
    env = make(tmp_path).unwrapped
    assert isinstance(env, agenttts_env.AllocationEnv)
    searcher = RandomSearcher()
    env.reset(seed=0)
    searcher.reset(env.problem, trials=env.max_trials, seed=0)
    done, steps = False, 0
    while not done:
        allocation = searcher.ask()
        _, _, done, _, info = env.step(env.problem.encode(allocation))
        searcher.tell(env.trials[-1])
        steps += 1
    assert steps == 5
    assert env.best.allocation is not None
    assert info["backend"] == "scripted"  # no model wrote this
    assert "backend=scripted" in repr(env)
    assert env.trials == agenttts_env.search(make(tmp_path), RandomSearcher(), seed=0)


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
def test_checkers_and_pickling(tmp_path: Path, infeasible: str) -> None:
    env = make(tmp_path, infeasible=infeasible)
    check_env(env.unwrapped, skip_render_check=True)
    from stable_baselines3.common.env_checker import check_env as check_env_sb3

    check_env_sb3(env.unwrapped, skip_render_check=True)
    twin = pickle.loads(pickle.dumps(env.unwrapped))
    action = np.array([0, 3, 1, 2])
    twin.reset(seed=0)
    env.reset(seed=0)
    assert twin.step(action)[0].tolist() == env.step(action)[0].tolist()
    assert twin.step(action)[4] == env.step(action)[4]
    assert twin.trials == env.unwrapped.trials
    env.close()


@pytest.mark.parametrize(("mode", "kind"), [("ansi", str), ("rgb_array", np.ndarray)])
def test_rendering(tmp_path: Path, mode: str, kind: type) -> None:
    env = make(tmp_path, render_mode=mode)
    env.reset(seed=0)
    env.step(np.array([0, 3, 1, 2]))
    picture = env.render()
    assert isinstance(picture, kind)
    if isinstance(picture, str):
        assert "SCRIPTED" in picture


def test_vector_environments_work_over_one_store(tmp_path: Path) -> None:
    envs = gym.make_vec("AgentTTS/FictionalQA-v0", num_envs=2, store=tmp_path / "s.sqlite", **FICTIONAL)
    observations, _ = envs.reset(seed=0)
    assert observations.shape == (2, *envs.single_observation_space.shape)
    action = np.array([[0, 3, 1, 2], [0, 3, 1, 2]])
    observations, rewards, *_ = envs.step(action)
    assert observations[0].tolist() == observations[1].tolist()
    assert rewards[0] == rewards[1]
    envs.close()


@pytest.mark.data
@pytest.mark.parametrize(("name", "folder"), [("2WikiMultiHopQA", "2wikimultihopqa"), ("HotpotQA", "hotpotqa")])
def test_real_data(tmp_path: Path, data_folder: Callable[[str], Path], name: str, folder: str) -> None:
    env = make(tmp_path, name, data=str(data_folder(folder)), models="smollm2-135m", budget=1.0)
    _, info = env.reset(seed=0)
    *_, info = env.step(np.array([0, 1, 0, 2]))
    assert info["complete"]
    assert len(env.unwrapped.trials[-1].example_scores) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "dreamt"}, "`backend` must be one of live, .*, but got 'dreamt'"),
        ({"engine": "steam"}, "`engine` must be one of transformers, vllm, openai, scripted, but is 'steam'"),
        ({"models": "gpt-99"}, "a model is one of .* but got 'gpt-99'"),
        ({"models": {"ask": ["smollm2-135m"]}}, "has the stages retrieve, answer, but got 'ask'"),
        ({"models": "m@many"}, "needs a number after the '@', but got 'm@many'"),
        ({"temperatures": {"answer": 3.0}}, r"`temperature` must lie in \[0, 2\], but stage 'answer' has 3.0"),
        ({"fusions": {"answer": "mix"}}, "`fusion` must be one of .* but stage 'answer' has 'mix'"),
        ({"examples": 0}, "need search >= 1 and test >= 0 examples, but got 0 and 0"),
        ({"cost": "gold"}, "`cost` must be one of paper, flops, usd"),
        ({"levels": (3, 1)}, "`levels` must be ascending"),
        ({"data_options": {"hops": 9}}, "`hops` must be <= 4, but is 9"),
        ({"data": "nowhere"}, "its data must be None, but got 'nowhere'"),
        ({"store": "/no/such/folder/s.sqlite"}, "folder must exist"),
    ],
)
def test_bad_options_are_refused_before_anything_is_loaded(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gym.make("AgentTTS/FictionalQA-v0", **({"store": tmp_path / "s.sqlite"} | FICTIONAL | options))

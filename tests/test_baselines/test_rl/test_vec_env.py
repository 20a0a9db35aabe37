from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agenttts_env.baselines.rl.algorithms import get_algorithm, make_model
from agenttts_env.baselines.rl.problems import make_envs
from agenttts_env.baselines.rl.vec_env import REPORTED_EPISODES, SB3VecEnv
from agenttts_env.errors import InvalidInputError


def test_it_steps_as_the_gymnasium_environment_does() -> None:
    options = {"data_seeds": [0, 1], "examples": 10}
    ours = SB3VecEnv(make_envs("AgentTTS/CWQ-Stagewise-v0", 16, options))
    theirs = make_envs("AgentTTS/CWQ-Stagewise-v0", 16, options)
    ours.seed(5)
    observations, (expected, _) = ours.reset(), theirs.reset(seed=5)
    rng = np.random.default_rng(0)
    for _ in range(20):
        np.testing.assert_array_equal(observations, expected)
        masks = ours.env_method("action_masks")
        np.testing.assert_array_equal(masks, theirs.action_masks())  # type: ignore[attr-defined]
        actions = np.array([rng.choice(np.flatnonzero(row)) for row in masks])
        observations, rewards, dones, infos = ours.step(actions)
        expected, wanted, terminations, truncations, _ = theirs.step(actions)
        np.testing.assert_array_equal(rewards, wanted.astype(np.float32))
        np.testing.assert_array_equal(dones, terminations | truncations)
        assert rewards.dtype == np.float32
        assert [index for index, info in enumerate(infos) if "episode" in info] == np.flatnonzero(dones).tolist()


def test_infos_hold_what_a_learner_reads(counting: Callable[..., Any]) -> None:
    envs = SB3VecEnv(counting(240))
    envs.reset()
    for _ in range(2):
        _, _, dones, infos = envs.step(np.ones(240, dtype=np.int64))
        assert not dones.any()
        assert all(info is infos[0] for info in infos)
        assert infos[0] == {}
    _, rewards, dones, infos = envs.step(np.zeros(240, dtype=np.int64))
    assert not rewards.any()
    np.testing.assert_array_equal(np.flatnonzero(dones), np.arange(0, 240, 2))
    reported = [index for index, info in enumerate(infos) if "episode" in info]
    assert reported == np.arange(0, 240, 2)[-REPORTED_EPISODES:].tolist()
    assert all(infos[index]["episode"] == {"r": 2.0, "l": 3} for index in reported)
    for index in range(240):
        truncated = index % 6 == 0
        assert infos[index].get("TimeLimit.truncated", False) == truncated
        assert ("terminal_observation" in infos[index]) == truncated
        if truncated:
            np.testing.assert_array_equal(infos[index]["terminal_observation"], [0.75, 1])
    assert envs.episodes == 120
    _, _, dones, infos = envs.step(np.ones(240, dtype=np.int64))
    assert infos[-1]["episode"] == {"r": 3.0, "l": 4}
    assert envs.episodes == 240


def test_attributes_and_methods(counting: Callable[..., Any]) -> None:
    from stable_baselines3.common.vec_env import VecEnv

    envs = SB3VecEnv(counting(4))
    assert isinstance(envs, VecEnv)
    assert not envs.has_attr("action_masks")
    assert envs.get_attr("render_mode", [0, 1]) == [None, None]
    assert envs.env_is_wrapped(VecEnv) == [False] * 4
    envs.set_attr("spirit", "high")
    assert envs.get_attr("spirit", 2) == ["high"]
    with pytest.raises(InvalidInputError, match="`indices` must be None"):
        envs.set_attr("spirit", "low", 2)
    assert envs.unwrapped is envs
    envs.close()


def test_only_environments_that_reset_in_the_same_step(counting: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"must have autoreset_mode=AutoresetMode\.SAME_STEP, but got"):
        SB3VecEnv(counting(4, AutoresetMode.NEXT_STEP))


@pytest.mark.parametrize(
    ("name", "env", "hyperparameters"),
    [
        ("PPO", "AgentTTS/CWQ-v0", {"n_steps": 16, "batch_size": 32}),
        ("A2C", "AgentTTS/CWQ-v0", {"n_steps": 8}),
        ("RecurrentPPO", "AgentTTS/CWQ-v0", {"n_steps": 16, "batch_size": 32, "net_arch": [8]}),
        ("MaskablePPO", "AgentTTS/CWQ-Stagewise-v0", {"n_steps": 16, "batch_size": 32, "net_arch": [8]}),
        ("DQN", None, {"learning_starts": 50, "train_freq": 4, "buffer_size": 500}),
    ],
)
def test_every_algorithm_learns_through_it(
    name: str, env: str | None, hyperparameters: dict[str, Any], counting: Callable[..., Any]
) -> None:
    envs = counting(8) if env is None else make_envs(env, 8, {"examples": 10})
    model = make_model(get_algorithm(name), envs, hyperparameters, seed=0)
    before = [parameter.detach().clone() for parameter in model.policy.parameters()]
    model.learn(400)
    assert model.num_timesteps >= 400
    assert len(model.ep_info_buffer) > 0
    assert all(parameter.isfinite().all() for parameter in model.policy.parameters())
    assert any((old != new).any() for old, new in zip(before, model.policy.parameters(), strict=True))

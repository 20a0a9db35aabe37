from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agenttts_env.baselines.rl.episodes import play
from agenttts_env.baselines.rl.policy import RandomPolicy, TrainedPolicy, action_sizes, choose, policy_file
from agenttts_env.baselines.rl.problems import make_envs
from agenttts_env.errors import InvalidInputError


@pytest.mark.parametrize(
    ("kind", "algo"), [("search", None), ("search", "RecurrentPPO"), ("stagewise", None), ("mixture", None)]
)
def test_the_most_probable_actions_are_those_of_the_library(
    kind: str, algo: str | None, trained: Callable[..., Path]
) -> None:
    policy = TrainedPolicy.load(trained(kind, algo))
    space = policy.model.observation_space
    rng = np.random.default_rng(0)
    observations = rng.uniform(0, 1, (32, *space.shape)).astype(np.float32)
    sizes = action_sizes(policy.model.action_space)
    masks, extra = None, {}
    if kind in ("stagewise", "mixture"):
        masks = rng.random((32, sum(sizes))) < 0.5
        masks[:, np.cumsum(sizes) - 1] = True
        extra = {"action_masks": masks}
    memory, state, starts = policy.start(32), None, np.ones(32)
    for _ in range(3):
        probabilities, memory = policy.probabilities(observations, masks, memory)
        expected, state = policy.model.predict(observations, state, starts, deterministic=True, **extra)
        np.testing.assert_array_equal(choose(probabilities, policy.model.action_space), expected)
        starts[:] = 0
        for part in probabilities:
            np.testing.assert_allclose(part.sum(axis=1), 1, atol=1e-6)
    if masks is not None:
        assert np.concatenate(probabilities, axis=1)[~masks].max() < 1e-6


def test_loading_leaves_global_random_numbers_alone(trained: Callable[..., Path]) -> None:
    path = trained("stagewise")
    before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    TrainedPolicy.load(path)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # type: ignore[index]  # noqa: NPY002


def test_drawn_actions_follow_the_probabilities() -> None:
    space = gym.spaces.MultiDiscrete([3, 2])
    parts = [np.tile([0.5, 0.0, 0.5], (20_000, 1)), np.tile([0.9, 0.1], (20_000, 1))]
    drawn = choose(parts, space, np.random.default_rng(0))
    assert drawn.shape == (20_000, 2)
    np.testing.assert_allclose(np.bincount(drawn[:, 0], minlength=3) / 20_000, [0.5, 0, 0.5], atol=0.02)
    np.testing.assert_allclose(drawn[:, 1].mean(), 0.1, atol=0.02)
    assert choose([parts[0]], gym.spaces.Discrete(3)).tolist() == [0] * 20_000


def test_random_policies_take_allowed_actions_only() -> None:
    policy = RandomPolicy(gym.spaces.MultiDiscrete([2, 3]))
    masks = np.array([[True, False, True, True, False]])
    probabilities, _ = policy.probabilities(np.zeros((1, 4)), masks, policy.start(1))
    np.testing.assert_array_equal(np.concatenate(probabilities, axis=1), [[1, 0, 0.5, 0.5, 0]])
    with pytest.raises(InvalidInputError, match="an action must be Discrete or MultiDiscrete, but got Box"):
        RandomPolicy(gym.spaces.Box(0, 1))


def test_episodes_are_the_first_ones_and_repeat_with_the_seed() -> None:
    envs = make_envs(
        "AgentTTS/CWQ-Stagewise-v0", 64, {"examples": 10}, autoreset_mode=gym.vector.AutoresetMode.NEXT_STEP
    )
    policy = RandomPolicy(envs.single_action_space)
    first, again, other = (play(policy, envs, seed=seed, stochastic=True) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.returns, again.returns)
    assert (first.returns != other.returns).any()
    assert (first.lengths == 2).all()
    np.testing.assert_array_equal(first.last["score"], first.returns)
    assert first.mean == first.returns.mean()
    assert first.spread > 0
    with pytest.raises(InvalidInputError, match=r"must have autoreset_mode=AutoresetMode\.NEXT_STEP"):
        play(policy, make_envs("AgentTTS/CWQ-Stagewise-v0", 2, {"examples": 10}), seed=0)


def test_files_that_are_no_policies(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(
            InvalidInputError, match="`policy` must be a file that `agenttts train` wrote, or its folder"
        ):
            policy_file(path)
    (tmp_path / "best.zip").write_bytes(b"no archive")
    with pytest.raises(InvalidInputError, match="`policy` must be a file that `agenttts train` wrote, but"):
        TrainedPolicy.load(tmp_path)

"""The option ``masked`` of the environments whose masks depend on the state: their ids, and Gymnasium's checker."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import agenttts_env  # noqa: F401  # registers the ids
from agenttts_env.allowed_actions import AllowedAction
from agenttts_env.errors import InvalidInputError

OPTIONS: dict[str, dict[str, Any]] = {
    "-Stagewise-": {"data_seeds": range(2), "examples": 20},
    "-PerQuery-": {"data_seeds": range(2), "examples": 10},
}
RECORDED: dict[str, dict[str, Any]] = {
    "-Stagewise-": {"backend": "replay", "cost": "flops", "budget": (3e11, 4.5e11)},
    "-PerQuery-": {"backend": "replay"},
}
NEEDS_DATA = "ChatDevSRDD"  # which the package does not carry

IDS = [name for name in gym.registry if any(ending in name for ending in OPTIONS)]
MADE = [name for name in IDS if NEEDS_DATA not in name]


def options_of(name: str) -> dict[str, Any]:
    offered = RECORDED if "FictionalQA" in name else OPTIONS
    return next(options for ending, options in offered.items() if ending in name)


def test_all_ids_but_one_tasks_are_checked() -> None:
    assert len(IDS) == len(MADE) + 2
    assert len(MADE) >= 14


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MADE)
def test_gymnasiums_checker_is_content_with_the_environment_itself(name: str) -> None:
    env: Any = gym.make(name, masked="replace", **options_of(name)).unwrapped
    assert env.masked == "replace"
    check_env(env, skip_render_check=True)


@pytest.mark.parametrize("name", MADE)
def test_any_action_of_the_space_is_taken_and_told(name: str) -> None:
    """A learner that knows no masks: it ends its episodes, within the budget, and is told what was replaced."""
    env: Any = gym.make(name, masked="replace", **options_of(name)).unwrapped
    rng, told = np.random.default_rng(0), {False: 0, True: 0}
    for episode in range(20):
        _, info = env.reset(seed=0 if episode == 0 else None)
        assert info["replaced"] is False
        done = False
        while not done:
            action = rng.integers(env.action_space.n)
            allowed = bool(env.action_masks()[action])
            _, _, done, _, info = env.step(action)
            assert info["replaced"] is not allowed
            told[info["replaced"]] += 1
        assert info["cost"] <= info.get("budget", env.problem.budget) * (1 + 1e-9)
    assert min(told.values()) > 0


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("name", ["AgentTTS/CWQ-Stagewise-v0", "AgentTTS/CWQ-PerQuery-v0"])
def test_the_option_is_refused_where_it_is_another(name: str, vector: bool) -> None:
    make = gym.make_vec if vector else gym.make
    options: dict[str, Any] = {"vectorization_mode": "vector_entry_point"} if vector else {}
    with pytest.raises(InvalidInputError, match=r"`masked` must be one of \('raise', 'replace'\), but got 'project'"):
        make(name, masked="project", **options_of(name), **options)
    made: Any = make(name, **options_of(name), **options).unwrapped
    assert made.masked == "raise"


def test_a_space_samples_what_is_allowed_at_the_time() -> None:
    allowed = np.array([[True], [False], [True]])
    space = AllowedAction(allowed)
    space.seed(0)
    assert {int(space.sample()) for _ in range(40)} == {0, 2}
    allowed[:, 0] = [False, True, False]
    assert {int(space.sample()) for _ in range(5)} == {1}
    assert int(space.sample(mask=np.array([0, 0, 1], dtype=np.int8))) == 2

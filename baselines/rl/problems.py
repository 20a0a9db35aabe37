"""The decision problems that a policy can be trained for, and their environments."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Literal, get_args

import gymnasium as gym
from gymnasium.vector import AutoresetMode, VectorEnv

from agenttts_env.errors import InvalidInputError

Kind = Literal["search", "stagewise", "per-query", "mixture"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""``search``: an episode is a search of one task; ``mixture``: of many; ``stagewise``: one allocation, stage by stage;
``per-query``: one question."""

HELD_OUT = 10_000
"""Data seeds from here on are for evaluation, those below for training."""

DATA_SETS: Mapping[Kind, tuple[int, int]] = {
    "search": (64, 32),
    "stagewise": (64, 32),
    "per-query": (16, 4),
    "mixture": (64, 32),
}
"""How many data sets to train and to evaluate on, unless others are asked for. Those of questions are five times as
large."""

_ENDINGS: Mapping[str, Kind] = {"-Stagewise": "stagewise", "-PerQuery": "per-query", "Mixture": "mixture"}


def problem_kind(env_id: str) -> Kind:
    """Which decision problem an environment is.

    Args:
        env_id: such as ``AgentTTS/CWQ-Stagewise-v0``.

    Raises:
        InvalidInputError: there is no such environment, or it has no vector environment of its own.
    """
    importlib.import_module("agenttts_env")  # registers them
    known = [name for name, spec in gym.registry.items() if name.startswith("AgentTTS/") and spec.vector_entry_point]
    if env_id not in known:
        raise InvalidInputError(f"`env` must be one of {', '.join(sorted(known))}, but got {env_id!r}")
    name = env_id.rpartition("-v")[0]
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), "search")


def data_options(kind: Kind, *, first: int, count: int, num_envs: int) -> dict[str, Any]:
    """The option that names the data sets of an environment.

    A search has one data set for each sub-environment, in turn; the others draw one for each episode.
    """
    seeds = range(first, first + count)
    if kind == "search":
        return {"data_seed": [seeds[number % count] for number in range(num_envs)]}
    return {"data_seeds": list(seeds)}


def held_out_data(kind: Kind, backend: str, *, count: int, num_envs: int) -> dict[str, Any]:
    """The option that names data to evaluate on: other data sets, or the other split of what was recorded."""
    if backend == "simulated":
        return data_options(kind, first=HELD_OUT, count=count, num_envs=num_envs)
    return {"split": "test"}


def make_envs(
    env_id: str,
    num_envs: int,
    options: Mapping[str, Any],
    *,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
) -> VectorEnv[Any, Any, Any]:
    """A vector environment.

    Args:
        env_id: see :func:`problem_kind`.
        num_envs: number of sub-environments.
        options: for the environment.
        autoreset_mode: :class:`~agenttts_env.baselines.rl.vec_env.SB3VecEnv` needs ``SAME_STEP``.

    Raises:
        InvalidInputError: there is no such environment, or an option breaks a rule.
    """
    problem_kind(env_id)
    try:
        return gym.make_vec(
            env_id,
            num_envs,
            vectorization_mode="vector_entry_point",
            autoreset_mode=autoreset_mode,
            **options,
        )
    except TypeError as error:  # an option that it does not have
        raise InvalidInputError(
            f"`env_option` must be options of {env_id}, but got {dict(options)}: {error}"
        ) from error


def is_masked(envs: VectorEnv[Any, Any, Any]) -> bool:
    """Whether not every action is allowed in every state."""
    return hasattr(envs, "action_masks")


def task_of(env_id: str) -> str:
    """The task of an environment that has one task."""
    return str(gym.spec(env_id).kwargs["task"])

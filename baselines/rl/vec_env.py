"""A Gymnasium vector environment as Stable-Baselines3 wants one, without a loop over sub-environments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from agenttts_env.errors import InvalidInputError, MissingExtraError

Array = npt.NDArray[Any]
Indices = int | Iterable[int] | None

REPORTED_EPISODES = 100
"""Of one step: as many as Stable-Baselines3 remembers, by default."""


class SB3VecEnv:
    """A Gymnasium vector environment that Stable-Baselines3 takes for one of its own.

    Stable-Baselines3 wants a list with a dictionary for each sub-environment. Here all share one empty dictionary, but
    for what a learner reads: ``episode`` (return and length) of at most the last 100 episodes that end in a step, and
    ``terminal_observation`` where an episode was truncated, from which values are bootstrapped. Returns and lengths are
    added up in arrays. What an environment's own infos say is in :attr:`last_infos`.

    It is registered as a virtual subclass of Stable-Baselines3's ``VecEnv``, so that this module loads without it.

    Args:
        envs: resets itself in the step in which an episode ends (``autoreset_mode=AutoresetMode.SAME_STEP``).

    Raises:
        InvalidInputError: it resets itself otherwise.
        MissingExtraError: Stable-Baselines3 is not installed.
    """

    render_mode = None

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        if envs.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise InvalidInputError(
                f"`envs` must have autoreset_mode={AutoresetMode.SAME_STEP}, but got "
                f"{envs.metadata.get('autoreset_mode')}"
            )
        try:
            from stable_baselines3.common.vec_env import VecEnv
        except ImportError:
            raise MissingExtraError("stable_baselines3", "rl") from None
        VecEnv.register(SB3VecEnv)
        self.envs = envs
        self.num_envs = envs.num_envs
        self.observation_space = envs.single_observation_space
        self.action_space = envs.single_action_space
        self.metadata: dict[str, Any] = {"render_modes": []}
        self.last_infos: dict[str, Any] = {}
        self.episodes = 0
        self._seed: int | None = None
        self._actions: Array = np.zeros(0)
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, dtype=np.int64)
        self._nothing: dict[str, Any] = {}
        self.reset_infos = [self._nothing] * self.num_envs

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Seed the next reset; sub-environment i gets ``seed + i``."""
        self._seed = seed
        return [None if seed is None else seed + number for number in range(self.num_envs)]

    def reset(self) -> Array:
        """Start an episode in every sub-environment; shape (num_envs, entries)."""
        observations, self.last_infos = self.envs.reset(seed=self._seed)
        self._seed = None
        self._returns[:] = 0.0
        self._lengths[:] = 0
        return np.asarray(observations)

    def step_async(self, actions: Array) -> None:
        """Say what the next step does."""
        self._actions = actions

    def step_wait(self) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Do it.

        Returns:
            Observations (of the next episode, where one has ended), rewards, whether an episode has ended, infos.
        """
        observations, rewards, terminations, truncations, self.last_infos = self.envs.step(self._actions)
        self._returns += rewards
        self._lengths += 1
        dones = terminations | truncations
        infos = [self._nothing] * self.num_envs
        ended = np.flatnonzero(dones)
        if ended.size:
            self.episodes += ended.size
            for number in ended[-REPORTED_EPISODES:].tolist():
                infos[number] = {"episode": {"r": float(self._returns[number]), "l": int(self._lengths[number])}}
            for number in np.flatnonzero(truncations & ~terminations).tolist():
                infos[number] = {
                    **infos[number],
                    "terminal_observation": self.last_infos["final_obs"][number],
                    "TimeLimit.truncated": True,
                }
            self._returns[ended] = 0.0
            self._lengths[ended] = 0
        return np.asarray(observations), rewards.astype(np.float32), dones, infos

    def step(self, actions: Array) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Take a step in every sub-environment, see :meth:`step_wait`."""
        self.step_async(actions)
        return self.step_wait()

    def has_attr(self, attr_name: str) -> bool:
        """Whether the environment has this attribute."""
        return hasattr(self.envs, attr_name)

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """The environment's attribute, which all sub-environments share."""
        return [getattr(self.envs, attr_name)] * self._count(indices)

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Set an attribute of the environment, for all sub-environments."""
        if indices is not None:
            raise InvalidInputError(
                f"`indices` must be None: sub-environments share their attributes, but got {indices}"
            )
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Indices = None, **method_kwargs: Any) -> Array:
        """Call a method that returns a row for each sub-environment, such as ``action_masks``; shape (num_envs, …)."""
        rows = np.asarray(getattr(self.envs, method_name)(*method_args, **method_kwargs))
        return rows if indices is None else rows[np.atleast_1d(np.array(indices))]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Indices = None) -> list[bool]:
        """Whether sub-environments are wrapped: they are not."""
        return [False] * self._count(indices)

    def close(self) -> None:
        """Close the environment."""
        self.envs.close()

    @property
    def unwrapped(self) -> SB3VecEnv:
        """Itself."""
        return self

    def getattr_depth_check(self, name: str, already_found: bool) -> str | None:
        """What wrappers of Stable-Baselines3 ask: nothing is hidden here."""
        return None

    def _count(self, indices: Indices) -> int:
        return self.num_envs if indices is None else int(np.size(np.array(indices)))

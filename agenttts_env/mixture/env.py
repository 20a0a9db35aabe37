"""One search after another, each of a task that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from agenttts_env.env import Action
from agenttts_env.mixture.vector_env import MixtureVectorEnv
from agenttts_env.observation import Observation
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import Landscape


class MixtureEnv(gym.Env[Observation, Action]):
    """A :class:`~agenttts_env.mixture.vector_env.MixtureVectorEnv` of one: all is described there.

    Args:
        problems: see there, as for all that follows.
        landscapes: of the problems' tasks.
        **options: all but ``num_envs`` and ``autoreset_mode``.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, problems: Sequence[Problem], landscapes: Sequence[Landscape], **options: Any) -> None:
        self.render_mode = None
        self._envs = MixtureVectorEnv(problems, landscapes, **options, autoreset_mode=AutoresetMode.DISABLED)
        self.action_space = self._envs.single_action_space
        self.observation_space = self._envs.single_observation_space

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of an observation is."""
        return self._envs.observation_names

    @property
    def problem(self) -> Problem:
        """The problem of the episode."""
        return self._envs.problem()

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """See the vector environment; shape (sum of sizes,)."""
        masks: npt.NDArray[np.bool_] = self._envs.action_masks()[0]
        return masks

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start another search.

        Args:
            seed: of all that is drawn from here on.
            options: ``task``, ``budget`` and ``data_seed`` are taken instead of drawn.

        Raises:
            InvalidInputError: an option breaks a rule.
        """
        super().reset(seed=seed)
        observations, infos = self._envs.reset(seed=seed, options=options)
        return observations[0], _first(infos)

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Run one trial.

        Raises:
            InvalidInputError: the action is not in the action space.
        """
        observations, rewards, terminations, _, infos = self._envs.step(np.asarray(action)[None])
        return observations[0], float(rewards[0]), bool(terminations[0]), False, _first(infos)

    def __repr__(self) -> str:
        return repr(self._envs).replace("MixtureVectorEnv", "MixtureEnv").replace("num_envs=1, ", "")

    __str__ = __repr__  # Gymnasium's names the class only: where scores come from must show


def _first(infos: dict[str, Any]) -> dict[str, Any]:
    """The infos of a vector environment's first sub-environment."""
    values = {name: array[0] for name, array in infos.items() if not name.startswith("_")}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}

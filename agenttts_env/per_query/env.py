"""One question after the other: a view on a vector of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from agenttts_env.allowed_actions import AllowedAction, Masked
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import Observation
from agenttts_env.per_query.moves import DRAWS, Moves
from agenttts_env.per_query.questions import Questions
from agenttts_env.per_query.vector_env import PRICE, Order, PerQueryVectorEnv
from agenttts_env.problem import Problem


class PerQueryEnv(gym.Env[Observation, np.int64]):
    """Decide question by question how much to sample.

    Actions, observations, rewards, costs and infos are described at
    :class:`~agenttts_env.per_query.vector_env.PerQueryVectorEnv`, of which this is one of one.

    Args:
        questions: what may be asked.
        problem: costs and budget.
        price: see there.
        draws: see there.
        order: see there.
        masked: see there.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        questions: Questions,
        problem: Problem,
        *,
        price: float | Sequence[float] = PRICE,
        draws: Sequence[int] = DRAWS,
        order: Order = "random",
        masked: Masked = "raise",
    ) -> None:
        self._one = PerQueryVectorEnv(
            questions,
            problem,
            price=price,
            draws=draws,
            order=order,
            masked=masked,
            autoreset_mode=AutoresetMode.DISABLED,
        )
        self.action_space = AllowedAction(self._one.allowed)
        self.observation_space = self._one.single_observation_space

    @property
    def questions(self) -> Questions:
        """What may be asked."""
        return self._one.questions

    @property
    def problem(self) -> Problem:
        """Costs and budget."""
        return self._one.problem

    @property
    def moves(self) -> Moves:
        """What actions do."""
        return self._one.moves

    @property
    def masked(self) -> Masked:
        """What an action that the masks do not leave does."""
        return self._one.masked

    @property
    def backend(self) -> str:
        """Where samples come from."""
        return self._one.backend

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of an observation is."""
        return self._one.observation_names

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions are allowed now; all of them at an episode's end. Shape (actions,)."""
        mask: npt.NDArray[np.bool_] = self._one.action_masks()[0]
        return mask

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin another episode; ``options`` may fix its ``example`` and its ``price``.

        Raises:
            InvalidInputError: an option breaks a rule.
        """
        super().reset(seed=seed)
        observations, infos = self._one.reset(seed=seed, options=options)
        return observations[0], _only(infos)

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take one decision.

        Raises:
            InvalidInputError: the action is not in the action space, or masked where that is an error.
        """
        chosen = np.asarray(action)
        if chosen.shape not in ((), (1,)):
            raise InvalidInputError(f"an action must be an integer, but got shape {chosen.shape}")
        observations, rewards, terminations, _, infos = self._one.step(chosen.reshape(1))
        return observations[0], float(rewards[0]), bool(terminations[0]), False, _only(infos)

    def __repr__(self) -> str:
        problem = self.problem
        return (
            f"<PerQueryEnv {problem.task.name} backend={self.backend} questions={len(self.questions)} "
            f"budget={problem.budget:.6g} {problem.cost.unit}>"
        )

    __str__ = __repr__  # Gymnasium's names the class only, and wrappers print it: where scores come from must show


def _only(infos: dict[str, Any]) -> dict[str, Any]:
    """The infos of the one sub-environment."""
    return {
        key: value.item() if isinstance(value := infos[key][0], np.generic) else value
        for key in infos
        if not key.startswith("_")
    }

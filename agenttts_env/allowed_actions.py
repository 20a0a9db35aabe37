"""Where not every action is allowed: spaces that sample those that are, and what becomes of another."""

from __future__ import annotations

from typing import Any, Literal, get_args

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError

Mask = npt.NDArray[np.bool_]

Masked = Literal["raise", "replace"]
"""What an action that the masks do not leave does: ``raise`` an :class:`InvalidInputError`; or ``replace``, for
learners that know no masks: the environment takes an allowed action in its place, and ``info["replaced"]`` says so."""


def check_masked(masked: Masked) -> None:
    """Check the option.

    Raises:
        InvalidInputError: it is another.
    """
    if masked not in get_args(Masked):
        raise InvalidInputError(f"`masked` must be one of {get_args(Masked)}, but got {masked!r}")


class AllowedAction(gym.spaces.Discrete):
    """A ``Discrete`` space that samples uniformly from what is allowed now, unless it is given a mask.

    Args:
        allowed: which actions are, shape (n, 1); its owner keeps it up to date.
    """

    def __init__(self, allowed: Mask) -> None:
        super().__init__(len(allowed))
        self._allowed = allowed

    def sample(self, mask: Any = None, probability: Any = None) -> np.int64:
        """One action; arguments as Gymnasium's."""
        if mask is None and probability is None:
            mask = self._allowed[:, 0].astype(np.int8)
        return np.int64(super().sample(mask, probability))


class AllowedActions(gym.spaces.MultiDiscrete):
    """The same for many sub-environments at once: a ``MultiDiscrete`` of as many equal entries.

    Args:
        allowed: which actions are, shape (n, num_envs); its owner keeps it up to date.
    """

    def __init__(self, allowed: Mask) -> None:
        actions, num_envs = allowed.shape
        super().__init__(np.full(num_envs, actions))
        self._allowed = allowed

    def sample(self, mask: Any = None, probability: Any = None) -> npt.NDArray[np.int64]:
        """An action for each sub-environment; arguments as Gymnasium's."""
        if mask is not None or probability is not None:
            return super().sample(mask, probability)
        # The r-th allowed action, for a uniform r.
        counts = np.cumsum(self._allowed, axis=0, dtype=np.uint32)
        ranks = (self.np_random.random(counts.shape[1]) * counts[-1]).astype(np.uint32)
        actions: npt.NDArray[np.int64] = (counts <= ranks).sum(axis=0)
        return actions

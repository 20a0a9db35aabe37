"""Playing a policy: one episode in every sub-environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv

from agenttts_env.baselines.rl.policy import Policy, choose
from agenttts_env.errors import InvalidInputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Episodes:
    """What became of an episode in every sub-environment.

    Attributes:
        returns: sums of the rewards, shape (num_envs,).
        lengths: numbers of steps.
        last: by name, every array of the infos of each episode's last step.
    """

    returns: Floats
    lengths: npt.NDArray[np.int64]
    last: Mapping[str, npt.NDArray[Any]]

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def spread(self) -> float:
        """Standard deviation of the returns."""
        return float(self.returns.std(ddof=1)) if len(self.returns) > 1 else 0.0


def play(
    policy: Policy,
    envs: VectorEnv[Any, Any, Any],
    *,
    seed: int,
    options: Mapping[str, Any] | None = None,
    stochastic: bool = False,
) -> Episodes:
    """Play one episode in every sub-environment: the first ones, so that short episodes do not count more.

    Args:
        policy: who acts.
        envs: with ``autoreset_mode=AutoresetMode.NEXT_STEP``, Gymnasium's default.
        seed: of the environment and of the policy's draws.
        options: for the reset.
        stochastic: whether to draw actions by their probabilities and not to take the most probable ones.

    Raises:
        InvalidInputError: the environment resets itself otherwise.
    """
    if envs.metadata.get("autoreset_mode") is not AutoresetMode.NEXT_STEP:
        raise InvalidInputError(f"`envs` must have autoreset_mode={AutoresetMode.NEXT_STEP}, but got {envs.metadata}")
    count = envs.num_envs
    rng = np.random.default_rng([seed, 1]) if stochastic else None
    observations, _ = envs.reset(seed=seed, options=None if options is None else dict(options))
    memory = policy.start(count)
    returns, lengths, running = np.zeros(count), np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.bool_)
    last: dict[str, npt.NDArray[Any]] = {}
    while running.any():
        masks = envs.unwrapped.action_masks() if hasattr(envs, "action_masks") else None
        probabilities, memory = policy.probabilities(observations, masks, memory)
        actions = choose(probabilities, envs.single_action_space, rng)
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        returns[running] += rewards[running]
        lengths[running] += 1
        ending = running & (terminations | truncations)
        for name, values in infos.items():
            if isinstance(values, np.ndarray) and len(values) == count and not name.startswith("_"):
                kept = last.setdefault(name, np.zeros_like(values))
                kept[ending] = values[ending]
        running &= ~ending
    return Episodes(returns, lengths, last)

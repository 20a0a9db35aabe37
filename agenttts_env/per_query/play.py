"""Playing a policy on given questions, each once: exact evaluation, nothing is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from agenttts_env.allowed_actions import Mask
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import Observation
from agenttts_env.per_query.moves import Floats, Ints
from agenttts_env.per_query.vector_env import PerQueryVectorEnv

Policy = Callable[[Observation, Mask], npt.ArrayLike]
"""Actions for observations and masks of the actions that are allowed; a row for each sub-environment."""


@dataclass(frozen=True, eq=False)
class Played:
    """What a policy reached, question by question.

    Attributes:
        scores: shape (questions,).
        costs: in the problem's unit; shape (questions,).
        steps: decisions taken; shape (questions,).
    """

    scores: Floats
    costs: Floats
    steps: Ints

    @property
    def score(self) -> float:
        """Mean score."""
        return float(self.scores.mean())

    @property
    def cost(self) -> float:
        """Mean cost."""
        return float(self.costs.mean())


def play(
    env: PerQueryVectorEnv, policy: Policy, *, examples: Sequence[int] | None = None, price: float | None = None
) -> Played:
    """One episode of each question.

    Whatever episodes were under way in the environment are over; reset it before it is used on.

    Args:
        env: as many questions at a time as it has sub-environments.
        policy: is shown observations of all of them, also of those that are already done.
        examples: indices of questions; all by default.
        price: that the policy is told; drawn by the environment by default.

    Raises:
        InvalidInputError: no examples, or an action that the masks do not leave.
    """
    if env.autoreset_mode is AutoresetMode.DISABLED:
        raise InvalidInputError("to play questions that end at different steps needs an autoreset, but it is disabled")
    asked = np.arange(len(env.questions)) if examples is None else np.asarray(examples)
    if not asked.size:
        raise InvalidInputError("need at least one example to play, but got none")
    scores, costs, steps = np.zeros(asked.size), np.zeros(asked.size), np.zeros(asked.size, dtype=np.int64)
    for first in range(0, asked.size, env.num_envs):
        part = np.arange(first, min(first + env.num_envs, asked.size))
        filled = np.resize(asked[part], env.num_envs)  # the last part is filled up with repetitions
        observations, _ = env.reset(options={"example": filled, "price": price})
        playing = np.arange(env.num_envs) < part.size
        while playing.any():
            steps[part] += playing[: part.size]
            observations, _, terminations, _, infos = env.step(policy(observations, env.action_masks()))
            ended = np.flatnonzero(playing & terminations)
            if ended.size:
                last = infos.get("final_info", infos)
                scores[part[ended]], costs[part[ended]] = last["score"][ended], last["cost"][ended]
                playing[ended] = False
    return Played(scores, costs, steps)

"""What a policy sees of an episode: the layout of an observation, and its parts that are looked up."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.observation import Observation
from agenttts_env.per_query.agreement import AGREEMENT, LEADER, LENGTH_LIMIT
from agenttts_env.per_query.moves import Moves

Floats = npt.NDArray[np.float64]

ACCEPTED = ("model", "samples", "largest group", "second group")
"""What is kept of every stage that was accepted, but for the last: which model (1 is the largest, 0 none yet), how many
samples, and how they agreed."""

MONEY = ("spent", "left", "price")
"""Cost so far, and what is left beside the cheapest way to the end, as shares of the budget; and the price, see
:func:`price_code`."""

SHOWN = AGREEMENT[:LEADER]
"""All features of agreement but the leader, which is only ever compared."""


def price_code(price: npt.ArrayLike) -> Floats:
    """Prices as in an observation: a quarter of their decimal logarithm, in [-1, 1] (prices beyond are cut)."""
    code: Floats = np.log10(np.clip(price, 1e-4, 1e4)) / 4
    return code


class View:
    """The layout of observations.

    Args:
        moves: the states of an episode.

    Attributes:
        names: what each entry is.
        of_state: the part that depends on the state alone; shape (states, entries).
        agreement: where the features of agreement stand.
        same: where it stands whether the answer that leads is the one that led when the last model was given up.
        lengths_known: where it stands whether lengths are known.
        money: where :data:`MONEY` stands.
        accepted: where :data:`ACCEPTED` stands, stage after stage.
    """

    def __init__(self, moves: Moves) -> None:
        stages, slots = moves.problem.task.stages, range(moves.models)
        state = [
            *(f"at {stage.name}" for stage in stages),
            *(f"model {slot}" for slot in slots),
            *(f"gave up model {slot}" for slot in slots),
            "samples",
        ]
        earlier = [f"{stage.name} {what}" for stage in stages[:-1] for what in ACCEPTED]
        self.names = (*state, *SHOWN, "lengths known", "same leader", *MONEY, *earlier)
        first = len(state)
        self.agreement = slice(first, first + len(SHOWN))
        self.lengths_known, self.same = self.agreement.stop, self.agreement.stop + 1
        self.money = slice(self.same + 1, self.same + 1 + len(MONEY))
        self.accepted = slice(self.money.stop, len(self.names))
        levels = np.array(moves.problem.levels)
        samples = np.where(moves.model >= 0, levels[moves.level], 0)
        self.samples = np.log1p(samples) / np.log1p(levels[-1])
        self.of_state = np.concatenate(
            [
                moves.stage[:, None] == np.arange(len(stages)),
                moves.model[:, None] == np.arange(moves.models),
                moves.given_up,
                self.samples[:, None],
            ],
            axis=1,
        ).astype(np.float32)

    def space(self) -> gym.Space[Observation]:
        """Everything lies in [0, 1], but for the mean length and the price."""
        low, high = np.zeros(len(self.names), dtype=np.float32), np.ones(len(self.names), dtype=np.float32)
        low[self.names.index("price")] = -1
        high[self.names.index("length")] = LENGTH_LIMIT
        return gym.spaces.Box(low, high, dtype=np.float32)

"""A trained policy as a searcher."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.baselines.rl.policy import TrainedPolicy
from agenttts_env.baselines.rl.proposers import Proposer, make_proposer
from agenttts_env.trial import Trial

PREFIX = "policy:"
"""Of a searcher's name: the policy's path follows."""

_MOST_DRAWS = 50


class PolicySearcher(Optimiser):
    """Asks for what a policy draws, given the trials so far; nothing is learnt any more.

    A policy of the stagewise problem is asked for its most probable allocation first. What is over budget or was asked
    for before is drawn again; after 50 such draws in a row a random untried allocation is asked for.

    What the training took is in :attr:`training`, for a column of its own beside the search's cost: ``backend``,
    ``steps``, ``episodes``, ``trials`` (allocations or questions that were tried), ``seconds``. A simulated training
    computes no tokens.

    Args:
        path: a file that ``agenttts train`` wrote, or its folder. It holds pickled Python objects: search with what you
            trust only.

    Raises:
        InvalidInputError: there is no such file, or it was trained for single questions. Whether it fits the task is
            checked by ``reset``.
        MissingExtraError: Stable-Baselines3 is not installed.
    """

    name = "policy"
    _proposer: Proposer

    def __init__(self, path: str | Path) -> None:
        super().__init__(init_rule=None)  # random draws go by the name so far: they do not depend on the path
        self.name = f"{PREFIX}{path}"
        self._policy = TrainedPolicy.load(path)
        self._make = make_proposer(self._policy)
        self.training = training_cost(self._policy)

    def tell(self, trial: Trial) -> None:
        """What the policy sees of the search so far."""
        self._proposer.tell(trial)

    def _start(self, trials: int, seed: int) -> None:
        self._proposer = self._make(self._problem, trials)

    def _propose(self) -> Allocation:
        self._proposer.look()
        for number in range(_MOST_DRAWS):
            allocation = self._proposer.draw(self._rng, first=number == 0 and not self._asked)
            if allocation not in self._asked and self._problem.is_feasible(allocation):
                return allocation
        return self._untried()


def training_cost(policy: TrainedPolicy) -> Mapping[str, Any]:
    """What the training of a policy took: all of it where it is over, as the best policy was chosen from all of it."""
    assert policy.path is not None
    summary = policy.path.parent / "summary.json"
    if summary.exists():
        total: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))["training"]
        return total
    own: dict[str, Any] = policy.about["training"]
    return own

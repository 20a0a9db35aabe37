"""A contextual bandit for the stagewise problem: whole allocations are arms, the budget is the context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError

if TYPE_CHECKING:
    from agenttts_env.problem import Problem
    from agenttts_env.stagewise.vector_env import StagewiseVectorEnv

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LEVELS = (1, 2, 5, 10, 20, 50, 100)
"""A coarse grid, as every arm has to be pulled: 441 arms for two stages of three models, 9,261 for three."""


class BudgetBandit:
    """Epsilon-greedy over allocations, with one mean for each: the budget decides which are affordable, not the score.

    What was learnt of an allocation at one budget therefore counts at every budget that pays it. The mean of an arm is
    drawn towards the mean of all pulls as by ``prior`` pulls of its own, so that one lucky pull does not lead.

    Arms are sorted by cost: the affordable ones are the first so many, and the best of them is a running maximum.

    Args:
        problem: what is on offer.
        levels: sample counts of the arms.
        epsilon: share of pulls that explore, uniformly over what the budget pays.
        prior: see above.
        seed: of every random choice.

    Raises:
        InvalidInputError: an argument breaks a rule.

    Attributes:
        actions: the arms, as :meth:`Problem.decode` reads them; shape (arms, 2 * stages).
        costs: of the arms, ascending.
        pulls: of each arm.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        levels: Sequence[int] = LEVELS,
        epsilon: float = 0.2,
        prior: float = 3.0,
        seed: int = 0,
    ) -> None:
        if not 0 <= epsilon <= 1:
            raise InvalidInputError(f"`epsilon` must lie in [0, 1], but got {epsilon}")
        if not prior > 0:
            raise InvalidInputError(f"`prior` must be > 0, but got {prior}")
        places = [place for place, level in enumerate(problem.levels) if level in set(levels)]
        if not places or problem.levels[places[0]] != problem.levels[0]:
            raise InvalidInputError(f"`levels` must have the lowest on offer, {problem.levels[0]}, but got {levels}")
        self.problem = problem
        self.epsilon = epsilon
        self.prior = prior
        self._rng = np.random.default_rng([seed, *b"bandit"])
        axes = [axis for table in problem.cost_tables for axis in (range(len(table)), places)]
        actions = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        costs = np.zeros(len(actions))
        for stage, table in enumerate(problem.cost_tables):
            costs += table[actions[:, 2 * stage], actions[:, 2 * stage + 1]]  # in the order of Problem.cost_of
        order = np.argsort(costs, kind="stable")
        self.actions: Indices = actions[order].astype(np.int64)
        self.costs: Floats = costs[order]
        self.pulls: Indices = np.zeros(len(order), dtype=np.int64)
        self._sums: Floats = np.zeros(len(order))

    def affordable(self, budgets: Floats) -> Indices:
        """How many arms, from the cheapest, each budget pays.

        Raises:
            InvalidInputError: a budget pays none.
        """
        counts = np.searchsorted(self.costs, [with_slack(budget) for budget in budgets.tolist()], side="right")
        if (counts == 0).any():
            raise InvalidInputError(
                f"`budget` must pay at least the cheapest allocation, which costs {self.costs[0]:.6g}, but got "
                f"{budgets[counts == 0][0]:.6g}"
            )
        return counts

    def means(self) -> Floats:
        """What each arm is thought to score."""
        overall = self._sums.sum() / max(self.pulls.sum(), 1)
        means: Floats = (self._sums + self.prior * overall) / (self.pulls + self.prior)
        return means

    def best(self, budgets: Floats) -> Indices:
        """For each budget the arm with the highest mean among those that were pulled; the cheapest if none was."""
        means = np.where(self.pulls > 0, self.means(), -np.inf)
        highest = np.maximum.accumulate(means)
        leads = np.concatenate([[True], means[1:] > highest[:-1]])
        leader = np.maximum.accumulate(np.where(leads, np.arange(len(means)), 0))
        found: Indices = leader[self.affordable(budgets) - 1]
        return found

    def ask(self, budgets: Floats) -> Indices:
        """An arm to pull for each budget."""
        explored = (self._rng.random(len(budgets)) * self.affordable(budgets)).astype(np.int64)
        return np.where(self._rng.random(len(budgets)) < self.epsilon, explored, self.best(budgets))

    def tell(self, arms: Indices, scores: Floats) -> None:
        """What the arms have scored."""
        np.add.at(self.pulls, arms, 1)
        np.add.at(self._sums, arms, scores)


def play_arms(bandit: BudgetBandit, envs: StagewiseVectorEnv, arms: Indices) -> Floats:
    """Allocate in every sub-environment, stage by stage, what its arm says; returns the rewards.

    Args:
        bandit: over the same problem.
        envs: at the beginning of an episode everywhere.
        arms: one for each sub-environment.
    """
    actions, levels = bandit.actions[arms], envs.rules.levels
    for stage in range(envs.rules.stages):
        _, rewards, _, _, _ = envs.step(actions[:, 2 * stage] * levels + actions[:, 2 * stage + 1])
    return np.asarray(rewards, dtype=np.float64)


def train_bandit(bandit: BudgetBandit, envs: StagewiseVectorEnv, *, episodes: int, seed: int) -> None:
    """Pull arms in a stagewise environment, one in every sub-environment at a time, at the budgets that it draws.

    Args:
        bandit: over the environment's problem.
        envs: where; it is reset before every round.
        episodes: how many pulls, rounded up to whole rounds.
        seed: of the environment.
    """
    for number in range(-(-episodes // envs.num_envs)):
        envs.reset(seed=seed if number == 0 else None)
        arms = bandit.ask(envs.budgets)
        bandit.tell(arms, play_arms(bandit, envs, arms))

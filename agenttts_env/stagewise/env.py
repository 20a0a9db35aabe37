"""The stagewise environment: a step allocates one stage, an episode is one allocation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.allowed_actions import AllowedAction, Masked
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import Evaluator, QuickEvaluator
from agenttts_env.observation import Observation
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.stagewise.budgets import BudgetRange, check_budgets
from agenttts_env.stagewise.episodes import Episodes
from agenttts_env.stagewise.rules import StagewiseRules
from agenttts_env.stagewise.scoring import Scoring
from agenttts_env.trial import Trial

_ONE = np.zeros(1, dtype=np.int64)  # the only sub-environment


class StagewiseEnv(gym.Env[Observation, np.int64]):
    """Allocate a budget stage by stage, in the order in which the stages run; the last step evaluates the allocation.

    A reset draws the budget, log-uniform over a range, so that one policy learns the best allocation of every budget.

    **Action** (``Discrete``): ``model * levels + level``, see :class:`~agenttts_env.stagewise.rules.StagewiseRules`;
    ``env.rules.encode`` and ``decode`` translate. :meth:`action_masks` leaves exactly the actions after which some
    choice of the later stages fits the budget. ``env.action_space.sample()`` draws from these. Another one is an error;
    or, with ``masked="replace"``, the nearest one of these is taken in its place: the same model with the most samples
    that are allowed, else the largest allowed model that is smaller, with the most samples that are allowed and no more
    than were asked for, else the cheapest. So learners that know no masks can learn here.

    **Observation** (``Box``, flat, float32; names in :attr:`observation_names`): at which stage the episode is; the
    budget above the cheapest allocation; the room that is left above the cheapest completion, and its share of the
    first room; the share of what is left that the cheapest completion takes; for every model of this stage whether it
    is available, its price of one sample above the stage's cheapest choice relative to the room (a difference of
    logarithms), and the most samples that it could have; and for every earlier stage but the last what was chosen
    (model as a share of the highest index, level), and what its output scores on the episode's data, with a flag: in a
    simulation, where a metric belongs to the stage, it is what the evaluation of the whole allocation reports for that
    metric; elsewhere 0. Amounts are logarithms, see :class:`~agenttts_env.stagewise.observation.StagewiseView`.

    **Reward**: 0 before the last step. Then the main metric: ``score``, measured on the episode's data; or
    ``expected``, which the simulation expects over all data (no noise; simulated only). A failed trial has 0.

    **Episode**: one step for each stage, then ``terminated``. The last observation shows no stage.

    **Info**: ``budget``, ``dataset`` (index of the episode's data set), ``backend`` and ``replaced`` (whether another
    action was taken than the one given); at the last step also
    ``allocation`` (as :meth:`Problem.decode` reads it), ``cost``, ``complete``, ``score`` (if complete) and
    ``expected`` (simulated only).

    **Reset options**: ``{"budget": x}`` plays this episode and all that follow with that budget, until another is
    given; ``{"budget": None}`` draws it again.

    Args:
        problem: task, cost and levels. Its budget is the default range's upper end, and limits nothing.
        evaluators: where scores come from, one for each data set; every episode draws one.
        budget: one for all episodes, or the lowest and the highest; see
            :meth:`~agenttts_env.stagewise.budgets.BudgetRange.of`.
        reward: ``score`` or ``expected``.
        masked: what an action that the masks do not leave does: ``raise`` or ``replace``, see Action.
        run: name under which inference is paid for in the sample store; unique unless given.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        problem: Problem,
        evaluators: Sequence[Evaluator],
        *,
        budget: float | Sequence[float] | None = None,
        reward: str = "score",
        masked: Masked = "raise",
        run: str | None = None,
    ) -> None:
        self.scoring = Scoring(problem, evaluators, reward)
        self.problem = problem
        self.evaluators = tuple(evaluators)
        self.budget_range = BudgetRange.of(problem, budget)
        self.reward = reward
        self.masked = masked
        self.episodes = Episodes(problem, 1, self.budget_range, len(self.evaluators), self.scoring.measured, masked)
        self._seeded = False
        # An evaluation is a search of one trial. The masks have decided what the budget pays, so it pays anything.
        anything = replace(problem, budget=max(problem.budget, problem.dearest_cost))
        self._searches = [
            AllocationEnv(anything, evaluator, trials=1, reward="score", infeasible="raise", run=run)
            for evaluator in self.evaluators
        ]
        self.action_space = AllowedAction(self.episodes.allowed)
        self.observation_space = self.episodes.view.space

    @property
    def rules(self) -> StagewiseRules:
        """What actions are, and which of them the budget allows."""
        return self.episodes.rules

    @property
    def oracle(self) -> Oracle:
        """Expected scores of all allocations on offer; simulated only."""
        return self.scoring.oracle

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of an observation is."""
        return self.episodes.view.names

    @property
    def budget(self) -> float:
        """The episode's."""
        return float(self.episodes.budgets[0])

    @property
    def stage(self) -> int:
        """Index of the stage to be decided; the number of stages at the end."""
        return int(self.episodes.stage[0])

    @property
    def allocation(self) -> Allocation | None:
        """What the episode has allocated; None before its end."""
        done = self.episodes.done[0] and self._seeded
        return self.rules.allocation(self.episodes.actions[:, 0].tolist()) if done else None

    @property
    def trial(self) -> Trial | None:
        """What became of it, with its ledger; None before the episode's end."""
        return None if self.allocation is None else self._search.trials[0]

    @property
    def _search(self) -> AllocationEnv:
        return self._searches[int(self.episodes.datasets[0])]

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which actions are allowed now, shape (actions,); at an episode's end all, as none counts."""
        return self.episodes.allowed[:, 0].copy()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin another allocation.

        Args:
            seed: decides the budgets and data sets of this episode and of those that follow without a seed.
            options: see the class.

        Raises:
            InvalidInputError: the budget does not pay for the cheapest allocation.
        """
        options = options or {}
        budget = None if options.get("budget") is None else check_budgets(self.problem, options["budget"])
        if budget is not None and budget.shape != ():
            raise InvalidInputError(f"`budget` must be a number, but got {options['budget']!r}")
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            self.episodes.seed(_ONE, [int(self.np_random.integers(2**63)) if seed is None else seed])
            self._seeded = True
        if "budget" in options:
            self.episodes.fix(_ONE, budget)
        self.episodes.begin(_ONE)
        self._search.reset()
        return self.episodes.observe()[:, 0], self._info()

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Allocate one stage; at the last one, evaluate.

        Raises:
            InvalidInputError: the action is not in the action space, or masked where that is an error.
        """
        episodes = self.episodes
        if episodes.done[0]:
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        episodes.choose(episodes.check(np.asarray(action)[None], _ONE), _ONE)
        if not episodes.done[0]:
            self._measure()
            return episodes.observe()[:, 0], 0.0, False, False, self._info()
        info, actions = self._info(), episodes.actions
        info["allocation"] = self.rules.multi_discrete(actions)[0]
        _, reward, _, _, found = self._search.step(info["allocation"])
        info |= {name: found[name] for name in ("cost", "complete", "score") if name in found}
        if self.scoring.simulated:
            info["expected"] = float(self.scoring.expected(actions)[0])
        if self.reward == "expected":
            reward = info["expected"]
        return episodes.observe()[:, 0], reward, True, False, info

    def _measure(self) -> None:
        """Look up what the stages so far score; what later stages do does not change it."""
        evaluator, metrics = self._search.evaluator, self.scoring.metrics
        if not isinstance(evaluator, QuickEvaluator) or not any(self.scoring.measured):
            return
        means = evaluator.means(
            [
                (model, self.problem.levels[level])
                for model, level in (
                    divmod(action, self.rules.levels) for action in self.episodes.actions[:, 0].tolist()
                )
            ]
        )
        self.episodes.scores[:, 0] = [0.0 if metric is None else means[metric] for metric in metrics]

    def _info(self) -> dict[str, Any]:
        episodes = self.episodes
        return {
            "budget": float(episodes.budgets[0]),
            "dataset": int(episodes.datasets[0]),
            "backend": self.evaluators[0].backend,
            "replaced": bool(episodes.replaced[0]),
        }

    def __repr__(self) -> str:
        return (
            f"<StagewiseEnv {self.problem.task.name} backend={self.evaluators[0].backend} budget={self.budget_range} "
            f"{self.problem.cost.unit} reward={self.reward}>"
        )

    __str__ = __repr__  # as AllocationEnv's: where scores come from must show

    def close(self) -> None:
        """Free the engines."""
        for evaluator in self.evaluators:
            evaluator.close()

"""The environment: a step is a trial, an episode is a search."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from operator import truediv
from typing import Any, Literal, get_args
from uuid import uuid4

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.cost import with_slack
from agenttts_env.errors import EngineError, InfeasibleError, InvalidInputError
from agenttts_env.evaluators.base import Evaluator, QuickEvaluator
from agenttts_env.observation import (
    COST_SHARE_LIMIT,
    WINDOW,
    Observation,
    ObservationKind,
    budget_share,
    check_observation,
    highest_indices,
    make_memory,
    observation_names,
    observation_space,
)
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

Infeasible = Literal["penalise", "project", "raise"]
Action = npt.NDArray[np.int64]

REWARDS: Mapping[str, Callable[[float, float], float]] = {
    "improvement": lambda score, best: max(0.0, score - best),
    "score": lambda score, best: score,
    "best": lambda score, best: max(best, score),
}
"""Reward by name, from the score of a complete trial and the best score before it. All lie in [0, 1].

``improvement`` adds up to the best score of the episode; ``score`` is this trial's; ``best`` is the best so far.
"""


def check_episode(*, trials: int, reward: str, infeasible: Infeasible, penalty: float) -> None:
    """Check the options of an episode, see :class:`AllocationEnv`.

    Raises:
        InvalidInputError: one breaks a rule.
    """
    if trials < 1:
        raise InvalidInputError(f"`trials` must be >= 1, but got {trials}")
    if reward not in REWARDS:
        raise InvalidInputError(f"`reward` must be one of {', '.join(REWARDS)}, but got {reward!r}")
    if infeasible not in get_args(Infeasible):
        raise InvalidInputError(f"`infeasible` must be one of {get_args(Infeasible)}, but got {infeasible!r}")
    if not penalty >= 0:
        raise InvalidInputError(f"`penalty` must be >= 0, but got {penalty}")


def resolve(problem: Problem, requested: Allocation, infeasible: Infeasible) -> tuple[Allocation | None, str]:
    """What is run where an allocation is asked for: None if nothing is; and why, unless it is run as it is.

    Raises:
        InfeasibleError: over budget, with ``infeasible="raise"``.
    """
    if problem.is_feasible(requested):
        return requested, ""
    cost = problem.cost_of(requested)
    reason = f"costs {cost:.6g} {problem.cost.unit}, over the budget of {problem.budget:.6g}"
    if infeasible == "raise":
        raise InfeasibleError(f"{requested} {reason}")
    if infeasible == "penalise":
        return None, reason
    return problem.project(requested), f"{requested} {reason}; projected"


class AllocationEnv(gym.Env[Observation, Action]):
    """Search for the allocation with the best score within a budget.

    **Action** (``MultiDiscrete``): for every stage the index of a model (smallest first) and of a sample level; see
    :meth:`Problem.encode` and :meth:`Problem.decode`.

    **Observation** (``Box``, flat, float32; names in :attr:`observation_names`): the budget as a share of the dearest
    allocation (0 is the cheapest one), the share of trials left, the best score so far; then of the last trial: for
    each stage its model and its level (as shares of the highest index), every metric, its cost share (1 is the
    budget; clipped to [0, 10]), whether it was feasible, and whether it was completed. Zeros before the first trial.
    With ``observation="window"`` or ``"summary"`` it shows more of the past, for policies that do not remember it; see
    :func:`~agenttts_env.observation.observation_names`.

    **Reward**: see :data:`REWARDS`; an infeasible trial has ``-penalty``, a failed one 0.

    **Episode**: ``trials`` steps, then ``terminated``. Neither a reset nor a seed changes the data or the samples: a
    repeated allocation has the same score, and costs no inference.

    **Info**: of the last trial ``feasible``, ``complete`` and ``projected``, its ``cost`` (unless it named no
    allocation) and its ``score`` (if it was completed); and ``backend``. After a reset ``backend`` only. Everything
    else about the episode is in :attr:`trials` and :attr:`best`.

    Args:
        problem: task, cost, budget, levels.
        evaluator: where scores come from. It sees the search split only.
        trials: length of an episode.
        reward: a name in :data:`REWARDS`.
        infeasible: what an allocation over budget does: ``penalise`` (costs a trial, runs nothing), ``project`` (runs
            :meth:`Problem.project` of it, and says so), or ``raise`` (:class:`InfeasibleError`).
        penalty: see Reward.
        observation: ``trial``, ``window`` or ``summary``, see Observation.
        window: how many trials a window shows.
        render_mode: ``ansi`` (a table) or ``rgb_array`` (a plot; needs the extra ``plot``).
        run: name under which inference is paid for in the sample store; unique unless given.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 2}  # noqa: RUF012

    def __init__(
        self,
        problem: Problem,
        evaluator: Evaluator,
        *,
        trials: int = 50,
        reward: str = "improvement",
        infeasible: Infeasible = "penalise",
        penalty: float = 0.1,
        observation: ObservationKind = "trial",
        window: int = WINDOW,
        render_mode: str | None = None,
        run: str | None = None,
    ) -> None:
        check_episode(trials=trials, reward=reward, infeasible=infeasible, penalty=penalty)
        check_observation(observation, window)
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise InvalidInputError(
                f"`render_mode` must be one of {self.metadata['render_modes']}, but got {render_mode!r}"
            )
        self.problem = problem
        self.evaluator = evaluator
        self.max_trials = trials
        self.reward = reward
        self.infeasible = infeasible
        self.penalty = penalty
        self.observation = observation
        self.window = window
        self.render_mode = render_mode
        self.run = uuid4().hex if run is None else run
        self._episode = -1
        self._trials: list[Trial] = []
        self._unwritten: deque[list[int]] = deque()
        self._count = trials  # as at the end of an episode: only a reset leads on
        self._best_score = 0.0
        self._quick = _Quick(problem, evaluator) if isinstance(evaluator, QuickEvaluator) else None
        self._budget_share = budget_share(problem)
        self._highest = highest_indices(problem)
        self._no_shares = [0.0] * len(self._highest)
        self._no_metrics = [0.0] * len(problem.task.metrics)
        self._memory = make_memory(problem, observation, window, trials, 1)
        self.action_space = gym.spaces.MultiDiscrete(problem.nvec)
        self.observation_space = observation_space(problem, observation, window)

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of an observation is."""
        return observation_names(self.problem, self.observation, self.window)

    @property
    def trials(self) -> list[Trial]:
        """The trials of the episode so far.

        Where trials are quick (simulated, replayed), a step computes its score only, and the rest of the trial is
        worked out when somebody looks. What nobody has looked at before a reset is in no ledger.
        """
        while self._unwritten:
            self._trials.append(self._run(len(self._trials), self.problem.decode(self._unwritten[0])))
            self._unwritten.popleft()
        return self._trials

    @property
    def best(self) -> Trial | None:
        """The best trial of the episode so far."""
        return best_trial(self.trials)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start another search. No trial is remembered; every sample is, unless it was simulated."""
        super().reset(seed=seed)
        self._episode += 1
        self._trials, self._count, self._best_score = [], 0, 0.0
        self._unwritten.clear()
        self.evaluator.begin()
        return self._observe(self._no_shares, self._no_metrics, 0.0, 0.0, 0.0), {"backend": self.evaluator.backend}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Run one trial.

        Raises:
            InvalidInputError: the action is not in the action space.
            InfeasibleError: over budget, with ``infeasible="raise"``.
        """
        self._expect_room()
        if self._quick is None:
            return self.record(self._run(len(self._trials), self.problem.decode(action)))
        indices, shares, choices, cost = self._quick.read(action)
        feasible, projected, metrics = cost <= self._quick.limit, False, None
        if not feasible and self.infeasible != "penalise":
            allocation, _ = resolve(self.problem, self.problem.decode(indices), self.infeasible)
            assert allocation is not None
            _, shares, choices, cost = self._quick.read(self.problem.encode(allocation))
            feasible = projected = True
        if feasible:
            metrics = self._quick.means(choices)
        self._unwritten.append(indices)
        return self._take(shares, metrics, cost, feasible, projected)

    def record(self, trial: Trial) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take a trial into the episode without running anything, and return what :meth:`step` returns.

        For trials that were run before (a resumed log) and for proposals that named no allocation.
        """
        self._expect_room()
        trials = self.trials
        if trial.number != len(trials):
            raise InvalidInputError(f"the next trial must have number {len(trials)}, but got {trial.number}")
        trials.append(trial)
        shown = trial.allocation or trial.requested
        metrics = [trial.metrics.get(metric, 0.0) for metric in self.problem.task.metrics]
        return self._take(
            self._no_shares
            if shown is None
            else list(map(truediv, self.problem.encode(shown).tolist(), self._highest)),
            metrics if trial.state == "complete" else None,
            trial.cost,
            trial.state != "infeasible",
            trial.allocation is not None and trial.allocation != trial.requested,
        )

    def _expect_room(self) -> None:
        if self._count >= self.max_trials:
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")

    def _take(
        self, shares: list[float], metrics: list[float] | None, cost: float | None, feasible: bool, projected: bool
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Count a trial, and return what :meth:`step` returns.

        Args:
            shares: its action, as in an observation; zeros if it named no allocation.
            metrics: in the task's order; None unless complete.
            cost: None without an allocation.
            feasible: whether the budget pays it.
            projected: whether another allocation was run than was asked for.
        """
        self._count += 1
        complete = metrics is not None
        info = {
            "feasible": feasible,
            "complete": complete,
            "projected": projected,
            "backend": self.evaluator.backend,
        }
        cost_share = 0.0
        if cost is not None:
            info["cost"] = cost
            cost_share = min(max(self.problem.spent_share(cost), 0.0), COST_SHARE_LIMIT)
        if metrics is None:
            metrics, reward = self._no_metrics, 0.0 if feasible else -self.penalty
        else:
            info["score"] = score = metrics[0]
            reward = REWARDS[self.reward](score, self._best_score)
            self._best_score = max(self._best_score, score)
        observation = self._observe(shares, metrics, cost_share, feasible, complete)
        return observation, reward, self._count >= self.max_trials, False, info

    def _run(self, number: int, requested: Allocation) -> Trial:
        problem = self.problem
        allocation, reason = resolve(problem, requested, self.infeasible)
        cost = problem.cost_of(allocation or requested)
        if allocation is None:
            return Trial(number, requested, None, "infeasible", cost=cost, reason=reason)
        try:
            evaluation = self.evaluator.evaluate(allocation, f"{self.run}/{self._episode}/{number}")
        except EngineError as error:
            return Trial(number, requested, None, "failed", cost=cost, reason=str(error), ledger=error.ledger)
        main = problem.task.main_metric
        return Trial(
            number=number,
            requested=requested,
            allocation=allocation,
            state="complete",
            cost=cost,
            score=evaluation.mean(main),
            standard_error=evaluation.standard_error(main),
            metrics={metric: evaluation.mean(metric) for metric in problem.task.metrics},
            example_scores=evaluation.scores[main],
            parse_failures={
                stage: failures / max(1, evaluation.samples[stage])
                for stage, failures in evaluation.parse_failures.items()
            },
            reason=reason,
            ledger=evaluation.ledger,
        )

    def _observe(
        self, shares: list[float], metrics: list[float], cost_share: float, feasible: float, complete: float
    ) -> Observation:
        """The observation after a trial or a reset, entry by entry as in :attr:`observation_names`."""
        left = 1 - self._count / self.max_trials
        observation: Observation = np.array(
            [self._budget_share, left, self._best_score, *shares, *metrics, cost_share, feasible, complete],
            dtype=np.float32,
        )
        return observation if self._memory is None else self._remember(observation)

    def _remember(self, seen: Observation) -> Observation:
        assert self._memory is not None
        if self._count:
            self._memory.add(seen[:, None])
        else:
            self._memory.restart(np.ones(1, dtype=np.bool_), seen[:, None])
        return self._memory.rows[:, 0].copy()

    def render(self) -> Any:
        """The search so far: text in mode ``ansi``, an RGB array of shape (height, width, 3) in mode ``rgb_array``."""
        from agenttts_env.rendering import frame, text

        if self.render_mode is None:
            gym.logger.warn("render() was called, but no render_mode was given to the constructor")
            return None
        return (text if self.render_mode == "ansi" else frame)(self.problem, self.trials, self.evaluator.backend)

    def __repr__(self) -> str:
        problem = self.problem
        return (
            f"<AllocationEnv {problem.task.name} backend={self.evaluator.backend} budget={problem.budget:.6g} "
            f"{problem.cost.unit} trials={self.max_trials}>"
        )

    __str__ = __repr__  # Gymnasium's names the class only, and wrappers print it: where scores come from must show

    def close(self) -> None:
        """Free the engines."""
        self.evaluator.close()


class _Quick:
    """What a step needs of a problem and an evaluator, looked up in lists instead of made as objects."""

    def __init__(self, problem: Problem, evaluator: QuickEvaluator) -> None:
        self.limit = with_slack(problem.budget)
        self.means = evaluator.means
        self._problem = problem
        self._shape, self._dtype = problem.nvec.shape, problem.nvec.dtype
        highest = highest_indices(problem)
        # By stage, model and level: its cost, its share of an observation, and what the evaluator is asked.
        self._options = [
            [
                [
                    (cost, (model / highest[2 * stage], level / highest[2 * stage + 1]), (model, problem.levels[level]))
                    for level, cost in enumerate(costs)
                ]
                for model, costs in enumerate(table.tolist())
            ]
            for stage, table in enumerate(problem.cost_tables)
        ]

    def read(self, action: Action) -> tuple[list[int], list[float], list[tuple[int, int]], float]:
        """An action as integers, as in an observation, as (model, S) for each stage, and its cost.

        Raises:
            InvalidInputError: it is not in the action space.
        """
        array = np.asarray(action)
        if array.dtype != self._dtype or array.shape != self._shape:
            array = self._checked(action)
        indices: list[int] = array.tolist()
        if min(indices) < 0:
            self._checked(action)
        shares: list[float] = []
        choices: list[tuple[int, int]] = []
        total = 0.0
        try:
            for options, model, level in zip(self._options, indices[::2], indices[1::2], strict=True):
                cost, share, choice = options[model][level]
                total += cost  # in the order of Problem.cost_of
                shares += share
                choices.append(choice)
        except IndexError:
            self._checked(action)
            raise
        return indices, shares, choices, total

    def _checked(self, action: npt.ArrayLike) -> Action:
        return self._problem.encode(self._problem.decode(action))

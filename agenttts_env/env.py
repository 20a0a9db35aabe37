"""The environment: a step is a trial, an episode is a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args
from uuid import uuid4

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.errors import EngineError, InfeasibleError, InvalidInputError
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

Infeasible = Literal["penalise", "project", "raise"]
Observation = npt.NDArray[np.float32]
Action = npt.NDArray[np.int64]

COST_SHARE_LIMIT = 10.0

REWARDS: Mapping[str, Callable[[Trial, float], float]] = {
    "improvement": lambda trial, best: max(0.0, (trial.score or 0.0) - best),
    "score": lambda trial, best: trial.score or 0.0,
    "best": lambda trial, best: max(best, trial.score or 0.0),
}
"""Reward by name, from a feasible trial and the best score before it. All lie in [0, 1].

``improvement`` adds up to the best score of the episode; ``score`` is this trial's; ``best`` is the best so far.
"""


class AllocationEnv(gym.Env[Observation, Action]):
    """Search for the allocation with the best score within a budget.

    **Action** (``MultiDiscrete``): for every stage the index of a model (smallest first) and of a sample level; see
    :meth:`Problem.encode` and :meth:`Problem.decode`.

    **Observation** (``Box``, flat, float32; names in :attr:`observation_names`): the budget as a share of the dearest
    allocation (0 is the cheapest one), the share of trials left, the best score so far; then of the last trial: for
    each stage its model and its level (as shares of the highest index), every metric, its cost share (1 is the
    budget; clipped to [0, 10]), whether it was feasible, and whether it was completed. Zeros before the first trial.

    **Reward**: see :data:`REWARDS`; an infeasible trial has ``-penalty``, a failed one 0.

    **Episode**: ``trials`` steps, then ``terminated``. Neither a reset nor a seed changes the data or the samples: a
    repeated allocation has the same score, and costs no inference.

    **Info**: ``trial`` (the :class:`Trial`), ``feasible``, ``projected``, ``best`` (the best Trial so far, or None) and
    ``backend``; after a reset ``backend`` only.

    Args:
        problem: task, cost, budget, levels.
        evaluator: where scores come from. It sees the search split only.
        trials: length of an episode.
        reward: a name in :data:`REWARDS`.
        infeasible: what an allocation over budget does: ``penalise`` (costs a trial, runs nothing), ``project`` (runs
            :meth:`Problem.project` of it, and says so), or ``raise`` (:class:`InfeasibleError`).
        penalty: see Reward.
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
        render_mode: str | None = None,
        run: str | None = None,
    ) -> None:
        if trials < 1:
            raise InvalidInputError(f"`trials` must be >= 1, but got {trials}")
        if reward not in REWARDS:
            raise InvalidInputError(f"`reward` must be one of {', '.join(REWARDS)}, but got {reward!r}")
        if infeasible not in get_args(Infeasible):
            raise InvalidInputError(f"`infeasible` must be one of {get_args(Infeasible)}, but got {infeasible!r}")
        if not penalty >= 0:
            raise InvalidInputError(f"`penalty` must be >= 0, but got {penalty}")
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
        self.render_mode = render_mode
        self.run = uuid4().hex if run is None else run
        self.trials: list[Trial] = []
        self._episode = -1
        self.action_space = gym.spaces.MultiDiscrete(problem.nvec)
        high = np.ones(len(self.observation_names), dtype=np.float32)
        high[self.observation_names.index("last cost share")] = COST_SHARE_LIMIT
        self.observation_space = gym.spaces.Box(np.zeros_like(high), high, dtype=np.float32)

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of an observation is."""
        task = self.problem.task
        stages = [name for stage in task.stages for name in (f"last {stage.name} model", f"last {stage.name} level")]
        metrics = [f"last {metric}" for metric in task.metrics]
        return (
            "budget", "trials left", "best score",
            *stages, *metrics, "last cost share", "last feasible", "last complete",
        )  # fmt: skip

    @property
    def best(self) -> Trial | None:
        """The best trial of the episode so far."""
        return best_trial(self.trials)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start another search; no trial is remembered, every sample is."""
        super().reset(seed=seed)
        self._episode += 1
        self.trials = []
        return self._observation(), {"backend": self.evaluator.backend}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Run one trial.

        Raises:
            InvalidInputError: the action is not in the action space.
            InfeasibleError: over budget, with ``infeasible="raise"``.
        """
        if self._episode < 0 or len(self.trials) >= self.max_trials:
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        return self.record(self._run(self.problem.decode(action)))

    def record(self, trial: Trial) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take a trial into the episode without running anything, and return what :meth:`step` returns.

        For trials that were run before (a resumed log) and for proposals that named no allocation.
        """
        if trial.number != len(self.trials):
            raise InvalidInputError(f"the next trial must have number {len(self.trials)}, but got {trial.number}")
        before = self.best
        best = 0.0 if before is None or before.score is None else before.score
        feasible = trial.state != "infeasible"
        reward = REWARDS[self.reward](trial, best) if trial.state == "complete" else 0.0 if feasible else -self.penalty
        self.trials.append(trial)
        info = {
            "trial": trial,
            "feasible": feasible,
            "projected": trial.allocation is not None and trial.allocation != trial.requested,
            "best": self.best,
            "backend": self.evaluator.backend,
        }
        return self._observation(), float(reward), len(self.trials) >= self.max_trials, False, info

    def _run(self, requested: Allocation) -> Trial:
        number, problem = len(self.trials), self.problem
        cost = problem.cost_of(requested)
        allocation, reason = requested, ""
        if not problem.is_feasible(requested):
            reason = f"costs {cost:.6g} {problem.cost.unit}, over the budget of {problem.budget:.6g}"
            if self.infeasible == "raise":
                raise InfeasibleError(f"{requested} {reason}")
            if self.infeasible == "penalise":
                return Trial(number, requested, None, "infeasible", cost=cost, reason=reason)
            allocation = problem.project(requested)
            cost = problem.cost_of(allocation)
            reason = f"{requested} {reason}; projected"
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

    def _observation(self) -> Observation:
        problem = self.problem
        room = problem.dearest_cost - problem.cheapest_cost
        budget = (problem.budget - problem.cheapest_cost) / room if room > 0 else 1.0
        best = self.best
        values = [min(1.0, budget), 1 - len(self.trials) / self.max_trials, (best and best.score) or 0.0]
        last = self.trials[-1] if self.trials else None
        shown = None if last is None else last.allocation or last.requested
        if shown is None:
            values += [0.0] * int(problem.nvec.size)
        else:
            values += (problem.encode(shown) / np.maximum(problem.nvec - 1, 1)).tolist()
        values += [last.metrics.get(metric, 0.0) if last else 0.0 for metric in problem.task.metrics]
        share = 0.0 if last is None or last.cost is None else problem.spent_share(last.cost)
        values += [min(max(share, 0.0), COST_SHARE_LIMIT)]
        values += [
            float(last is not None and last.state != "infeasible"),
            float(last is not None and last.score is not None),
        ]
        return np.array(values, dtype=np.float32)

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

    def close(self) -> None:
        """Free the engines."""
        self.evaluator.close()

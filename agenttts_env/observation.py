"""What a policy sees of a search: the layout of an observation, the same for one environment and for many."""

from __future__ import annotations

from typing import Literal, get_args

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem

Observation = npt.NDArray[np.float32]

ObservationKind = Literal["trial", "window", "summary"]
"""How much of the past an observation shows: the last trial, the last few, or a summary of all."""

WINDOW = 8
"""How many trials a window shows, unless another number is asked for."""

COST_SHARE_LIMIT = 10.0

_FIRST = 3
"""What stands before the last trial: budget, trials left, best score."""

_MODEL = ("trials", "best score", "best cost share", "best level")
"""What a summary says of a model at a stage."""


def check_observation(kind: str, window: int) -> None:
    """Check what a policy shall see.

    Raises:
        InvalidInputError: there is no such kind, or the window is empty.
    """
    if kind not in get_args(ObservationKind):
        raise InvalidInputError(f"`observation` must be one of {get_args(ObservationKind)}, but got {kind!r}")
    if window < 1:
        raise InvalidInputError(f"`window` must be >= 1, but got {window}")


def observation_names(problem: Problem, kind: ObservationKind = "trial", window: int = WINDOW) -> tuple[str, ...]:
    """What each entry of an observation is.

    Args:
        problem: what is searched.
        kind: ``trial``: budget, trials left, best score, and the last trial. ``window``: likewise the last ``window``
            trials, newest first. ``summary``: besides the last trial the best one (of equals the cheaper, then the
            earlier), the shares of trials that were completed and that were infeasible, and for every model of every
            stage the share of trials that were completed with it, and the best of these.
        window: how many trials a window shows.
    """
    task = problem.task
    stages = [name for stage in task.stages for name in (f"{stage.name} model", f"{stage.name} level")]
    trial = (*stages, *task.metrics, "cost share", "feasible", "complete")
    before = ("budget", "trials left", "best score")
    last = tuple(f"last {name}" for name in trial)
    if kind == "trial":
        return (*before, *last)
    if kind == "window":
        earlier = (f"last but {number} {name}" for number in range(1, window) for name in trial)
        return (*before, *last, *earlier)
    return (
        *before, *last, *(f"best {name}" for name in stages), "best cost share", "complete", "infeasible",
        *(f"{stage.name} {model.name} {name}" for stage in task.stages for model in stage.models for name in _MODEL),
    )  # fmt: skip


def observation_space(
    problem: Problem, kind: ObservationKind = "trial", window: int = WINDOW
) -> gym.Space[Observation]:
    """Shares in [0, 1], but for cost shares."""
    names = observation_names(problem, kind, window)
    high = np.array([COST_SHARE_LIMIT if name.endswith("cost share") else 1.0 for name in names], dtype=np.float32)
    return gym.spaces.Box(np.zeros_like(high), high, dtype=np.float32)


def budget_share(problem: Problem) -> float:
    """The budget as a share of the dearest allocation: 0 is the cheapest one."""
    room = problem.dearest_cost - problem.cheapest_cost
    return min(1.0, (problem.budget - problem.cheapest_cost) / room) if room > 0 else 1.0


def highest_indices(problem: Problem) -> list[int]:
    """What the entries of an action are divided by; 1 where there is no choice."""
    return [max(int(n) - 1, 1) for n in problem.nvec]


class Window:
    """The last trials of many searches, from what ``trial`` shows of each.

    Args:
        problem: what is searched.
        window: how many trials.
        count: number of searches.

    Attributes:
        rows: the observations, transposed: shape (entries, count).
    """

    def __init__(self, problem: Problem, window: int, count: int) -> None:
        self.rows = np.zeros((len(observation_names(problem, "window", window)), count), dtype=np.float32)
        self._width = len(observation_names(problem)) - _FIRST

    def restart(self, mask: npt.NDArray[np.bool_], seen: Observation) -> None:
        """Forget everything in some searches.

        Args:
            mask: which; shape (count,).
            seen: what ``trial`` shows now; shape (entries, count).
        """
        self.rows[:, mask] = 0.0
        self.rows[: len(seen), mask] = seen[:, mask]

    def add(self, seen: Observation) -> None:
        """Take one more trial into every search, as ``trial`` shows it; shape (entries, count)."""
        self.rows[_FIRST + self._width :] = self.rows[_FIRST : -self._width].copy()
        self.rows[: len(seen)] = seen


class Summary:
    """What all trials of many searches add up to, from what ``trial`` shows of each.

    Args:
        problem: what is searched.
        trials: length of an episode.
        count: number of searches.

    Attributes:
        rows: the observations, transposed: shape (entries, count).
    """

    def __init__(self, problem: Problem, trials: int, count: int) -> None:
        names = observation_names(problem, "summary")
        stages = problem.task.stages
        self.rows = np.zeros((len(names), count), dtype=np.float32)
        self._trials = trials
        self._score = _FIRST + 2 * len(stages)  # the row of the last trial's main metric
        self._best = len(observation_names(problem))  # of the best trial's models and levels
        self._best_cost = self._best + 2 * len(stages)
        self._highest = np.array(highest_indices(problem)[::2])[:, None]
        first = self._best_cost + 3  # of the first stage's first model
        models = np.cumsum([0, *(len(stage.models) for stage in stages)])[:-1]
        self._firsts = (first + models * len(_MODEL))[:, None]

    def restart(self, mask: npt.NDArray[np.bool_], seen: Observation) -> None:
        """See :class:`Window`."""
        self.rows[:, mask] = 0.0
        self.rows[: len(seen), mask] = seen[:, mask]

    def add(self, seen: Observation) -> None:
        """See :class:`Window`."""
        rows, best = self.rows, self._best_cost
        complete, score, cost = seen[-1] > 0, seen[self._score], seen[-3]
        ahead = _ahead(complete, score, cost, rows[2], rows[best], rows[best + 1])
        rows[: len(seen)] = seen
        rows[self._best : best, ahead] = seen[_FIRST : self._score, ahead]
        rows[best, ahead] = cost[ahead]
        rows[best + 1] = self._plus(rows[best + 1], complete)
        rows[best + 2] = self._plus(rows[best + 2], seen[-2] == 0)

        models = np.rint(seen[_FIRST : self._score : 2] * self._highest).astype(np.int64)
        at = self._firsts + models * len(_MODEL), np.arange(rows.shape[1])  # shares of trials; shape (stages, count)
        ahead = _ahead(complete, score, cost, rows[at[0] + 1, at[1]], rows[at[0] + 2, at[1]], rows[at])
        rows[at] = self._plus(rows[at], complete)
        stage, lane = np.nonzero(ahead)
        row = at[0][stage, lane]
        rows[row + 1, lane], rows[row + 2, lane] = score[lane], cost[lane]
        rows[row + 3, lane] = seen[_FIRST + 1 + 2 * stage, lane]

    def _plus(self, shares: Observation, more: npt.NDArray[np.bool_]) -> Observation:
        """Shares of an episode's trials, with one more trial where it counts."""
        counted: Observation = ((np.rint(shares * self._trials) + more) / self._trials).astype(np.float32)
        return counted


Memory = Window | Summary


def make_memory(problem: Problem, kind: ObservationKind, window: int, trials: int, count: int) -> Memory | None:
    """What remembers earlier trials for an observation; None where it shows the last one only."""
    if kind == "trial":
        return None
    return Window(problem, window, count) if kind == "window" else Summary(problem, trials, count)


def _ahead(
    complete: npt.NDArray[np.bool_],
    score: Observation,
    cost: Observation,
    best_score: Observation,
    best_cost: Observation,
    trials: Observation,
) -> npt.NDArray[np.bool_]:
    """Where a completed trial is the best, in the order of :func:`~agenttts_env.trial.best_trial`."""
    ahead: npt.NDArray[np.bool_] = (trials == 0) | (score > best_score) | (score == best_score) & (cost < best_cost)
    return complete & ahead

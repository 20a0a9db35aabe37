"""Searches of any tasks side by side, in arrays: what an action stands for, and what a policy sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.cost import with_slack
from agenttts_env.mixture.layout import LIMIT, MODEL, MODELS, SEARCH, SIZE, STAGES, model_row, stage_rows
from agenttts_env.mixture.padding import Floats, Ints, PaddedTasks
from agenttts_env.observation import Observation

Mask = npt.NDArray[np.bool_]

_NOWHERE = SIZE
"""Where the features of a padded stage's model are written: behind the observation, where nobody looks."""

_WIDTH = SIZE + len(MODEL)

_TRIALS, _BEST_SCORE, _BEST_COST, _BEST_LEVEL, _IN_BEST, _IN_LAST = map(
    MODEL.index, ("trials", "best score", "best cost", "best level", "in best", "in last")
)


class Searches:
    """The state of many searches, each with a task and a budget of its own.

    Args:
        tasks: the tasks on offer.
        count: number of searches.
        trials: length of each.

    Attributes:
        best_scores: shape (count,).
        trials: how many each search had; shape (count,).
    """

    def __init__(self, tasks: PaddedTasks, count: int, *, trials: int) -> None:
        self._tasks = tasks
        self._length = trials
        self._cheapest, self._limits, self._room = np.zeros((3, count))
        self._later = np.zeros((STAGES, count))
        self._offsets = np.zeros((STAGES, count), dtype=np.int64)  # of a stage's costs in the flat table
        self._costs = tasks.costs.ravel()
        self._mask = np.zeros((count, STAGES * (MODELS + len(tasks.levels))), dtype=np.bool_)
        # Observations. As one long row of cells, a model's features begin at its first cell.
        self._rows = np.zeros((count, _WIDTH), dtype=np.float32)
        self._nowhere = np.arange(count) * _WIDTH + _NOWHERE
        self._firsts = np.where(tasks.present, [model_row(stage, 0) for stage in range(STAGES)], _NOWHERE)
        self._smallest = np.zeros((STAGES, count), dtype=np.int64)  # first cell of each stage's first model
        self._best, self._last = np.zeros((2, STAGES, count), dtype=np.int64)  # likewise of the models in these trials
        self._best_costs = np.zeros(count)
        self.best_scores = np.zeros(count)
        self.trials = np.zeros(count, dtype=np.int64)

    def restart(self, lanes: Ints, tasks: Ints, budgets: Floats) -> None:
        """Begin other searches.

        Args:
            lanes: which searches; shape (n,).
            tasks: index of each one's task.
            budgets: each one's budget; it pays the cheapest allocation.
        """
        padded = self._tasks
        limits: Floats = with_slack(budgets)  # type: ignore[arg-type, assignment]  # it does the same to arrays
        room = budgets - padded.cheapest[tasks]
        self._cheapest[lanes], self._limits[lanes], self._room[lanes] = padded.cheapest[tasks], limits, room
        self._later[:, lanes] = padded.later[tasks].T
        self._offsets[:, lanes] = (tasks * STAGES + np.arange(STAGES)[:, None]) * (MODELS * len(padded.levels))
        fits = padded.least[tasks] <= limits[:, None, None, None]
        self._mask[lanes] = _mask(fits)
        self._rows[lanes, :SIZE] = padded.features[tasks]
        self._write_budget(lanes, tasks, room, fits)
        self._smallest[:, lanes] = self._firsts[tasks].T + lanes * _WIDTH
        self._best[:, lanes] = self._last[:, lanes] = self._nowhere[lanes]
        self._best_costs[lanes] = np.inf
        self.best_scores[lanes] = 0.0
        self.trials[lanes] = 0

    def _write_budget(self, lanes: Ints, tasks: Ints, room: Floats, fits: Mask) -> None:
        """Write what the budget decides into the observations; see the layout."""
        padded, rows = self._tasks, self._rows
        rows[lanes, SEARCH.index("trials left")] = 1.0
        rows[lanes, SEARCH.index("room")] = _log_share(room, padded.dearest[tasks] - padded.cheapest[tasks])
        counts = fits.sum(axis=3)
        most = np.where(counts > 0, padded.codes[tasks[:, None, None], np.arange(STAGES)[:, None], counts - 1], 0.0)
        for stage in range(STAGES):
            for model in range(MODELS):
                known = padded.known[tasks, stage, model]
                extra, rise = padded.extras[tasks, stage, model], padded.rises[tasks, stage, model]
                share = np.where(extra < room, extra / np.where(room > 0, room, 1.0), extra > 0)
                for name, values in (
                    ("first sample", share),
                    ("next sample", _log_share(rise, room)),
                    ("most samples", most[:, stage, model]),
                ):
                    rows[lanes, model_row(stage, model, name)] = np.where(known, values, 0.0)

    def masks(self) -> Mask:
        """Which entries of an action lead to a feasible allocation: for each stage the models, then the levels.

        Shape (count, stages * (models + levels)). An entry is allowed if a feasible allocation has it.
        """
        return self._mask.copy()

    def read(self, actions: Ints) -> tuple[Ints, Ints, Floats]:
        """What actions stand for.

        Stage by stage, in task order, each may spend what the stages before it left, less the cheapest choice of every
        later stage. The action names a model; where not even one sample of it fits, the next smaller one that does is
        taken, or else the smallest that does. It names a level; where that many samples do not fit, the most that do
        are taken. So every action stands for a feasible allocation, and a feasible one for itself.

        Args:
            actions: shape (2 * stages, count).

        Returns:
            Models and levels by index, each of shape (stages, count), zeros at padded stages; and the costs.
        """
        models, levels = actions[::2].copy(), actions[1::2].copy()
        count, spent = len(self._tasks.levels), np.zeros(actions.shape[1])
        for stage in range(STAGES):
            taken = spent + self._later[stage]
            cells = models[stage] * count
            cells += self._offsets[stage]
            cells += levels[stage]
            costs = self._costs.take(cells)
            over = np.flatnonzero(taken + costs > self._limits)
            if over.size:
                offsets, model = self._offsets[stage].take(over), models[stage].take(over)
                taken, limits = taken.take(over), self._limits.take(over)
                none = np.flatnonzero(taken + self._costs.take(offsets + model * count) > limits)
                if none.size:
                    model[none] = self._fitting_models(offsets[none], model[none], limits[none], taken[none])
                offsets += model * count
                level = self._fitting_levels(offsets, levels[stage].take(over), limits, taken)
                models[stage, over], levels[stage, over] = model, level
                costs[over] = self._costs.take(offsets + level)
            spent += costs  # in the order of Problem.cost_of
        return models, levels, spent

    def _fitting_models(self, offsets: Ints, models: Ints, limits: Floats, taken: Floats) -> Ints:
        """Other models, where not even the lowest level of these fits."""
        count = len(self._tasks.levels)
        lowest = self._costs.take(offsets + np.arange(0, MODELS * count, count)[:, None])
        fits = taken + lowest <= limits
        chosen: Ints = lowest.argmin(axis=0)  # which fits, if not for rounding
        found = np.zeros(len(models), dtype=np.bool_)
        for model, fit in enumerate(fits):
            chosen[fit & (~found | (model <= models))] = model
            found |= fit
        return chosen

    def _fitting_levels(self, offsets: Ints, levels: Ints, limits: Floats, taken: Floats) -> Ints:
        """These levels, or the highest that fit; by bisection, as costs do not fall with the level."""
        low, high = np.zeros_like(levels), levels + 1  # `low` fits; `high` does not, or was not asked for
        for _ in range((len(self._tasks.levels) - 1).bit_length()):
            middle = (low + high) >> 1
            fits = taken + self._costs.take(offsets + middle) <= limits
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return low

    def record(
        self,
        models: Ints,
        codes: Floats,
        costs: Floats,
        scores: Floats,
        complete: Mask | bool = True,
        *,
        named: bool = True,
    ) -> Mask:
        """Take a trial into every search.

        Args:
            models: by index; shape (stages, count).
            codes: sample counts as in an observation; shape (stages, count).
            costs: of the allocations.
            scores: main metric; 0 unless complete.
            complete: whether the trials were completed.
            named: whether they name allocations; if not, models, codes and costs mean nothing.

        Returns:
            Which searches have another incumbent since, shape (count,).
        """
        rows = self._rows
        cells = rows.reshape(-1)  # the same memory
        self.trials += 1
        shares = np.where(self._room > 0, (costs - self._cheapest) / np.where(self._room > 0, self._room, 1.0), 1.0)
        shown = np.stack([np.clip(shares, 0.0, LIMIT), scores]).astype(np.float32)
        cost, score = shown if named else (np.zeros_like(shown[0]), shown[1])
        ours = self._smallest + models * len(MODEL) if named else np.tile(self._nowhere, (STAGES, 1))

        cells[ours + _TRIALS] = (np.rint(cells.take(ours + _TRIALS) * self._length) + 1) / self._length
        before, before_cost = cells.take(ours + _BEST_SCORE), cells.take(ours + _BEST_COST)
        first = cells.take(ours + _BEST_LEVEL) == 0  # a completed trial has no level 0
        better = complete & (first | (score > before) | (score == before) & (cost < before_cost))
        which = np.flatnonzero(better)
        if which.size:
            at, lanes = ours.take(which), which % len(costs)
            cells[at + _BEST_SCORE], cells[at + _BEST_COST] = score.take(lanes), cost.take(lanes)
            cells[at + _BEST_LEVEL] = codes.take(which)
        cells[self._last + _IN_LAST] = 0.0
        cells[ours + _IN_LAST] = 1.0
        self._last = ours

        rows[:, stage_rows("last level")] = codes.T
        rows[:, SEARCH.index("trials left")] = 1 - self.trials / self._length
        rows[:, SEARCH.index("last score")] = score
        rows[:, SEARCH.index("last cost")] = cost
        rows[:, SEARCH.index("last complete")] = complete
        ahead: Mask = complete & (
            (scores > self.best_scores) | (scores == self.best_scores) & (costs < self._best_costs)
        )
        lanes = np.flatnonzero(ahead)
        if lanes.size:
            self.best_scores[lanes], self._best_costs[lanes] = scores[lanes], costs[lanes]
            cells[self._best[:, lanes] + _IN_BEST] = 0.0
            self._best[:, lanes] = ours[:, lanes]
            cells[ours[:, lanes] + _IN_BEST] = 1.0
            rows[lanes, stage_rows("best level")] = codes[:, lanes].T
            rows[lanes, SEARCH.index("best score")] = score[lanes]
            rows[lanes, SEARCH.index("best cost")] = cost[lanes]
        return ahead

    def observations(self) -> Observation:
        """What policies see: shape (count, SIZE)."""
        return self._rows[:, :SIZE].copy()


def _mask(fits: Mask) -> Mask:
    """From (n, stages, models, levels) to (n, stages * (models + levels))."""
    parts = np.concatenate([fits.any(axis=3), fits.any(axis=2)], axis=2)
    return parts.reshape(len(fits), -1)


def _log_share(part: Floats, whole: Floats) -> Floats:
    """A share on a log scale: 0 is a part in 10^4 or less, 1 all; also 1 where there is nothing to share."""
    share = np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)
    scaled: Floats = np.minimum(1 + np.log10(np.maximum(share, 1e-4)) / 4, LIMIT)
    return scaled

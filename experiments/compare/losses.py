"""The arrays that all tables and plots of a comparison are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.experiments.statistics import (
    Comparison,
    Reference,
    anytime_regret,
    normalised_regret,
    winners_curse,
)

Array = npt.NDArray[np.float64]

AXES: Mapping[str, str] = {
    "trials": "trials",
    "tokens": "inference tokens computed",
    "total_tokens": "tokens computed, the searcher's own included",
}
"""Along which regret is drawn and summed, and how the axis is called."""

ROUNDING = 1e-9
"""True scores that differ by less are equal: they are rounded when they are kept."""

POINTS = 50
"""Of curves over tokens; over trials there is one for each trial."""


@dataclass(frozen=True, eq=False)
class Losses:
    """Of T problems, K searchers and R seeds.

    Attributes:
        comparison: the runs.
        reference: the oracles, and the comparison's own random search.
        regret: (T, K, R), normalised, of the last incumbent.
        curse: (T, K, R), search score minus true score of the last incumbent; NaN without one.
        grids: by axis (G,), evenly spaced up to 1: what random search spends in the mean.
        curves: by axis (T, K, R, G), normalised regret.
    """

    comparison: Comparison
    reference: Reference
    regret: Array
    curse: Array
    grids: Mapping[str, Array]
    curves: Mapping[str, Array]

    @classmethod
    def of(cls, comparison: Comparison, oracles: Mapping[str, float]) -> Losses:
        """From the runs, and the highest expected score by problem.

        Raises:
            InvalidInputError: random search finds an oracle in every run, so that nothing is left to normalise by; or
                it spends nothing along an axis.
        """
        column = comparison.position(BASELINE)
        for row, task in enumerate(comparison.tasks):
            if (comparison.achieved[row, column, :, -1] >= oracles.get(task, inf) - ROUNDING).all():
                raise InvalidInputError(
                    f"{BASELINE} ends with the best score there is of {task!r}, {oracles[task]:.4g}, in every run, so "
                    "that regret has no unit: compare with fewer trials, at another budget or without it, in another "
                    "folder"
                )
        reference = Reference.of(comparison, oracles, searcher=BASELINE)
        counts = {axis: comparison.trials if axis == "trials" else POINTS for axis in AXES}
        grids = {axis: np.arange(1, count + 1) / count for axis, count in counts.items()}
        return cls(
            comparison,
            reference,
            normalised_regret(comparison, reference)[..., -1],
            winners_curse(comparison)[..., -1],
            grids,
            {axis: anytime_regret(comparison, reference, axis, grid) for axis, grid in grids.items()},
        )

    def only(self, tasks: Sequence[str]) -> Losses:
        """Of some of the problems."""
        rows = [self.comparison.tasks.index(task) for task in tasks]
        spending = {axis: unit[rows] for axis, unit in self.reference.spending.items()}
        return Losses(
            self.comparison.only(tasks=tasks),
            Reference(tuple(tasks), self.reference.oracle[rows], self.reference.random[rows], spending),
            self.regret[rows],
            self.curse[rows],
            self.grids,
            {axis: curves[rows] for axis, curves in self.curves.items()},
        )

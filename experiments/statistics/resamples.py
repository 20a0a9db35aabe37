"""The stratified bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import Array
from agenttts_env.experiments.statistics.scipy_stats import scipy_stats


@dataclass(frozen=True, eq=False)
class Interval:
    """Estimates with their confidence intervals; three arrays of one shape.

    Attributes:
        value: the estimates, from the data themselves.
        low: lower ends.
        high: upper ends.
    """

    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Resamples:
    """Seeds drawn anew within each task, B times; intervals are percentiles of what a statistic makes of them.

    Two corrections make up for few seeds. A resample draws one seed fewer than there are, with replacement (McCarthy &
    Snowden 1985), so that the variance within a task has no bias; and the percentiles lie as far out as those of
    Student's t with tasks * (seeds - 1) degrees of freedom (Hesterberg 2015, arXiv 1411.5279). Over six tasks with five
    seeds nominal 95% intervals of interquartile means cover 95% so, and 89 to 91% without.

    One set of resamples serves all searchers of a comparison: they keep their common random numbers, so that
    differences are resampled in pairs, and nobody's interval depends on who else takes part.

    Attributes:
        weights: (B, tasks, seeds), how often each seed was drawn.
        level: of the intervals.
    """

    weights: Array
    level: float = 0.95

    @classmethod
    def of(cls, tasks: int, seeds: int, *, count: int = 2000, level: float = 0.95, seed: int = 0) -> Resamples:
        """Draw them.

        Args:
            tasks: how many, the strata.
            seeds: how many, in each.
            count: B.
            level: of the intervals.
            seed: of the draws.

        Raises:
            InvalidInputError: there are fewer than two seeds, or a number is out of its range.
        """
        if seeds < 2:
            raise InvalidInputError(f"an interval needs at least 2 seeds, but there are {seeds}")
        if tasks < 1 or count < 1 or not 0 < level < 1:
            raise InvalidInputError(
                f"resamples need tasks >= 1, count >= 1 and 0 < level < 1, but got {tasks}, {count} and {level}"
            )
        rng = np.random.default_rng([seed, *b"bootstrap"])
        drawn = rng.multinomial(seeds - 1, np.full(seeds, 1 / seeds), size=(count, tasks))
        return cls(drawn.astype(np.float64), level)

    @cached_property
    def tail(self) -> float:
        """Share of the replicas that lies beyond each end of an interval.

        Raises:
            MissingExtraError: scipy is not installed.
        """
        stats = scipy_stats()
        _, tasks, seeds = self.weights.shape
        return float(stats.norm.sf(stats.t.isf((1 - self.level) / 2, tasks * (seeds - 1))))

    def check(self, values: Array) -> None:
        """Whether they are of values (tasks, searchers, seeds, ...).

        Raises:
            InvalidInputError: they are of other numbers of tasks or seeds.
        """
        if (values.shape[0], values.shape[2]) != self.weights.shape[1:]:
            raise InvalidInputError(
                f"resamples must be of {values.shape[0]} tasks and {values.shape[2]} seeds, but are of "
                f"{self.weights.shape[1]} and {self.weights.shape[2]}"
            )

    def interval(self, statistic: Callable[[Array], Array]) -> Interval:
        """Estimate and interval of a statistic.

        Args:
            statistic: a function of weights (B, tasks, seeds) that returns (B, ...). With all weights one it is the
                estimate.
        """
        value = statistic(np.ones((1, *self.weights.shape[1:])))[0]
        replicas = np.sort(statistic(self.weights), axis=0)
        # Without interpolation, as some statistics are infinite at times.
        outside = int(len(replicas) * self.tail)
        return Interval(value, replicas[outside], replicas[-1 - outside])


def stacked(intervals: list[Interval]) -> Interval:
    """Several intervals along a new first axis."""
    return Interval(*(np.stack([getattr(i, name) for i in intervals]) for name in ("value", "low", "high")))

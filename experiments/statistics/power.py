"""How many seeds it takes to tell a difference."""

from __future__ import annotations

from math import pi

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.scipy_stats import scipy_stats

MOST_SEEDS = 10**6


def signed_rank_efficiency(seeds: int) -> float:
    """Pitman efficiency of the signed-rank test within tasks relative to the t-test, for normal differences.

    From the slope of the mean of W+, R f(0) + R (R - 1) / 2 * 2 g(0) with the densities f of a difference and g of the
    sum of two, and from its variance under the null, R (R + 1) (2 R + 1) / 24. One seed per task leaves a sign test,
    2 / pi; many reach 3 / pi, as Wilcoxon's test does (Hodges & Lehmann 1956). Long tails make it more.
    """
    return 12 / pi * (1 + (seeds - 1) / 2**0.5) ** 2 / ((seeds + 1) * (2 * seeds + 1))


def power(
    seeds: int,
    difference: float,
    deviation: float,
    *,
    tasks: int = 1,
    alpha: float = 0.05,
    comparisons: int = 1,
    efficiency: float | None = None,
) -> float:
    """Chance that a paired comparison of two searchers finds a true difference, with its sign.

    The power of the two-sided paired t-test (noncentral t) with efficiency * tasks * seeds pairs: an approximation for
    :func:`~agenttts_env.experiments.statistics.signed_rank.signed_rank`. It is 0 where so few pairs can never be
    significant.

    Args:
        seeds: per task.
        difference: true mean difference of losses, taken to be the same on all tasks.
        deviation: standard deviation of the paired differences within a task, see :func:`pilot_deviation`.
        tasks: how many.
        alpha: level.
        comparisons: among how many pairs; Holm's first step tests each at alpha / comparisons.
        efficiency: relative to the t-test; by default :func:`signed_rank_efficiency`, and 1 for the t-test itself.

    Raises:
        InvalidInputError: an argument is out of its range.
        MissingExtraError: scipy is not installed.
    """
    if min(seeds, tasks, comparisons) < 1 or not deviation > 0 or not 0 < alpha < 1:
        raise InvalidInputError(
            "power needs seeds, tasks and comparisons >= 1, deviation > 0 and 0 < alpha < 1, but got "
            f"{seeds}, {tasks}, {comparisons}, {deviation} and {alpha}"
        )
    level = alpha / comparisons
    pairs = seeds * tasks * (signed_rank_efficiency(seeds) if efficiency is None else efficiency)
    if 2.0 ** (1 - seeds * tasks) > level or pairs <= 1:
        return 0.0
    stats = scipy_stats()
    freedom, shift = pairs - 1, abs(difference) / deviation * pairs**0.5
    limit = stats.t.isf(level / 2, freedom)
    return float(stats.nct.sf(limit, freedom, shift))


def seeds_needed(
    difference: float,
    deviation: float,
    *,
    target: float = 0.8,
    tasks: int = 1,
    alpha: float = 0.05,
    comparisons: int = 1,
    efficiency: float | None = None,
) -> int:
    """The fewest seeds per task with which :func:`power` reaches its target.

    Raises:
        InvalidInputError: an argument is out of its range, or a million seeds are not enough.
        MissingExtraError: scipy is not installed.
    """
    _check_target(target)

    def enough(seeds: int) -> bool:
        found = power(
            seeds, difference, deviation, tasks=tasks, alpha=alpha, comparisons=comparisons, efficiency=efficiency
        )
        return found >= target

    high = 1
    while not enough(high):
        if high > MOST_SEEDS:
            raise InvalidInputError(
                f"a difference must be told with at most {MOST_SEEDS:,} seeds, but {difference} at a deviation of "
                f"{deviation} is not"
            )
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def detectable_difference(
    seeds: int,
    deviation: float,
    *,
    target: float = 0.8,
    tasks: int = 1,
    alpha: float = 0.05,
    comparisons: int = 1,
    efficiency: float | None = None,
) -> float:
    """The smallest difference for which so many seeds reach the target: the inverse of :func:`seeds_needed`.

    Infinite where so few pairs can never be significant.

    Raises:
        InvalidInputError: an argument is out of its range.
        MissingExtraError: scipy is not installed.
    """
    _check_target(target)

    def found(difference: float) -> float:
        return power(
            seeds, difference, deviation, tasks=tasks, alpha=alpha, comparisons=comparisons, efficiency=efficiency
        )

    low, high = 0.0, deviation
    while found(high) < target:
        if high > 2**20 * deviation:
            return float("inf")
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= target else (middle, high)
    return high


def pilot_deviation(differences: npt.ArrayLike) -> float:
    """Standard deviation of paired differences within a task, pooled over tasks, from a pilot's (tasks, seeds).

    A pilot of few seeds knows it poorly: of five on one task the 95% interval reaches from 0.6 to 2.9 times the
    estimate.

    Raises:
        InvalidInputError: the shape is another, or there are fewer than two seeds.
    """
    array = np.asarray(differences, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 2:
        raise InvalidInputError(f"differences must have the shape (tasks, seeds >= 2), but have {array.shape}")
    return float(np.sqrt(array.var(axis=1, ddof=1).mean()))


def _check_target(target: float) -> None:
    if not 0 < target < 1:
        raise InvalidInputError(f"a target of power must be between 0 and 1, but got {target}")

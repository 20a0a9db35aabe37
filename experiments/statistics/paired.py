"""Paired comparisons of searchers, all of them or against one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from agenttts_env.experiments.statistics.aggregates import mean
from agenttts_env.experiments.statistics.arrays import Array, as_losses, position
from agenttts_env.experiments.statistics.resamples import Resamples
from agenttts_env.experiments.statistics.signed_rank import signed_rank


@dataclass(frozen=True)
class PairedTest:
    """Two searchers on the same tasks and seeds. Positive means that the first is better.

    Attributes:
        first: a searcher.
        second: another.
        gain: loss of the second minus loss of the first, in the mean over tasks and seeds.
        low: lower end of its interval.
        high: upper end.
        effect: rank-biserial correlation, see :func:`~agenttts_env.experiments.statistics.signed_rank`.
        p_value: of the signed-rank test, for this pair alone.
        adjusted: Holm's p-value, over all pairs that were tested together.
    """

    first: str
    second: str
    gain: float
    low: float
    high: float
    effect: float
    p_value: float
    adjusted: float


def paired_tests(
    losses: npt.ArrayLike, searchers: Sequence[str], resamples: Resamples, *, control: str | None = None
) -> tuple[PairedTest, ...]:
    """The stratified signed-rank test of every pair, with Holm's correction.

    Against the control ``init-only`` the gains are those over a searcher's own initialisation; against a random search
    that was seeded with the same trials, those over what luck makes of it.

    Args:
        losses: (tasks, searchers, seeds); the runs of a seed have common random numbers.
        searchers: names.
        resamples: of as many tasks and seeds.
        control: only pairs with this one, as the second of each.

    Raises:
        InvalidInputError: a loss is not finite, a shape does not fit, or the control is unknown.
    """
    array = as_losses(losses, searchers)
    resamples.check(array)
    if control is None:
        pairs = list(combinations(range(len(searchers)), 2))
    else:
        second = position(searchers, control)
        pairs = [(first, second) for first in range(len(searchers)) if first != second]
    if not pairs:
        return ()
    gains = np.stack([array[:, second] - array[:, first] for first, second in pairs], axis=1)
    tests = [signed_rank(gains[:, pair]) for pair in range(len(pairs))]
    average = mean(gains, resamples)
    adjusted = holm([test.p_value for test in tests])
    return tuple(
        PairedTest(
            searchers[first],
            searchers[second],
            gain=float(average.value[pair]),
            low=float(average.low[pair]),
            high=float(average.high[pair]),
            effect=tests[pair].effect,
            p_value=tests[pair].p_value,
            adjusted=float(adjusted[pair]),
        )
        for pair, (first, second) in enumerate(pairs)
    )


def holm(p_values: npt.ArrayLike) -> Array:
    """Holm's (1979) step-down adjustment: the chance of any false positive among m tests stays below the level.

    The i-th smallest of m p-values becomes the largest of (m - j + 1) times the j-th smallest over j <= i, at most 1.
    statsmodels has it, but is not worth a dependency for these lines; the tests compare the two.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted

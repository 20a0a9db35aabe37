"""Probability of improvement."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.experiments.statistics.arrays import Array, as_losses
from agenttts_env.experiments.statistics.resamples import Interval, Resamples


def probability_of_improvement(losses: npt.ArrayLike, resamples: Resamples) -> Interval:
    """Chance that a run of the row's searcher beats a run of the column's on a task drawn at random.

    Mean over tasks of P(X < Y) + P(X = Y) / 2 over all pairs of seeds, the Mann-Whitney statistic over R^2 (Agarwal et
    al. 2021, arXiv 2108.13264). It compares independent runs;
    :func:`~agenttts_env.experiments.statistics.paired.paired_tests` compares runs of the same seed.

    Args:
        losses: (tasks, searchers, seeds).
        resamples: of as many tasks and seeds; both searchers' seeds are resampled together.

    Returns:
        (searchers, searchers), 1/2 on the diagonal.

    Raises:
        InvalidInputError: a loss is not finite, or a shape does not fit.
    """
    array = as_losses(losses)
    resamples.check(array)
    count = array.shape[1]
    found = Interval(*(np.full((count, count), 0.5) for _ in range(3)))
    for row in range(count):
        for column in range(row + 1, count):
            one = _probability(array[:, row], array[:, column], resamples)
            found.value[row, column], found.value[column, row] = one.value, 1 - one.value
            found.low[row, column], found.low[column, row] = one.low, 1 - one.high
            found.high[row, column], found.high[column, row] = one.high, 1 - one.low
    return found


def _probability(losses: Array, others: Array, resamples: Resamples) -> Interval:
    wins = (np.sign(others[:, None, :] - losses[:, :, None]) + 1) / 2

    def chance(weights: Array) -> Array:
        by_task = np.moveaxis(weights, 1, 0)
        pairs = weights.sum(axis=-1).T ** 2
        chances: Array = (((by_task @ wins) * by_task).sum(axis=-1) / pairs).mean(axis=0)
        return chances

    return resamples.interval(chance)

"""One number for a searcher over all tasks and seeds, with its interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import Array, as_losses
from agenttts_env.experiments.statistics.resamples import Interval, Resamples, stacked


def interquartile_mean(losses: npt.ArrayLike, resamples: Resamples) -> Interval:
    """Mean of the middle half of all runs of a searcher, on all tasks together (IQM).

    Of n runs the lowest and the highest floor(n / 4) are left out: as robust as the median to single bad runs, and more
    certain (Agarwal et al. 2021, arXiv 2108.13264; there over scores).

    Args:
        losses: (tasks, searchers, seeds) or, for a curve, (tasks, searchers, seeds, G).
        resamples: of as many tasks and seeds.

    Returns:
        (searchers,), or (searchers, G) for a curve.

    Raises:
        InvalidInputError: a loss is not finite, or a shape does not fit.
    """
    array = as_losses(losses)
    resamples.check(array)
    columns = np.moveaxis(array, (0, 2), (-2, -1))
    runs = columns.reshape(-1, array.shape[0] * array.shape[2])
    found = stacked([_interquartile_mean(run, resamples) for run in runs])
    return Interval(*(getattr(found, name).reshape(columns.shape[:-2]) for name in ("value", "low", "high")))


def _interquartile_mean(values: Array, resamples: Resamples) -> Interval:
    order = np.argsort(values)
    ascending = values[order]

    def trimmed(weights: Array) -> Array:
        ranks = np.cumsum(weights.reshape(len(weights), -1)[:, order], axis=1)
        count = ranks[0, -1]
        cut = np.floor(count / 4)
        kept = np.diff(np.clip(ranks, cut, count - cut), axis=1, prepend=cut)
        mean: Array = kept @ ascending / (count - 2 * cut)
        return mean

    return resamples.interval(trimmed)


def mean(values: npt.ArrayLike, resamples: Resamples) -> Interval:
    """Mean over tasks and seeds: (tasks, searchers, seeds) to (searchers,).

    Its interval is too short where tails are long: over six tasks with ten seeds, one of them log-normal with a log
    deviation of 1.2, it covers 84% instead of 95%. Summarise losses by their :func:`interquartile_mean`, and use this
    for differences.

    NaN marks a run that has no such value (one without an incumbent has no winner's curse), and is left out; an
    estimate without any value is NaN.

    Raises:
        InvalidInputError: a shape does not fit.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 3:
        raise InvalidInputError(f"values must have the shape (tasks, searchers, seeds), but have {array.shape}")
    resamples.check(array)
    there = ~np.isnan(array)
    filled = np.where(there, array, 0.0)

    def weighted(weights: Array) -> Array:
        total = np.tensordot(weights, filled, axes=((-2, -1), (0, 2)))
        with np.errstate(invalid="ignore"):
            average: Array = total / np.tensordot(weights, there.astype(np.float64), axes=((-2, -1), (0, 2)))
        return average

    return resamples.interval(weighted)

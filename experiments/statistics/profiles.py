"""Performance profiles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.experiments.statistics.arrays import Array, as_losses
from agenttts_env.experiments.statistics.resamples import Interval, Resamples


def performance_profile(losses: npt.ArrayLike, thresholds: npt.ArrayLike, resamples: Resamples) -> Interval:
    """Share of a searcher's runs, over all tasks, whose loss is at most each threshold: (searchers, G).

    The distribution function of the losses, with pointwise bands (Agarwal et al. 2021, arXiv 2108.13264, there the tail
    of scores; the idea is Dolan & Moré's 2002). A searcher whose profile is nowhere below another's is better by every
    summary.

    Args:
        losses: (tasks, searchers, seeds).
        thresholds: (G,).
        resamples: of as many tasks and seeds.

    Raises:
        InvalidInputError: a loss is not finite, or a shape does not fit.
    """
    array = as_losses(losses)
    resamples.check(array)
    within = (array[..., None] <= np.asarray(thresholds, dtype=np.float64)).astype(np.float64)

    def share(weights: Array) -> Array:
        runs = weights.sum(axis=(-2, -1))[:, None, None]
        shares: Array = np.tensordot(weights, within, axes=((-2, -1), (0, 2))) / runs
        return shares

    return resamples.interval(share)

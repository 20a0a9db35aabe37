"""What part of an advantage something simpler has too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.experiments.statistics.arrays import Array, as_losses, position
from agenttts_env.experiments.statistics.resamples import Interval, Resamples


def explained_share(
    losses: npt.ArrayLike, searchers: Sequence[str], resamples: Resamples, *, searcher: str, by: str, over: str
) -> Interval:
    """Share of a searcher's advantage over another that a third has as well.

    (loss of ``over`` - loss of ``by``) / (loss of ``over`` - loss of ``searcher``), of means over tasks and seeds: with
    ``by="init-only"`` and ``over="random"``, what share of an agent's advantage over random search its initial trials
    alone explain. Above 1, what is simpler is better.

    Args:
        losses: (tasks, searchers, seeds).
        searchers: names.
        resamples: of as many tasks and seeds.
        searcher: whose advantage.
        by: what explains it.
        over: over whom.

    Returns:
        Of shape (). NaN without an advantage. The interval is unbounded where the advantage itself cannot be told from
        none (Fieller 1954): a share of something that may be zero can be anything.

    Raises:
        InvalidInputError: a name is unknown, a loss is not finite, or a shape does not fit.
    """
    array = as_losses(losses, searchers)
    resamples.check(array)
    mine, its, theirs = (array[:, position(searchers, name)] for name in (searcher, by, over))

    def share(weights: Array) -> Array:
        whole = _mean(weights, theirs - mine)
        return np.divide(_mean(weights, theirs - its), whole, out=np.full_like(whole, np.nan), where=whole > 0)

    found = resamples.interval(share)
    if resamples.interval(lambda weights: _mean(weights, theirs - mine)).low <= 0:
        return Interval(found.value, np.array(-np.inf), np.array(np.inf))
    return found


def _mean(weights: Array, values: Array) -> Array:
    average: Array = (weights * values).sum(axis=(-2, -1)) / weights.sum(axis=(-2, -1))
    return average

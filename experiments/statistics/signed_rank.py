"""The signed-rank test on several tasks at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agenttts_env.experiments.statistics.arrays import DECIMALS, Array
from agenttts_env.experiments.statistics.scipy_stats import scipy_stats


@dataclass(frozen=True)
class SignedRank:
    """What the test found.

    Attributes:
        effect: matched-pairs rank-biserial correlation, (W+ - W-) / (W+ + W-) from -1 to 1 (Kerby 2014); positive where
            differences are positive, 0 where there are none.
        p_value: two-sided.
    """

    effect: float
    p_value: float


def signed_rank(differences: Array) -> SignedRank:
    """Wilcoxon's signed-rank test, stratified by task, with its exact distribution.

    The sizes of the differences are ranked within each task, so that a task counts by its number of pairs and not by
    its scale; W+ is the sum of the ranks of positive differences over all tasks. Under the null hypothesis, that
    swapping the two searchers of a pair changes no distribution, every sign is a fair coin: the distribution of W+
    follows by convolution, ties included, at any number of seeds. Differences of zero decide nothing and are left out,
    as Wilcoxon did. On one task without ties this is ``scipy.stats.wilcoxon(method="exact")``.

    Args:
        differences: (tasks, seeds), of pairs with common random numbers.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    rankdata = scipy_stats().rankdata
    positive, ranks = [], []
    for task in np.round(differences, DECIMALS):
        signed = task[task != 0]
        positive.append(signed > 0)
        # Ties have half ranks: twice the ranks are integers.
        ranks.append((2 * rankdata(np.abs(signed))).astype(np.int64))
    weights = np.concatenate(ranks)
    total = int(weights.sum())
    if not total:
        return SignedRank(0.0, 1.0)
    observed = int(weights[np.concatenate(positive)].sum())
    farther = max(observed, total - observed)
    tail = float(_null(weights)[farther:].sum())
    return SignedRank((2 * observed - total) / total, min(1.0, 2 * tail))


def _null(weights: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Array:
    """Chances of the sums 0, 1, ... of weights that are each in or out with the chance one half."""
    chances = np.zeros(weights.sum() + 1)
    chances[0] = 1.0
    reach = 1
    for weight in weights.tolist():
        moved = chances[:reach] / 2
        chances[:reach] = moved
        reach += weight
        chances[weight:reach] += moved
    return chances

"""How long it takes to come close to the oracle, and how often that succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import DECIMALS, Array, position
from agenttts_env.experiments.statistics.comparison import Comparison
from agenttts_env.experiments.statistics.reference import Reference
from agenttts_env.experiments.statistics.resamples import Interval, Resamples


@dataclass(frozen=True, eq=False)
class Reached:
    """Task by task, as spending of different tasks does not add up.

    Attributes:
        within: how close, as a share of the oracle's score.
        axis: what ``expected`` counts.
        expected: (tasks, searchers), expected spending until a run comes so close, with restarts (ERT); infinite where
            no run does.
        share: (tasks, searchers), share of runs that come so close at any time.
        kept: (tasks, searchers), share of runs that are so close at their end: a noisy search does not know that it was
            there, and can leave.
    """

    within: float
    axis: str
    expected: Interval
    share: Array
    kept: Array


def reached(
    comparison: Comparison, reference: Reference, resamples: Resamples, *, within: float, axis: str = "trials"
) -> Reached:
    """Expected running time to score >= (1 - within) * oracle.

    ERT = (what all runs spent until they first reached the target, or in all where they never did) / (number of runs
    that did): what a search costs that is started anew, with another seed, whenever it ends without success (Auger &
    Hansen 2005; Hansen et al. 2021, COCO). The truth is the incumbent's true score, which no searcher sees.

    Args:
        comparison: the runs.
        reference: of the same tasks.
        resamples: of as many tasks and seeds.
        within: 0.01 for 1%.
        axis: what to count.

    Raises:
        InvalidInputError: ``within`` is not in [0, 1), the axis is unknown, or a shape does not fit.
    """
    if not 0 <= within < 1:
        raise InvalidInputError(f"`within` must be at least 0 and below 1, but got {within}")
    resamples.check(comparison.search_scores)
    close = is_close(comparison, reference, within)
    hit = close.any(axis=-1)
    last = np.where(hit, close.argmax(axis=-1), comparison.trials - 1)
    spent = np.take_along_axis(comparison.spent(axis), last[..., None], axis=-1)[..., 0]

    def expected(weights: Array) -> Array:
        total = np.einsum("btr,tkr->btk", weights, spent)
        hits = np.einsum("btr,tkr->btk", weights, hit.astype(np.float64))
        spending: Array = np.divide(total, hits, out=np.full_like(total, np.inf), where=hits > 0)
        return spending

    return Reached(within, axis, resamples.interval(expected), hit.mean(axis=-1), close[..., -1].mean(axis=-1))


def is_close(comparison: Comparison, reference: Reference, within: float) -> npt.NDArray[np.bool_]:
    """Whether the incumbent's true score is >= (1 - within) * oracle: (tasks, searchers, seeds, N).

    Raises:
        InvalidInputError: the reference is of another comparison.
    """
    reference.check(comparison)
    target = (1 - within) * reference.oracle[:, None, None, None]
    return np.round(comparison.achieved - target, DECIMALS) >= 0


@dataclass(frozen=True, eq=False)
class RelativeReached:
    """Expected running times in units of another searcher's: these do add up over tasks.

    Attributes:
        ratio: (searchers,), geometric mean over the tasks where both come so close; NaN where there is none.
        tasks: (searchers,), on how many tasks both do.
    """

    ratio: Array
    tasks: Array


def relative_reached(found: Reached, searchers: Sequence[str], *, to: str) -> RelativeReached:
    """Geometric mean over tasks of expected running time over that of another searcher.

    A task on which either never comes so close, or comes for nothing, has no ratio and is left out: a ratio over fewer
    tasks than there are says nothing of the others, and stands beside :attr:`Reached.share`, which has them all.

    Args:
        found: of the searchers.
        searchers: names.
        to: whose expected running time is the unit.

    Raises:
        InvalidInputError: the unit's name is unknown.
    """
    expected = found.expected.value
    unit = expected[:, [position(searchers, to)]]
    both = np.isfinite(expected) & np.isfinite(unit) & (expected > 0) & (unit > 0)
    logs = np.log(np.where(both, expected, 1.0)) - np.log(np.where(both, unit, 1.0))
    tasks = both.sum(axis=0)
    average = np.divide(logs.sum(axis=0), tasks, out=np.full(tasks.shape, np.nan), where=tasks > 0)
    return RelativeReached(np.exp(average), tasks.astype(np.float64))

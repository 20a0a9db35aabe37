"""Mean ranks of searchers, and which of them cannot be told apart: the data of a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import DECIMALS, Array, as_losses
from agenttts_env.experiments.statistics.paired import PairedTest
from agenttts_env.experiments.statistics.scipy_stats import scipy_stats


@dataclass(frozen=True)
class Ranking:
    """Searchers from the best mean rank to the worst.

    Attributes:
        searchers: names.
        mean_ranks: of each; 1 is the best.
        blocks: number of rankings that the means are over.
        p_value: of Friedman's test that all are alike; NaN for two searchers, whose pair is the test.
        groups: the bars of the diagram: every longest run of neighbours no two of which the paired tests tell apart, as
            first and last position in ``searchers``.
    """

    searchers: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    blocks: int
    p_value: float
    groups: tuple[tuple[int, int], ...]


def ranking(
    losses: npt.ArrayLike,
    searchers: Sequence[str],
    tests: Sequence[PairedTest],
    *,
    per: Literal["run", "task"] = "run",
    alpha: float = 0.05,
) -> Ranking:
    """Rank the searchers in every block, and join those whose difference is not significant.

    Significance is that of the paired tests with Holm's correction, not that of Nemenyi's critical difference of mean
    ranks: with the latter, the difference of two searchers depends on who else takes part (Benavoli, Corani & Mangili
    2016).

    Args:
        losses: (tasks, searchers, seeds).
        searchers: names.
        tests: of all pairs of them.
        per: a block is a task and a seed (``run``: on these tasks), or a task, by its mean loss (``task``: as if the
            tasks were drawn from more; Demšar 2006).
        alpha: level of the tests.

    Raises:
        InvalidInputError: there are fewer than two searchers, a pair has no test, ``per`` is something else, a loss is
            not finite, or a shape does not fit.
        MissingExtraError: scipy is not installed.
    """
    array = as_losses(losses, searchers)
    if len(searchers) < 2:
        raise InvalidInputError(f"a ranking needs at least 2 searchers, but got {len(searchers)}")
    if per not in ("run", "task"):
        raise InvalidInputError(f"`per` must be run or task, but got {per!r}")
    blocks = array.mean(axis=2) if per == "task" else np.moveaxis(array, 1, 2).reshape(-1, len(searchers))
    stats = scipy_stats()
    ranks = stats.rankdata(np.round(blocks, DECIMALS), axis=1)
    means = ranks.mean(axis=0)
    order = np.argsort(means, kind="stable")
    ordered = tuple(searchers[i] for i in order)
    return Ranking(
        ordered,
        tuple(float(means[i]) for i in order),
        len(blocks),
        _friedman(ranks),
        _groups(ordered, tests, alpha),
    )


def _friedman(ranks: Array) -> float:
    if ranks.shape[1] < 3:
        return float("nan")
    if np.ptp(ranks) == 0:
        return 1.0  # all are alike in every block
    return float(scipy_stats().friedmanchisquare(*ranks.T).pvalue)


def _groups(ordered: Sequence[str], tests: Sequence[PairedTest], alpha: float) -> tuple[tuple[int, int], ...]:
    p_values = {frozenset((test.first, test.second)): test.adjusted for test in tests}
    last = []
    for start, first in enumerate(ordered):
        end = start
        while end + 1 < len(ordered) and all(
            _p_value(p_values, ordered[end + 1], name) >= alpha for name in (first, *ordered[start + 1 : end + 1])
        ):
            end += 1
        last.append(end)
    return tuple(
        (start, end) for start, end in enumerate(last) if end > start and (start == 0 or end > last[start - 1])
    )


def _p_value(p_values: dict[frozenset[str], float], one: str, other: str) -> float:
    pair = frozenset((one, other))
    if pair not in p_values:
        raise InvalidInputError(f"a ranking needs the tests of all pairs, but {one!r} and {other!r} have none")
    return p_values[pair]

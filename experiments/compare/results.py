"""What a comparison says of every searcher, on each problem and on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.experiments.statistics import (
    Comparison,
    Ranking,
    Reference,
    Resamples,
    interquartile_mean,
    mean,
    normalised_regret,
    paired_tests,
    ranking,
    reached,
    winners_curse,
)

CLOSE = (0.01, 0.05)
"""How close to the oracle counts as having found it."""


@dataclass(frozen=True)
class Closeness:
    """How often and how soon a searcher comes within a share of the oracle's score.

    Attributes:
        ever: share of runs whose incumbent was so close at any time.
        at_end: share of runs whose last incumbent is.
        trials: expected number until then, with restarts (ERT); infinite if no run gets there, NaN over all problems.
        total_tokens: likewise, the searcher's own included.
    """

    ever: float
    at_end: float
    trials: float
    total_tokens: float


@dataclass(frozen=True)
class Result:
    """One searcher on one problem, or on all.

    Attributes:
        searcher: its name.
        regret: normalised regret after the last trial, interquartile mean over runs: 0 is the oracle, 1 random search.
        regret_low: lower end of its interval.
        regret_high: upper end.
        close: by :data:`CLOSE`.
        curse: search score minus true score of the last incumbent, mean.
        curse_low: lower end of its interval.
        curse_high: upper end.
        rank: mean over runs; 1 is the best.
        failed: number of trials that failed.
    """

    searcher: str
    regret: float
    regret_low: float
    regret_high: float
    close: Mapping[float, Closeness]
    curse: float
    curse_low: float
    curse_high: float
    rank: float
    failed: int


@dataclass(frozen=True)
class Results:
    """All searchers on one problem, or on all.

    Attributes:
        problem: its name; None for all.
        rows: in the comparison's order.
        ranking: with the groups that cannot be told apart.
    """

    problem: str | None
    rows: tuple[Result, ...]
    ranking: Ranking

    def best_first(self) -> list[Result]:
        """The rows by rising regret."""
        return sorted(self.rows, key=lambda row: row.regret)


def reference_of(comparison: Comparison, oracles: Mapping[str, float]) -> Reference:
    """The comparison's own random search, and the oracles by problem."""
    return Reference.of(comparison, oracles, searcher=BASELINE)


def results(comparison: Comparison, oracles: Mapping[str, float], failed: Mapping[tuple[str, str], int]) -> Results:
    """What is said of the searchers of a comparison, its problems together.

    Args:
        comparison: of one problem or of several.
        oracles: the highest expected score, by problem.
        failed: number of failed trials, by problem and searcher.

    Raises:
        InvalidInputError: random search finds an oracle in every run, so that nothing is left to normalise by.
    """
    reference = reference_of(comparison, oracles)
    resamples = Resamples.of(len(comparison.tasks), len(comparison.seeds))
    losses = normalised_regret(comparison, reference)[..., -1]
    regret = interquartile_mean(losses, resamples)
    curse = mean(winners_curse(comparison)[..., -1], resamples)
    ranks = ranking(losses, comparison.searchers, paired_tests(losses, comparison.searchers, resamples))
    alone = len(comparison.tasks) == 1
    close = [_closeness(comparison, reference, resamples, within, alone=alone) for within in CLOSE]
    rows = tuple(
        Result(
            searcher,
            float(regret.value[i]),
            float(regret.low[i]),
            float(regret.high[i]),
            {within: column[i] for within, column in zip(CLOSE, close, strict=True)},
            float(curse.value[i]),
            float(curse.low[i]),
            float(curse.high[i]),
            ranks.mean_ranks[ranks.searchers.index(searcher)],
            sum(failed.get((problem, searcher), 0) for problem in comparison.tasks),
        )
        for i, searcher in enumerate(comparison.searchers)
    )
    return Results(comparison.tasks[0] if alone else None, rows, ranks)


def _closeness(
    comparison: Comparison, reference: Reference, resamples: Resamples, within: float, *, alone: bool
) -> Sequence[Closeness]:
    by_trials, by_tokens = (
        reached(comparison, reference, resamples, within=within, axis=axis) for axis in ("trials", "total_tokens")
    )
    # What different problems take does not add up: over several, only shares of runs are said.
    return [
        Closeness(
            float(by_trials.share[:, i].mean()),
            float(by_trials.kept[:, i].mean()),
            float(by_trials.expected.value[0, i]) if alone else nan,
            float(by_tokens.expected.value[0, i]) if alone else nan,
        )
        for i in range(len(comparison.searchers))
    ]

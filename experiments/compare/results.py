"""What a comparison says of every searcher, on each problem and on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from agenttts_env.experiments.compare.counts import Counts
from agenttts_env.experiments.compare.losses import AXES, Losses
from agenttts_env.experiments.compare.names import CONTROLS, INITIALISATION, controls_of, is_seeded
from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.experiments.statistics import (
    Interval,
    PairedTest,
    Ranking,
    Resamples,
    area_under,
    explained_share,
    interquartile_mean,
    mean,
    paired_tests,
    probability_of_improvement,
    ranking,
    reached,
    relative_reached,
)

CLOSE = (0.01, 0.05)
"""How close to the oracle counts as having found it."""

ALPHA = 0.05
"""Level of the tests, with Holm's correction."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval, *index: int) -> Estimate:
        """One entry of arrays of intervals."""
        return cls(*(float(ends[index]) for ends in (interval.value, interval.low, interval.high)))


@dataclass(frozen=True)
class Closeness:
    """How often and how soon a searcher comes within a share of the oracle's score.

    Attributes:
        ever: share of runs whose incumbent was so close at any time.
        at_end: share of runs whose last incumbent is.
        trials: expected number until then, with restarts (ERT); infinite if no run gets there, NaN over all problems.
        total_tokens: likewise, the searcher's own included.
        ratio: the expected number of trials over random search's: on one problem their quotient, over several the
            geometric mean over those where both get there; NaN where there is none.
        problems: on how many problems both do.
    """

    ever: float
    at_end: float
    trials: float
    total_tokens: float
    ratio: float
    problems: int


@dataclass(frozen=True)
class Result:
    """One searcher on one problem, or on all.

    Attributes:
        searcher: its name.
        regret: normalised regret after the last trial, interquartile mean over runs: 0 is the oracle, 1 random search.
        areas: by axis the area under the regret's curve, interquartile mean over runs.
        close: by :data:`CLOSE`.
        curse: search score minus true score of the last incumbent, mean.
        rank: mean over runs; 1 is the best.
        gains: by control the paired test against it, whose gain is positive where this searcher's regret is lower; None
            for the control itself, and where it takes no part.
        improvement: chance that a run of this searcher beats one of random search.
        explained: share of the advantage over random search that its initial trials alone have; None of a searcher that
            does not begin with them, and where the control takes no part.
        failed: number of trials that failed.
        infeasible: number of trials that did not fit the budget.
        own_tokens: that the searcher's own LLM computed, mean over runs.
        training: see :class:`~agenttts_env.experiments.compare.record.CellRecord`.
    """

    searcher: str
    regret: Estimate
    areas: Mapping[str, Estimate]
    close: Mapping[float, Closeness]
    curse: Estimate
    rank: float
    gains: Mapping[str, PairedTest | None]
    improvement: Estimate
    explained: Estimate | None
    failed: int
    infeasible: int
    own_tokens: float
    training: Mapping[str, float] | None


@dataclass(frozen=True)
class Results:
    """All searchers on one problem, or on all.

    Attributes:
        problem: its name; None for all.
        rows: in the comparison's order.
        ranking: with the groups that cannot be told apart.
        tests: of all pairs, with Holm's correction over these.
    """

    problem: str | None
    rows: tuple[Result, ...]
    ranking: Ranking
    tests: tuple[PairedTest, ...]

    @property
    def searchers(self) -> tuple[str, ...]:
        """Names, in the comparison's order."""
        return tuple(row.searcher for row in self.rows)

    def best_first(self) -> list[Result]:
        """The rows by rising regret."""
        return sorted(self.rows, key=lambda row: row.regret.value)

    def like(self, searcher: str) -> list[str]:
        """Whom the tests of all pairs do not tell apart from a searcher, the best first."""
        pairs = [{test.first, test.second} for test in self.tests if test.adjusted >= ALPHA]
        return [row.searcher for row in self.best_first() if {searcher, row.searcher} in pairs]


def results(losses: Losses, counts: Mapping[tuple[str, str], Counts]) -> Results:
    """What is said of the searchers of a comparison, its problems together.

    Args:
        losses: of one problem or of several.
        counts: what is no loss, by problem and searcher.
    """
    comparison, searchers = losses.comparison, losses.comparison.searchers
    resamples = Resamples.of(len(comparison.tasks), len(comparison.seeds))
    regret = interquartile_mean(losses.regret, resamples)
    areas = {axis: interquartile_mean(area_under(losses.curves[axis]), resamples) for axis in AXES}
    curse = mean(losses.curse, resamples)
    tests = paired_tests(losses.regret, searchers, resamples)
    ranks = ranking(losses.regret, searchers, tests, alpha=ALPHA)
    close = {within: _closeness(losses, resamples, within) for within in CLOSE}
    baseline = searchers.index(BASELINE)
    gains = {
        (test.first, test.second): test
        for control in searchers
        if control.split(":")[0] in CONTROLS
        for test in paired_tests(losses.regret, searchers, resamples, control=control)
    }
    rows = []
    for i, searcher in enumerate(searchers):
        own = controls_of(searcher)
        mine = [counts[problem, searcher] for problem in comparison.tasks]
        rows.append(
            Result(
                searcher,
                Estimate.of(regret, i),
                {axis: Estimate.of(area, i) for axis, area in areas.items()},
                {within: column[i] for within, column in close.items()},
                Estimate.of(curse, i),
                ranks.mean_ranks[ranks.searchers.index(searcher)],
                {control: gains.get((searcher, own[control])) for control in CONTROLS},
                Estimate.of(probability_of_improvement(losses.regret[:, [i, baseline]], resamples), 0, 1),
                _explained(losses, resamples, searcher, own[INITIALISATION]),
                sum(count.failed for count in mine),
                sum(count.infeasible for count in mine),
                sum(count.own_tokens for count in mine) / (len(mine) * len(comparison.seeds)),
                next((count.training for count in mine if count.training is not None), None),
            )
        )
    return Results(comparison.tasks[0] if len(comparison.tasks) == 1 else None, tuple(rows), ranks, tests)


def _explained(losses: Losses, resamples: Resamples, searcher: str, by: str) -> Estimate | None:
    searchers = losses.comparison.searchers
    if not is_seeded(searcher) or searcher == by or by not in searchers:
        return None
    return Estimate.of(explained_share(losses.regret, searchers, resamples, searcher=searcher, by=by, over=BASELINE))


def _closeness(losses: Losses, resamples: Resamples, within: float) -> list[Closeness]:
    comparison, alone = losses.comparison, len(losses.comparison.tasks) == 1
    by_trials, by_tokens = (
        reached(comparison, losses.reference, resamples, within=within, axis=axis)
        for axis in ("trials", "total_tokens")
    )
    relative = relative_reached(by_trials, comparison.searchers, to=BASELINE)
    # What different problems take does not add up: over several, only shares of runs and ratios are said.
    return [
        Closeness(
            float(by_trials.share[:, i].mean()),
            float(by_trials.kept[:, i].mean()),
            float(by_trials.expected.value[0, i]) if alone else nan,
            float(by_tokens.expected.value[0, i]) if alone else nan,
            float(relative.ratio[i]),
            int(relative.tasks[i]),
        )
        for i in range(len(comparison.searchers))
    ]

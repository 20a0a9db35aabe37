"""The columns of a comparison's tables: what each is called, what it means, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, isinf, isnan
from typing import Literal

from agenttts_env.experiments.compare.losses import AXES
from agenttts_env.experiments.compare.names import CONTROLS, INITIALISATION, SEEDED_BASELINE
from agenttts_env.experiments.compare.options import BASELINE
from agenttts_env.experiments.compare.results import ALPHA, CLOSE, Estimate, Result, Results
from agenttts_env.experiments.compare.wording import Wording
from agenttts_env.experiments.statistics import PairedTest

NONE = "–"

Group = Literal["regret", "speed", "reliability"]

GROUPS: dict[Group, str] = {
    "regret": "How good is what it ends with?",
    "speed": "How soon is it good?",
    "reliability": "What does it hide, and what does it take?",
}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its head.
        group: the table that it stands in.
        meaning: one sentence, with ``{true_score}`` for what an incumbent is judged by.
        text: what stands in a row.
        of: results on one problem, on all of several, or both.
    """

    name: str
    group: Group
    meaning: str
    text: Callable[[Result], str]
    of: Literal["one", "all", "both"] = "both"

    def explained(self, words: Wording) -> str:
        """The meaning, for a comparison of these words."""
        return self.meaning.format(true_score=words.true_score)

    def fits(self, found: Results) -> bool:
        """Whether it stands in the table of these results."""
        return self.of == "both" or self.of == ("all" if found.problem is None else "one")


def interval(estimate: Estimate | None, style: str = ".2f") -> str:
    """For example ``0.62 [0.55, 0.71]``."""
    if estimate is None or isnan(estimate.value):
        return NONE
    value, low, high = (number + 0.0 for number in (estimate.value, estimate.low, estimate.high))  # no zero below zero
    return f"{value:{style}} [{low:{style}}, {high:{style}}]" if isfinite(low) and isfinite(high) else "unbounded"


def gain(test: PairedTest | None) -> str:
    """A gain with its interval, and a star where the test finds one."""
    if test is None:
        return NONE
    return interval(Estimate(test.gain, test.low, test.high), "+.2f") + ("*" if test.adjusted < ALPHA else "")


def _explained(estimate: Estimate | None) -> str:
    return "no advantage" if estimate is not None and isnan(estimate.value) else interval(estimate, ".0%")


def expected(trials: float) -> str:
    """An expected running time."""
    return NONE if isnan(trials) else "never" if isinf(trials) else f"{trials:,.0f}"


def _ratio(value: float, problems: int) -> str:
    return NONE if isnan(value) else f"×{value:.2f} ({problems})"


def _training(row: Result) -> str:
    return ", ".join(f"{value:,.4g} {name}" for name, value in row.training.items()) if row.training else NONE


def _columns() -> list[Column]:
    gains = {
        BASELINE: "over random search",
        INITIALISATION: "over the initial trials alone (for a searcher that begins with them: its own initialisation)",
        SEEDED_BASELINE: "over random search that begins with the same initial trials",
    }
    columns = [
        Column(
            "regret", "regret",
            "Normalised simple regret: how far the {true_score} of the final incumbent is below the oracle's, as a "
            "multiple of what random search has left after as many trials (in the mean over its runs). Interquartile "
            "mean over runs: 0 is the oracle, 1 is about random search.",
            lambda row: interval(row.regret),
        ),
        *(
            Column(
                f"gain over {control}", "regret",
                f"Regret saved {words}, paired by seed, mean over runs; positive is better. * where the signed-rank "
                "test finds a difference (either way), with Holm's correction over all searchers in the column.",
                lambda row, control=control: gain(row.gains[control]),  # type: ignore[misc]
            )
            for control, words in gains.items()
        ),
        Column(
            "explained by init", "regret",
            "Share of the advantage over random search that the searcher's initial trials alone (init-only) have too, "
            "of mean regrets. Above 100% the initial trials alone are better, below 0 they are worse than random "
            "search; unbounded where the interval of the advantage itself holds zero. Only of searchers that begin "
            "with them.",
            lambda row: _explained(row.explained),
        ),
        Column(
            "P(better than random)", "regret",
            "Probability of improvement: the chance that a run has a lower regret than an independent run of random "
            "search on a problem drawn from these.",
            lambda row: interval(row.improvement),
        ),
        Column(
            "rank", "regret", "Mean rank by regret among all searchers; 1 is the best.",
            lambda row: f"{row.rank:.2f}",
        ),
        *(
            Column(
                f"area, {axis.replace('_', ' ')}", "speed",
                f"Area under the curve of regret over {words}: its mean height up to what random search spends in all.",
                lambda row, axis=axis: interval(row.areas[axis]),  # type: ignore[misc]
            )
            for axis, words in AXES.items()
        ),
    ]  # fmt: skip
    for within in CLOSE:
        columns += [
            Column(
                f"within {within:.0%}", "speed",
                f"Share of runs that end within {within:.0%} of the oracle's score / that were there at any time.",
                lambda row, within=within: f"{row.close[within].at_end:.0%} / {row.close[within].ever:.0%}",  # type: ignore[misc]
            ),
            Column(
                f"ERT {within:.0%}", "speed",
                f"Expected number of trials until a run is within {within:.0%} of the oracle's score, restarted with "
                "another seed until one is.",
                lambda row, within=within: expected(row.close[within].trials),  # type: ignore[misc]
                "one",
            ),
            Column(
                f"ERT {within:.0%}, tokens", "speed",
                "Likewise in tokens computed, the searcher's own included.",
                lambda row, within=within: expected(row.close[within].total_tokens),  # type: ignore[misc]
                "one",
            ),
            Column(
                f"ERT {within:.0%} / random's", "speed",
                f"Expected number of trials until within {within:.0%} of the oracle, as a multiple of random search's: "
                "geometric mean over the problems where runs of both get there, their number in brackets. The share of "
                "runs beside it counts all problems.",
                lambda row, within=within: _ratio(row.close[within].ratio, row.close[within].problems),  # type: ignore[misc]
                "all",
            ),
        ]  # fmt: skip
    columns += [
        Column(
            "winner's curse", "reliability",
            "Search score minus {true_score} of the final incumbent, mean over runs: by how much a report of the "
            "search score alone would overstate.",
            lambda row: interval(row.curse, "+.3f"),
        ),
        Column(
            "failed", "reliability", "Number of trials that failed; they count as trials.",
            lambda row: f"{row.failed:,}",
        ),
        Column(
            "infeasible", "reliability", "Number of trials that were over the budget; they count as trials.",
            lambda row: f"{row.infeasible:,}",
        ),
        Column(
            "own tokens", "reliability",
            "Tokens that the searcher's own LLM computed, mean over runs; they are part of the total tokens.",
            lambda row: f"{row.own_tokens:,.0f}",
        ),
        Column(
            "training", "reliability",
            "What training the searcher took before its runs (a trained policy's); part of no other number.",
            _training,
        ),
    ]  # fmt: skip
    return columns


COLUMNS = tuple(_columns())


def columns(found: Results, group: Group) -> list[Column]:
    """The columns of a group for these results."""
    return [column for column in COLUMNS if column.group == group and column.fits(found)]


def missing_controls(found: Results) -> str:
    """Which controls take no part, so that their columns are dashes; empty if all do."""
    missing = [control for control in CONTROLS if control not in found.searchers]
    if not missing:
        return ""
    return f"no gain over {' and '.join(missing)} is said: add {','.join(missing)} to --searchers"

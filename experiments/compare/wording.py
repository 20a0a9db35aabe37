"""What the pages of a comparison say that depends on where its scores come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wording:
    """Words and sentences of a backend.

    Attributes:
        true_score: what an incumbent is judged by.
        scores: what the scores are, after a semicolon and without a full stop.
        caution: what a seed decides, what intervals contain and what not, and what the oracles' scores are; empty where
            it needs no saying beside the rest.
        reading: how to read a comparison, a paragraph each.
    """

    true_score: str
    scores: str
    caution: str
    reading: tuple[str, ...]


_INTERVALS = (
    "Intervals are 95%, bootstrapped over the seeds of each problem, and are about these problems; the error of random "
    "search's mean, which is the unit of regret, is common to all searchers of a problem and is in none. Tests are "
    "signed-rank tests of runs paired by seed, stratified by problem, with Holm's correction."
)
_MEANS = (
    "An interquartile mean leaves out the worst and the best quarter of runs; gains and shares explained are of plain "
    "means, in which a few bad runs weigh much. Where the two disagree, look at the performance profiles."
)

SIMULATED = Wording(
    true_score="expected score",
    scores="the scores are computed from a landscape, and are no measurements",
    caution="",
    reading=(
        "Every searcher runs on every problem with the same seeds: of a seed, all see the same data set and noise. "
        "What a search names at its end, the trial with the highest search score, is judged by its expected score, "
        "which no searcher sees, against the best allocation within the budget (the oracle, found by computing all) "
        "and against random search. Nobody else enters the regret.",
        _INTERVALS,
        _MEANS,
    ),
)

_SEEDS = (
    "A seed decides the searcher's random choices and, where a run has fewer examples than were recorded, which of the "
    "recorded search examples it sees: intervals and tests are about these two, and contain nothing of which examples "
    "and which samples of the models were recorded, on either split"
)
_ORACLE = (
    "An oracle's score is the highest of many noisy means over the recorded test examples, and owes something to luck: "
    "regrets are measured from there, and not from what is best beyond these examples."
)


def _replay(scores: str) -> Wording:
    return Wording(
        true_score="test score",
        scores=scores,
        caution=f"{_SEEDS}. {_ORACLE}",
        reading=(
            "Every searcher runs on every problem with the same seeds: of a seed, all see the same recorded examples, "
            "and of an example the same recorded samples. What a search names at its end, the trial with the highest "
            "search score, is judged by its test score, the recorded mean over the whole test split, which no searcher "
            "sees, against the best allocation within the budget by that score (the oracle, found by looking all up) "
            "and against random search. Nobody else enters the regret.",
            _INTERVALS,
            _MEANS,
        ),
    )


def wording(settings: Mapping[str, Any]) -> Wording:
    """The words for a comparison, by its settings."""
    if settings["backend"] == "simulated":
        return SIMULATED
    sizes = {problem["task"]: problem["recorded"] for problem in settings["problems"]}
    recorded = ", ".join(f"{size['search']} + {size['test']} of {task}" for task, size in sizes.items())
    scores = "the scores are recorded ones of real models"
    if settings["backend"] != "replay":
        scores = "no model wrote what was recorded, and the scores mean nothing"
    return _replay(f"{scores} (search + test examples: {recorded})")

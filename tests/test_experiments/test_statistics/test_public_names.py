"""The exported names: a change here is a change for users."""

from __future__ import annotations

from agenttts_env.experiments import statistics

NAMES = [
    "Cell",
    "Comparison",
    "Interval",
    "PairedTest",
    "Ranking",
    "Reached",
    "Reference",
    "RelativeReached",
    "Resamples",
    "SignedRank",
    "anytime",
    "anytime_regret",
    "area_under",
    "detectable_difference",
    "explained_share",
    "holm",
    "interquartile_mean",
    "mean",
    "normalised_regret",
    "paired_tests",
    "performance_profile",
    "pilot_deviation",
    "power",
    "probability_of_improvement",
    "ranking",
    "reached",
    "relative_reached",
    "seeds_needed",
    "signed_rank",
    "simple_regret",
    "winners_curse",
]


def test_names() -> None:
    assert statistics.__all__ == NAMES
    assert all(getattr(statistics, name).__doc__ for name in NAMES)

"""Statistics of a comparison of searchers: pure functions over tables of trials.

The way of the data: one :class:`Cell` per (task, searcher, seed), :meth:`Comparison.of` the cells (a full factorial,
the seeds shared by all searchers), a :class:`Reference` that knows each task's oracle and random search. Regrets and
curves are arrays over (tasks, searchers, seeds, ...) of *losses*: lower is better; of a normalised regret 0 is the
oracle and 1 is random search with as many trials. Everything else is a function of such losses, and of
:class:`Resamples` where it has an interval.

All intervals and tests are about *these* tasks: their randomness is that of the seeds.
:func:`ranking` with ``per="task"`` is the one that takes the tasks for a sample of more. What is said of one or two
searchers (normalised regrets, intervals, unadjusted p-values) never depends on who else takes part; ranks and Holm's
adjustment do, by their nature.
"""

from __future__ import annotations

from agenttts_env.experiments.statistics.aggregates import interquartile_mean, mean
from agenttts_env.experiments.statistics.cell import Cell
from agenttts_env.experiments.statistics.comparison import Comparison
from agenttts_env.experiments.statistics.curves import anytime, anytime_regret, area_under
from agenttts_env.experiments.statistics.explained import explained_share
from agenttts_env.experiments.statistics.improvement import probability_of_improvement
from agenttts_env.experiments.statistics.paired import PairedTest, holm, paired_tests
from agenttts_env.experiments.statistics.power import (
    detectable_difference,
    pilot_deviation,
    power,
    seeds_needed,
)
from agenttts_env.experiments.statistics.profiles import performance_profile
from agenttts_env.experiments.statistics.ranks import Ranking, ranking
from agenttts_env.experiments.statistics.reached import Reached, RelativeReached, reached, relative_reached
from agenttts_env.experiments.statistics.reference import Reference
from agenttts_env.experiments.statistics.regret import normalised_regret, simple_regret, winners_curse
from agenttts_env.experiments.statistics.resamples import Interval, Resamples
from agenttts_env.experiments.statistics.signed_rank import SignedRank, signed_rank

__all__ = [
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

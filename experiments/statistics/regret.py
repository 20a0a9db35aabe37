"""How far a run is from the oracle, and how far its search score is from the truth."""

from __future__ import annotations

from agenttts_env.experiments.statistics.arrays import Array
from agenttts_env.experiments.statistics.comparison import Comparison
from agenttts_env.experiments.statistics.reference import Reference


def simple_regret(comparison: Comparison, reference: Reference) -> Array:
    """Oracle minus true score of the incumbent, after each trial: (tasks, searchers, seeds, N).

    A noisy search can leave a good incumbent for a worse one that looks better, so that this may rise.

    Raises:
        InvalidInputError: the reference is of another comparison.
    """
    reference.check(comparison)
    return reference.oracle[:, None, None, None] - comparison.achieved


def normalised_regret(comparison: Comparison, reference: Reference) -> Array:
    """Simple regret in units of what random search has left after all its trials: (tasks, searchers, seeds, N).

    (oracle - score) / (oracle - random search's expected last score): 0 is the oracle; 1 is random search with as many
    trials, after the last of them. Nobody else's scores enter.

    Raises:
        InvalidInputError: the reference is of another comparison.
    """
    return simple_regret(comparison, reference) / reference.scale[:, None, None, None]


def winners_curse(comparison: Comparison) -> Array:
    """Search score minus true score of the incumbent, after each trial: (tasks, searchers, seeds, N).

    Positive in the mean, as the incumbent is the one whose noise helped most (Smith & Winkler 2006, the optimizer's
    curse). NaN before the first completed trial.
    """
    return comparison.incumbent_scores - comparison.test_scores

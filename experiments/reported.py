"""Published figures beside a problem's own."""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.published import PUBLISHED
from agenttts_env.problem import Problem


@dataclass(frozen=True)
class Reported:
    """An allocation that was published for a task.

    Attributes:
        what: where it comes from.
        allocation: which.
        value: the published score on the test set; None where it was reported without one.
    """

    what: str
    allocation: Allocation
    value: float | None


def reported_scores(problem: Problem) -> tuple[Reported, ...]:
    """What was published of allocations that a problem offers, the one that the paper's method chose first."""
    published = PUBLISHED.get(problem.task.name)
    if published is None:
        return ()
    scores = [Reported(score.what, score.allocation, score.value) for score in published.tests]
    scores.sort(key=lambda score: score.allocation != published.optimum)
    scores += [Reported(f"optimum at budget {budget:g}", best, None) for budget, best in published.optima.items()]
    return tuple(score for score in scores if _offered(problem, score.allocation))


def _offered(problem: Problem, allocation: Allocation) -> bool:
    try:
        problem.validate(allocation)
    except InvalidInputError:
        return False
    return True

"""Static allocations as a yardstick: what it costs to reach a score if all questions are treated alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from agenttts_env.per_query.questions import Questions
from agenttts_env.surface import ROUNDING, Surface, Valued


class StaticFront:
    """Static allocations that no cheaper or equally cheap one matches.

    Args:
        allocations: with their costs and scores; the others among them are left out.

    Attributes:
        allocations: those that are left, by rising cost and score.
    """

    def __init__(self, allocations: Sequence[Valued]) -> None:
        front: list[Valued] = []
        for valued in sorted(allocations, key=lambda valued: (valued.cost, -valued.score)):
            if not front or valued.score > front[-1].score + ROUNDING:
                front.append(valued)
        self.allocations = tuple(front)

    @classmethod
    def of(cls, surface: Surface) -> StaticFront:
        """The front of all allocations within the budget: by expected score (simulated), or as recorded."""
        return cls(surface.pareto())

    def measured(self, questions: Questions) -> StaticFront:
        """The same allocations by what they score on these questions.

        Compared with a policy on the same questions, luck in the draw of questions cancels for the most part. The best
        of many measured scores is a little too good, to the disadvantage of the policy.
        """
        return StaticFront(
            [
                replace(valued, score=float(scores.mean()), deviation=float(scores.std()))
                for valued in self.allocations
                for scores in (questions.measure(valued.allocation),)
            ]
        )

    def cost_of(self, score: float) -> float:
        """What the cheapest allocation costs that scores as much or more; infinite if none does."""
        return next((valued.cost for valued in self.allocations if valued.score >= score - ROUNDING), float("inf"))

    @cached_property
    def hull(self) -> tuple[Valued, ...]:
        """The corners of the upper convex hull: what mixes of allocations, drawn question by question, can reach."""
        hull: list[Valued] = []
        for valued in self.allocations:
            while len(hull) > 1 and _slope(hull[-2], valued) >= _slope(hull[-2], hull[-1]):
                hull.pop()
            hull.append(valued)
        return tuple(hull)

    def mixed_cost_of(self, score: float) -> float:
        """What the cheapest random mix of allocations costs that scores as much or more in the mean.

        A policy may be stochastic, so this is the fair bound for it. Infinite if even the best allocation scores less.
        """
        before: Valued | None = None
        for valued in self.hull:
            if valued.score >= score - ROUNDING:
                if before is None:
                    return valued.cost
                return before.cost + min(1.0, (score - before.score) / (valued.score - before.score)) * (
                    valued.cost - before.cost
                )
            before = valued
        return float("inf")


def _slope(low: Valued, high: Valued) -> float:
    return (high.score - low.score) / (high.cost - low.cost)

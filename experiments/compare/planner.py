"""How many seeds a comparison needs: from a finished one, or from a deviation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.findings import Findings, read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.statistics import detectable_difference, pilot_deviation, power, seeds_needed

TARGET = 0.8
"""Power that is asked for."""


@dataclass(frozen=True)
class Plan:
    """What the planner knows.

    Attributes:
        deviation: standard deviation of paired differences of regret within a problem.
        problems: how many.
        seeds: per problem; 0 if it is not known.
        pairs: number of tests among which one is; Holm's correction is for these.
    """

    deviation: float
    problems: int = 1
    seeds: int = 0
    pairs: int = 1

    def __post_init__(self) -> None:
        if not self.deviation > 0 or self.problems < 1 or self.pairs < 1 or self.seeds < 0:
            raise InvalidInputError(
                "`deviation` must be > 0, `problems` and `pairs` >= 1 and `seeds` >= 0, but got "
                f"{self.deviation:g}, {self.problems}, {self.pairs} and {self.seeds}"
            )

    def detectable(self, pairs: int) -> float:
        """The smallest difference that is told with :data:`TARGET` power; infinite if none is."""
        return detectable_difference(self.seeds, self.deviation, target=TARGET, tasks=self.problems, comparisons=pairs)

    def lines(self, difference: float) -> list[str]:
        """What to tell a user who wants to tell a difference.

        Raises:
            InvalidInputError: the difference is not positive, or a million seeds are not enough.
        """
        if not difference > 0:
            raise InvalidInputError(f"`difference` must be > 0, but got {difference:g}")
        problems = f"{self.problems} problem{'' if self.problems == 1 else 's'}"
        lines = [f"a difference of {difference:g} in regret, on {problems} with a deviation of {self.deviation:.3g}:"]
        families = {1: "two given searchers"}
        if self.pairs > 1:
            families[self.pairs] = f"any of {self.pairs} pairs (Holm)"
        for pairs, words in families.items():
            found = seeds_needed(difference, self.deviation, target=TARGET, tasks=self.problems, comparisons=pairs)
            line = f"  {words}: {found} seeds for {TARGET:.0%} power"
            if self.seeds:
                there = power(self.seeds, difference, self.deviation, tasks=self.problems, comparisons=pairs)
                line += f"; {self.seeds} seeds have {there:.0%}"
            lines.append(line)
        return lines


def plan_of(folder: str | None = None, **given: Any) -> Plan:
    """What is given, and for the rest what a comparison says.

    Args:
        folder: of the comparison, if there is one.
        given: fields of :class:`Plan`.

    Raises:
        InvalidInputError: neither gives a deviation, or a field is out of its range.
        RunLogError: there is no comparison in the folder.
    """
    if folder is not None:
        return replace(planned(read_findings(ComparisonFolder(folder))), **given)
    if "deviation" not in given:
        raise InvalidInputError("a number of seeds needs --deviation, or the folder of a comparison, but got neither")
    return Plan(**given)


def planned(findings: Findings) -> Plan:
    """What a comparison says of the next one: its typical pair's deviation, the median over all pairs that differ.

    Raises:
        InvalidInputError: all searchers are equal in every run.
    """
    regret = findings.losses.regret
    pairs = list(combinations(range(regret.shape[1]), 2))
    deviations = [pilot_deviation(regret[:, one] - regret[:, other]) for one, other in pairs]
    there = [deviation for deviation in deviations if deviation > 0]
    if not there:
        raise InvalidInputError("a deviation needs searchers that differ, but all runs have equal regrets")
    return Plan(float(np.median(there)), regret.shape[0], regret.shape[2], len(pairs))

"""Expected scores of the simulated tasks, and the words that every simulated page needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_simulated
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem

MULTI_HOP = "2wikimultihopqa"
SIMULATED = "SIMULATED"

ORIGIN = (
    "No model ran for the scores: they come from a landscape that was fitted to figures of this very paper "
    "([docs/landscapes.md](../landscapes.md)). "
)
"""What every simulated page begins with; what was fitted of the figures that it compares must follow."""


@lru_cache(maxsize=32)
def _oracle(task: str, budget: float | None, cost: str, temperatures: tuple[tuple[str, float], ...]) -> Oracle:
    spec, landscape = build_simulated(task, temperatures=dict(temperatures))
    return Oracle(Problem.of(spec, budget=budget, cost=cost), landscape)


def oracle(
    task: str,
    budget: float | None = None,
    *,
    cost: str = "paper",
    temperatures: Mapping[str, float] = MappingProxyType({}),
) -> Oracle:
    """Expected scores of all allocations of a simulated task."""
    return _oracle(task, budget, cost, tuple(sorted(temperatures.items())))


def expected(surface: Oracle, allocation: Allocation) -> float:
    """The expected score of one allocation, without those of all the others."""
    return surface.population.expected(surface.population.main, surface.choices(allocation))


def short(allocation: Allocation | str) -> str:
    """An allocation without its models' families: ``72b x1 + 3b x50``."""
    return " + ".join(
        f"{choice.rpartition(' ')[0].rpartition('-')[2]} {choice.rpartition(' ')[2]}"
        for choice in str(allocation).split(" + ")
    )

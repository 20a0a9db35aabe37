"""What a policy sees of a search: the layout of an observation, the same for one environment and for many."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.problem import Problem

Observation = npt.NDArray[np.float32]

COST_SHARE_LIMIT = 10.0


def observation_names(problem: Problem) -> tuple[str, ...]:
    """What each entry of an observation is."""
    task = problem.task
    stages = [name for stage in task.stages for name in (f"last {stage.name} model", f"last {stage.name} level")]
    metrics = [f"last {metric}" for metric in task.metrics]
    return (
        "budget", "trials left", "best score",
        *stages, *metrics, "last cost share", "last feasible", "last complete",
    )  # fmt: skip


def observation_space(problem: Problem) -> gym.Space[Observation]:
    """Shares in [0, 1], but for the cost share."""
    names = observation_names(problem)
    high = np.ones(len(names), dtype=np.float32)
    high[names.index("last cost share")] = COST_SHARE_LIMIT
    return gym.spaces.Box(np.zeros_like(high), high, dtype=np.float32)


def budget_share(problem: Problem) -> float:
    """The budget as a share of the dearest allocation: 0 is the cheapest one."""
    room = problem.dearest_cost - problem.cheapest_cost
    return min(1.0, (problem.budget - problem.cheapest_cost) / room) if room > 0 else 1.0


def highest_indices(problem: Problem) -> list[int]:
    """What the entries of an action are divided by; 1 where there is no choice."""
    return [max(int(n) - 1, 1) for n in problem.nvec]

"""Simulated environments over the made-up landscape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from landscapes import toy_landscape

from agenttts_env.cost import get_cost
from agenttts_env.env import AllocationEnv
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.vector_env import AllocationVectorEnv

SMALL, LARGE = Model("small", 3e9, 28, 3072, 0.1), Model("large", 70e9, 80, 8192, 0.9)


def toy_task(*, models: Sequence[Model] = (SMALL, LARGE)) -> Task:
    """The task of the made-up landscape."""
    stages = (
        Stage("read", (SMALL, LARGE), 700, 40, 8, fusion="llm"),
        Stage("plan", tuple(models), 300, 130, 8, fusion="llm"),
        Stage("write", (SMALL, LARGE), 150, 64, 8, fusion="llm"),
    )
    return toy_landscape().simulated(Task("toy", "Read, plan, write.", stages, ("quality", "reading"), None))


def toy_problem(budget: float = 2500.0, *, levels: Sequence[int] = range(1, 101), task: Task | None = None) -> Problem:
    """Its problem; half of all allocations fit the default budget."""
    return Problem(task or toy_task(), get_cost("paper"), budget, tuple(levels))


def toy_env(problem: Problem | None = None, *, seed: int = 0, examples: int = 50, **options: Any) -> AllocationEnv:
    """One search."""
    problem = problem or toy_problem()
    return AllocationEnv(
        problem, SimulatedEvaluator(problem.task, toy_landscape(), seed=seed, examples=examples), **options
    )


def toy_vector_env(
    problems: Sequence[Problem], seeds: Sequence[int], *, examples: int = 50, **options: Any
) -> AllocationVectorEnv:
    """Several searches."""
    evaluators = [
        SimulatedEvaluator(problem.task, toy_landscape(), seed=seed, examples=examples)
        for problem, seed in zip(problems, seeds, strict=True)
    ]
    return AllocationVectorEnv(problems, evaluators, **options)

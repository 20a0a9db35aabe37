"""Toy questions for per-query decisions: simulated, recorded, and made by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from landscapes import toy_landscape
from recordings import recorded
from simulations import toy_task

from agenttts_env.per_query import (
    PerQueryEnv,
    PerQueryVectorEnv,
    Questions,
    StageAnswers,
    per_query_problem,
    recorded_questions,
    simulated_questions,
)
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task

TOY_LEVELS = tuple(range(1, 13))


@cache
def toy_questions(
    examples: int = 20, seeds: tuple[int, ...] = (3, 5), levels: tuple[int, ...] = TOY_LEVELS
) -> Questions:
    """Of the made-up landscape: three stages of two models that fuse their samples themselves."""
    return simulated_questions(toy_task(), toy_landscape(), seeds=seeds, examples=examples, levels=levels)


@cache
def replayed_questions(stages: int = 3, fusion: str = "llm") -> Questions:
    """Of the recorded counting task."""
    return recorded_questions(recorded(stages, fusion))


def problem_of(questions: Questions, share: float = 0.3) -> Problem:
    """With a budget between the cheapest and the dearest static allocation."""
    free = per_query_problem(questions.task, budget=1e30, levels=questions.levels)
    budget = free.cheapest_cost + share * (free.dearest_cost - free.cheapest_cost)
    return per_query_problem(questions.task, budget=budget, levels=questions.levels)


def toy_per_query(questions: Questions | None = None, *, share: float = 0.3, **options: Any) -> PerQueryEnv:
    """One at a time."""
    questions = questions or toy_questions()
    return PerQueryEnv(questions, problem_of(questions, share), **options)


def toy_per_query_vector(
    num_envs: int, questions: Questions | None = None, *, share: float = 0.3, **options: Any
) -> PerQueryVectorEnv:
    """Several at a time."""
    questions = questions or toy_questions()
    return PerQueryVectorEnv(questions, problem_of(questions, share), num_envs=num_envs, **options)


def hand_made() -> Questions:
    """Two questions, one stage of two models that vote: what is asked second needs three samples of the first model.

    The first model answers 7 7 7 7 and 1 2 2 2, the second 7 7 7 7 and 2 -1 2 2; 7 and 2 are right.
    """
    models = toy_task().stages[0].models
    task = Task("by hand", "", (Stage("answer", models, 100, 10, 8),), ("right",))
    answers = np.array([[[7, 7, 7, 7], [7, 7, 7, 7]], [[1, 2, 2, 2], [2, -1, 2, 2]]], dtype=np.int32)
    # Leaves: wrong, right. Of equal groups the first wins.
    following = np.array([[[1, 1, 1, 1], [1, 1, 1, 1]], [[0, 0, 1, 1], [1, 1, 1, 1]]], dtype=np.int32)
    return Questions(
        task, "simulated", (1, 2, 3, 4), np.arange(2, dtype=np.int32), (StageAnswers(answers, following),),
        np.array([0.0, 1.0]),
    )  # fmt: skip

"""What ``gymnasium.make("AgentTTS/…-Stagewise-v0")`` and ``make_vec`` call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from agenttts_env.allowed_actions import Masked
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.base import Evaluator
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.simulation.landscape import landscape_names, load_landscape
from agenttts_env.stagewise.env import StagewiseEnv
from agenttts_env.stagewise.rules import LEVELS
from agenttts_env.stagewise.vector_env import StagewiseVectorEnv

_OF_BACKENDS = (
    "backend", "models", "temperatures", "fusions", "examples", "cost", "table", "engine", "task_options", "data",
    "data_options", "sample_seed", "store", "engine_options",
)  # fmt: skip
"""The options of :func:`agenttts_env.registration.make_env` that decide where scores come from."""


def make_stagewise_env(
    task: str,
    *,
    budget: float | Sequence[float] | None = None,
    levels: Sequence[int] | None = None,
    data_seeds: int | Sequence[int] | None = None,
    reward: str = "score",
    masked: Masked = "raise",
    run: str | None = None,
    **options: Any,
) -> StagewiseEnv:
    """The stagewise environment of a task; what ``gymnasium.make("AgentTTS/…-Stagewise-v0", …)`` calls.

    Args:
        task: name of the task; the id decides it.
        budget: one for all episodes, or the lowest and the highest of a range that resets draw from, in the cost's
            unit. By default from the cheapest budget that leaves a choice to the largest of the task's default and the
            budgets published for it.
        levels: the sample counts on offer; by default :data:`~agenttts_env.stagewise.rules.LEVELS`, or those that were
            recorded. ``range(1, 101)`` offers all.
        data_seeds: of the data sets that episodes draw from, see ``data_seed`` of
            :func:`~agenttts_env.registration.make_env`; more than one where it is simulated only.
        reward: see :class:`StagewiseEnv`.
        masked: see :class:`StagewiseEnv`.
        run: see :class:`StagewiseEnv`.
        **options: ``backend``, ``examples``, ``cost`` and others: see :func:`~agenttts_env.registration.make_env`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    problem, evaluators = _offered(task, budget, levels, data_seeds, options)
    return StagewiseEnv(problem, evaluators, budget=budget, reward=reward, masked=masked, run=run)


def make_stagewise_vector_env(
    task: str,
    *,
    num_envs: int = 1,
    budget: float | Sequence[float] | None = None,
    levels: Sequence[int] | None = None,
    data_seeds: int | Sequence[int] | None = None,
    reward: str = "score",
    masked: Masked = "raise",
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    **options: Any,
) -> StagewiseVectorEnv:
    """Many stagewise environments of a simulated task, in arrays; what ``gymnasium.make_vec`` calls.

    Args:
        task: as in :func:`make_stagewise_env`, like all that is not named here.
        num_envs: how many.
        budget: see there.
        levels: see there.
        data_seeds: see there; every episode of every sub-environment draws one of them.
        reward: see there.
        masked: see there.
        autoreset_mode: see :class:`StagewiseVectorEnv`.
        **options: see there; simulated only: for other backends there is ``vectorization_mode="sync"``.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    problem, evaluators = _offered(task, budget, levels, data_seeds, options)
    simulated = [each for each in evaluators if isinstance(each, SimulatedEvaluator)]
    if not simulated:
        raise InvalidInputError(
            f"a vector environment of its own needs backend='simulated', but task {task!r} has "
            f"{evaluators[0].backend!r}: use vectorization_mode='sync'"
        )
    return StagewiseVectorEnv(
        problem,
        simulated,
        num_envs=num_envs,
        budget=budget,
        reward=reward,
        masked=masked,
        autoreset_mode=autoreset_mode,
    )


def _offered(
    task: str,
    budget: float | Sequence[float] | None,
    levels: Sequence[int] | None,
    data_seeds: int | Sequence[int] | None,
    options: dict[str, Any],
) -> tuple[Problem, list[Evaluator]]:
    """What is on offer, with the highest budget that is drawn; and an evaluator for each data set."""
    if unknown := [name for name in options if name not in _OF_BACKENDS]:
        raise InvalidInputError(
            f"a stagewise environment has no option `{unknown[0]}`; beside its own it takes {', '.join(_OF_BACKENDS)}"
        )
    seeds = [*data_seeds] if isinstance(data_seeds, (Sequence, np.ndarray)) else [data_seeds]
    if not seeds:
        raise InvalidInputError("`data_seeds` must name a seed, but got none")
    if levels is None and options.get("backend") != "replay":
        levels = LEVELS
    highest = max(budget, default=None) if isinstance(budget, (Sequence, np.ndarray)) else budget
    first = make_env(task, budget=highest, levels=levels, data_seed=seeds[0], **options)
    problem, evaluators = first.problem, [first.evaluator]
    if budget is None:
        problem = replace(problem, budget=_highest(problem))
    if len(seeds) > 1:
        if not isinstance(first.evaluator, SimulatedEvaluator):
            raise InvalidInputError(
                f"several `data_seeds` need backend='simulated', but the backend is {first.evaluator.backend!r}"
            )
        landscape, examples = first.evaluator.landscape, first.evaluator.dataset.examples
        evaluators += [
            SimulatedEvaluator(problem.task, landscape, seed=each or 0, examples=examples) for each in seeds[1:]
        ]
    return problem, evaluators


def _highest(problem: Problem) -> float:
    """The largest of the problem's default budget and those published for its task, as far as it can be spent."""
    published: tuple[float, ...] = ()
    if problem.cost.name == "paper" and problem.task.name in landscape_names():
        published = load_landscape(problem.task.name).published_budgets
    return max([problem.budget, *(min(each, problem.dearest_cost) for each in published)])

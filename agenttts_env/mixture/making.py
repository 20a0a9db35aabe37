"""The mixture by name: what ``gymnasium.make("AgentTTS/Mixture-v0", …)`` and ``gymnasium.make_vec`` call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenttts_env.building import build_simulated
from agenttts_env.errors import InvalidInputError
from agenttts_env.mixture.env import MixtureEnv
from agenttts_env.mixture.layout import LEVELS
from agenttts_env.mixture.vector_env import MixtureVectorEnv
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import Landscape, landscape_names
from agenttts_env.tasks import get_entry


def make_mixture_env(
    tasks: Sequence[str] = (), *, cost: str = "paper", levels: Sequence[int] = LEVELS, **options: Any
) -> MixtureEnv:
    """One environment; the arguments of :func:`make_mixture_vector_env`, less ``num_envs`` and ``autoreset_mode``.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    return MixtureEnv(*_problems(tasks, cost, levels), **options)


def make_mixture_vector_env(
    tasks: Sequence[str] = (), *, cost: str = "paper", levels: Sequence[int] = LEVELS, **options: Any
) -> MixtureVectorEnv:
    """Many environments, in arrays.

    Args:
        tasks: names of simulated tasks; all of them by default.
        cost: ``paper``, ``flops`` or ``usd``.
        levels: the sample counts on offer, ascending.
        **options: ``num_envs``, ``budget``, ``data_seeds``, ``examples``, ``trials``, ``reward`` and
            ``autoreset_mode``, see :class:`~agenttts_env.mixture.vector_env.MixtureVectorEnv`.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    return MixtureVectorEnv(*_problems(tasks, cost, levels), **options)


def _problems(tasks: Sequence[str], cost: str, levels: Sequence[int]) -> tuple[list[Problem], list[Landscape]]:
    if isinstance(tasks, str):
        raise InvalidInputError(f"`tasks` must be several names, but got {tasks!r}")
    names = [get_entry(task).name for task in tasks or landscape_names()]
    if len(set(names)) < len(names):
        raise InvalidInputError(f"`tasks` must be different, but got {tuple(tasks)}")
    built = [build_simulated(name) for name in names]
    return [Problem.of(task, cost=cost, levels=levels) for task, _ in built], [landscape for _, landscape in built]

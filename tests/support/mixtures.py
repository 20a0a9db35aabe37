"""Small mixtures of simulated tasks: one with two stages of three models, one with three stages of two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.mixture import MixtureEnv, MixtureVectorEnv
from agenttts_env.mixture.making import make_mixture_env, make_mixture_vector_env

OPTIONS: dict[str, Any] = {
    "tasks": ("2wikimultihopqa", "chatdev"),
    "data_seeds": (5, 0, 9),
    "examples": 20,
    "levels": (1, 2, 5, 20, 100),
    "trials": 6,
}


def small_env(**options: Any) -> MixtureEnv:
    """One."""
    return make_mixture_env(**(OPTIONS | options))


def small_vector_env(num_envs: int, **options: Any) -> MixtureVectorEnv:
    """Several."""
    return make_mixture_vector_env(**(OPTIONS | options), num_envs=num_envs)


def masked_actions(masks: npt.NDArray[np.bool_], nvec: npt.NDArray[np.int64], rng: np.random.Generator) -> Any:
    """Uniform actions among those that masks allow."""
    parts = np.split(masks, np.cumsum(nvec)[:-1], axis=1)
    return np.stack([(rng.random(part.shape) * part).argmax(axis=1) for part in parts], axis=1)

"""The layout of actions and observations, the same for every task: padded stages, padded models, and their features."""

from __future__ import annotations

from itertools import chain

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.observation import Observation

STAGES = 3
"""A task has so many stages at most."""

MODELS = 3
"""A stage has so many models at most."""

LEVELS = (1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100)
"""The sample counts on offer, unless others are asked for: about equal steps on a log scale."""

LIMIT = 2.0
"""Entries of an observation are clipped to [-2, 2]; nearly all lie in [0, 1]."""

SEARCH = (
    "trials left", "best score", "best cost", "last score", "last cost", "last complete", "stages", "room",
)  # fmt: skip
"""Of the search: share of trials left; score, and cost as a share of what there is to decide (0 is the cheapest
allocation, 1 the budget), of the best and of the last trial; whether the last one was completed; number of stages, from
0 to 1; and how much of all that could be spent the budget pays, on a log scale (0 is a part in 10^4, 1 all)."""

STAGE = ("present", "prompt tokens", "decode tokens", "fused by model", "best level", "last level")
"""Of a stage: whether the task has it; nominal lengths, on a log scale (1 is 2^16); whether its model fuses samples,
not a vote; and the sample counts of the best and of the last trial, see :func:`level_code`."""

MODEL = (
    "present", "parameters", "priced", "price", "first sample", "next sample", "most samples",
    "trials", "best score", "best cost", "best level", "in best", "in last",
)  # fmt: skip
"""Of a model of a stage: whether there is one; its parameters, on a log scale (0 is 10^9, 1 is 10^12); whether it has
a price, and that price, on a log scale (0 is 1 US$ per million tokens, 1 is 100); what one sample of it costs more than
the stage's cheapest choice, as a share of what there is to decide (1: that or more); what a further sample costs, as
such a share on a log scale (0 is a part in 10^4, 1 all); the most samples that fit beside the cheapest choices at the
other stages, see :func:`level_code`; then of the trials that used it here: their share of all, and of the best of them
(the cheaper, then the earlier of equals) score, cost and sample count; and whether the best and the last trial used
it."""

_MODELS_AT = len(STAGE)
_STAGE_SIZE = len(STAGE) + MODELS * len(MODEL)

SIZE = len(SEARCH) + STAGES * _STAGE_SIZE
"""Number of entries of an observation."""


def stage_rows(name: str) -> slice:
    """Where a feature in :data:`STAGE` stands: one entry for each stage."""
    return slice(len(SEARCH) + STAGE.index(name), SIZE, _STAGE_SIZE)


def model_row(stage: int, model: int, name: str = MODEL[0]) -> int:
    """Where a feature in :data:`MODEL` stands."""
    return len(SEARCH) + stage * _STAGE_SIZE + _MODELS_AT + model * len(MODEL) + MODEL.index(name)


def observation_names() -> tuple[str, ...]:
    """What each entry of an observation is. Stages are counted from 1 in task order, models from 1, smallest first."""
    return (
        *SEARCH,
        *chain.from_iterable(
            (
                *(f"stage {stage} {name}" for name in STAGE),
                *(f"stage {stage} model {model} {name}" for model in range(1, MODELS + 1) for name in MODEL),
            )
            for stage in range(1, STAGES + 1)
        ),
    )


def observation_space() -> gym.Space[Observation]:
    """A flat box."""
    return gym.spaces.Box(-LIMIT, LIMIT, (SIZE,), dtype=np.float32)


def nvec(levels: int) -> list[int]:
    """Number of choices of each entry of an action: (model, level), stage by stage."""
    return [MODELS, levels] * STAGES


def level_code(samples: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Sample counts as in an observation: 0 is none, 1/2 one sample, 1 a hundred, on a log scale."""
    codes = np.minimum(0.5 + np.log10(np.maximum(samples, 1)) / 4, LIMIT)
    return np.where(samples > 0, codes, 0.0)

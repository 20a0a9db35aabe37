"""Counter-based random numbers: each is a function of what it is for, whatever was asked before.

They are the raw output of numpy's Philox4x64, a published generator (Salmon et al., 2011) whose stream numpy keeps.
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError

Array = npt.NDArray[np.float64]

SplitName = Literal["search", "test"]
SPLITS: tuple[SplitName, ...] = ("search", "test")


class Purpose(IntEnum):
    """What a random number decides."""

    EXAMPLE = 0
    DIFFICULTY = 1
    TRAP = 2
    SAMPLE = 3
    FUSION = 4
    PICK = 5


def uniforms(
    seed: int,
    split: SplitName,
    purpose: Purpose,
    examples: int,
    *,
    task: str = "",
    stage: int = 0,
    model: int = 0,
    width: int = 1,
    first: int = 0,
) -> Array:
    """Uniform numbers in [0, 1).

    Args:
        seed: of the data set, in [0, 2**64).
        split: which split.
        purpose: what they decide.
        examples: how many rows.
        task: name of the task: no two tasks share their luck.
        stage: index of the stage.
        model: index of the model.
        width: how many numbers a row has; one and the same in all calls for a purpose.
        first: number of the first row.

    Returns:
        Shape (examples, width). Row e is the same whatever ``examples`` and ``first`` are.
    """
    if not 0 <= seed < 2**64:
        raise InvalidInputError(f"`seed` must lie in [0, 2**64), but got {seed}")
    what = zlib.crc32(task.encode()) << 32 | purpose << 24 | SPLITS.index(split) << 16 | stage << 8 | model
    generator = np.random.Philox(key=np.array([seed, what], dtype=np.uint64))
    skipped = first * width
    generator.advance(skipped // 4)  # one step of the counter makes four numbers
    raw = generator.random_raw(skipped % 4 + examples * width)[skipped % 4 :]
    uniform: Array = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return uniform.reshape(examples, width)


def normals(uniform: Array) -> Array:
    """Standard normal numbers from uniform ones, by the inverse distribution function."""
    inverse = NormalDist().inv_cdf
    tiny = 2.0**-54  # 0 has no inverse
    return np.array([inverse(max(value, tiny)) for value in uniform.ravel().tolist()]).reshape(uniform.shape)

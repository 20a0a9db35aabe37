"""The arrays of this package, and what they must be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError

Array = npt.NDArray[np.float64]

DECIMALS = 12
"""Losses that are equal to so many decimals are equal: they are sums and quotients of rounded numbers."""


def kept_array(name: str, values: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """A copy that cannot be written to.

    Raises:
        InvalidInputError: its shape is another.
    """
    array = np.array(values, dtype=np.float64)
    if array.shape != shape:
        raise InvalidInputError(f"`{name}` must have the shape {shape}, but has {array.shape}")
    array.flags.writeable = False
    return array


def as_losses(losses: npt.ArrayLike, searchers: Sequence[str] | None = None) -> Array:
    """Losses of shape (tasks, searchers, seeds, ...), checked.

    Raises:
        InvalidInputError: they have fewer axes, one of them is empty, a value is not finite, or the searchers are not
            as many as their names.
    """
    array = np.asarray(losses, dtype=np.float64)
    if array.ndim < 3 or not array.size:
        raise InvalidInputError(f"losses must have the shape (tasks, searchers, seeds, ...), but have {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidInputError(f"losses must be finite, but {np.count_nonzero(~np.isfinite(array))} are not")
    if searchers is not None and len(searchers) != array.shape[1]:
        raise InvalidInputError(f"losses must be of {len(searchers)} searchers, but are of {array.shape[1]}")
    return array


def position(searchers: Sequence[str], name: str) -> int:
    """Where a searcher stands.

    Raises:
        InvalidInputError: nowhere.
    """
    if name not in searchers:
        raise InvalidInputError(f"a searcher must be one of {', '.join(searchers)}, but got {name!r}")
    return list(searchers).index(name)

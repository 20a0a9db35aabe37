"""Anytime curves: what a run has reached by the time it has spent so much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import Array
from agenttts_env.experiments.statistics.comparison import NOTHING, Comparison
from agenttts_env.experiments.statistics.reference import Reference
from agenttts_env.experiments.statistics.regret import normalised_regret


def anytime(values: Array, spent: Array, grid: npt.ArrayLike, before: npt.ArrayLike) -> Array:
    """Step curves on a common grid.

    At x stands the value of the last trial whose spending, its own included, is at most x. A run that has ended keeps
    its last value.

    Args:
        values: (..., N), after each trial.
        spent: (..., N), up to and with each trial; never falling.
        grid: (G,), ascending.
        before: (...), the value while no trial has been paid.

    Returns:
        (..., G).

    Raises:
        InvalidInputError: the grid does not ascend.
    """
    points = np.asarray(grid, dtype=np.float64)
    if points.ndim != 1 or not points.size or not (np.diff(points) > 0).all():
        raise InvalidInputError(f"a grid must ascend, but got {points}")
    leading, trials = values.shape[:-1], values.shape[-1]
    first = np.broadcast_to(np.asarray(before, dtype=np.float64), leading)[..., None]
    rows = spent.reshape(-1, trials)
    counts = np.stack([np.searchsorted(row, points, side="right") for row in rows]).reshape(*leading, points.size)
    return np.take_along_axis(np.concatenate([first, values], axis=-1), counts, axis=-1)


def anytime_regret(comparison: Comparison, reference: Reference, axis: str, grid: npt.ArrayLike) -> Array:
    """Normalised regret along an axis: (tasks, searchers, seeds, G).

    The axis counts in units of what random search spends on all its trials in the mean: 1 is as much inference as that,
    on every task. So tasks of different sizes share it, whoever takes part. Along ``trials`` the unit is N.

    Args:
        comparison: the runs.
        reference: of the same tasks.
        axis: one of the comparison's.
        grid: (G,), ascending; evenly spaced over (0, 1] for :func:`area_under`.

    Raises:
        InvalidInputError: the axis is unknown, random search spends nothing along it, or the grid does not ascend.
    """
    spent = comparison.spent(axis)
    unit = reference.spending.get(axis)
    if unit is None or not (unit > 0).all():
        raise InvalidInputError(f"random search must spend something along {axis!r} on every task, but does not")
    before = (reference.oracle - NOTHING) / reference.scale
    return anytime(
        normalised_regret(comparison, reference),
        spent / unit[:, None, None, None],
        grid,
        np.broadcast_to(before[:, None, None], spent.shape[:-1]),
    )


def area_under(curves: Array) -> Array:
    """Area under curves (..., G) in units of the whole axis: their mean height over an evenly spaced grid.

    Over trials the grid 1/N, 2/N, ..., 1 gives the mean regret after each trial, exactly.
    """
    area: Array = curves.mean(axis=-1)
    return area

"""A mean over training seeds with its interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.experiments.statistics.scipy_stats import scipy_stats

Floats = npt.NDArray[np.float64]


def interval(values: npt.ArrayLike) -> tuple[float, float, float]:
    """Mean and Student's 95% interval of it; of a single value, that value three times.

    Args:
        values: one for each training seed.
    """
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if array.size < 2:
        return mean, mean, mean
    error = float(array.std(ddof=1) / array.size**0.5)
    reach = float(scipy_stats().t.ppf(0.975, array.size - 1)) * error
    return mean, mean - reach, mean + reach


def percent(values: npt.ArrayLike, digits: int = 1) -> str:
    """The same as text, in percent."""
    mean, low, high = interval(values)
    return f"{mean:.{digits}%} [{low:.{digits}%}, {high:.{digits}%}]"

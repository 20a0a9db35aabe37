"""scipy.stats, where it is installed."""

from __future__ import annotations

from typing import Any

from agenttts_env.errors import MissingExtraError


def scipy_stats() -> Any:
    """The module.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy import stats
    except ImportError:
        raise MissingExtraError("scipy", "baselines") from None
    return stats

"""The budgets of a comparison: named, numbers, or numbers by task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments import parsing

NAMED_BUDGETS = ("default", "published")

Budgets = str | tuple[float, ...] | Mapping[str, tuple[float, ...]]
"""A name in :data:`NAMED_BUDGETS`; numbers, the same for all tasks; or numbers by task, where others have their own."""


def parse_budgets(name: str, words: Sequence[str]) -> Budgets:
    """From ``default``, ``published``, ``X,…`` or ``TASK=X,…``."""
    if any("=" in word for word in words):
        return {task: _numbers(name, parts) for task, parts in parsing.stage_lists(name, words).items()}
    parts = [part.strip() for word in words for part in word.split(",")]
    return parts[0] if len(parts) == 1 and parts[0] in NAMED_BUDGETS else _numbers(name, parts)


def _numbers(name: str, parts: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(map(float, parts))
    except ValueError:
        raise InvalidInputError(
            f"`{name}` must be {' or '.join(NAMED_BUDGETS)}, or numbers with commas between them, but got "
            f"{','.join(parts)!r}"
        ) from None


def check_budgets(budgets: Budgets, *, tasks: Sequence[str], backend: str, cost: str) -> None:
    """Check all that can be checked without the tasks themselves.

    Raises:
        InvalidInputError: a value breaks its rule.
    """
    if isinstance(budgets, str):
        _require(budgets in NAMED_BUDGETS, f"must be {' or '.join(NAMED_BUDGETS)}", budgets)
        _require(budgets != "published" or backend == "simulated", "are published of simulated tasks only", backend)
        _require(budgets != "published" or cost == "paper", "are published in paper units", cost)
        return
    for task, values in (budgets if isinstance(budgets, Mapping) else dict.fromkeys(tasks, budgets)).items():
        _require(task in tasks, f"must be of the tasks {', '.join(tasks)}", task)
        _require(bool(values), "must name at least one", values)
        _require(all(map(math.isfinite, values)), "must be finite", values)
        _require(len(set(values)) == len(values), "must differ", values)


def _require(holds: bool, rule: str, value: object) -> None:
    if not holds:
        raise InvalidInputError(f"`budgets` {rule}, but got {value!r}")

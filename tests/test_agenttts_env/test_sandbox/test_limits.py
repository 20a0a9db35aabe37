from __future__ import annotations

from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.sandbox import Limits


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("wall_seconds", 0),
        ("wall_seconds", float("inf")),
        ("wall_seconds", float("nan")),
        ("cpu_seconds", 0),
        ("cpu_seconds", 0.5),
        ("processes", True),
        ("memory_bytes", 2**20),
        ("output_bytes", 2**62),
        ("files", -1),
    ],
)
def test_a_limit_that_makes_no_sense_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"`{field}`.*{value}"):
        Limits(**{field: value})

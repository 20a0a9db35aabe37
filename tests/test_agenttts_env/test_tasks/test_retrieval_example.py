from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.retrieval_example import RetrievalExample

GOOD = RetrievalExample("e", "Who?", ("Ann", "Anna"), ("Ann did.", "Bob slept."), frozenset({0}))


def test_an_example_is_frozen_and_hashable() -> None:
    assert hash(GOOD) == hash(replace(GOOD))
    with pytest.raises(FrozenInstanceError):
        GOOD.id = "f"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"id": ""}, "`id` must hold text"),
        ({"question": " "}, "`question` must hold text"),
        ({"question": "\ud800"}, "`question` must be valid Unicode"),
        ({"answers": ()}, "`answers` must hold text"),
        ({"answers": ("Ann", "")}, "`answers` must hold text"),
        ({"candidates": ("Ann did.", "\n")}, "`candidates` must hold text"),
        ({"candidates": ("Ann did.", "Ann did.")}, "`candidates` must be unique"),
        ({"gold": frozenset()}, "`gold` must be a non-empty set of positions below 2"),
        ({"gold": frozenset({2})}, "`gold` must be a non-empty set of positions below 2"),
        ({"gold": frozenset({-1})}, "`gold` must be a non-empty set of positions below 2"),
    ],
)
def test_rules(change: dict[str, object], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        replace(GOOD, **change)

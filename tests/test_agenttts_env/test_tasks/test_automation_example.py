from __future__ import annotations

from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.automation_example import AutomationExample
from agenttts_env.tasks.toolbox import Argument, Call, Tool, Toolbox

FIELDS: dict[str, Any] = {
    "id": "e",
    "question": "Ring.",
    "toolbox": Toolbox((Tool("ring", "Rings"),)),
    "steps": ("Ring",),
    "calls": (Call("ring", ()),),
}


@pytest.mark.parametrize(
    ("field", "value"),
    [("question", " "), ("steps", ()), ("steps", ("a", "")), ("calls", ()), ("calls", (Call(" ", ()),))],
)
def test_nothing_is_blank(field: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=f"`{field}` must hold text and nothing blank, but example 'e' has"):
        AutomationExample(**FIELDS | {field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("question", "\ud800"), ("steps", ("\ud800",)), ("calls", (Call("ring", (Argument("a", "\ud800"),)),))],
)
def test_texts_are_unicode(field: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match="texts must be valid Unicode, but in example 'e' surrogates"):
        AutomationExample(**FIELDS | {field: value})

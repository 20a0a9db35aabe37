"""Reading the JSON that a model replied. Every function is total and takes linear time, whatever the text is.

Engines that can do so hold a model to its stage's schema. The others reply with prose around the JSON, code fences,
trailing commas, or break off in the middle.
"""

from __future__ import annotations

import json
import re
from itertools import islice

from agenttts_env.tasks.replies import one_line

_DECODER = json.JSONDecoder(strict=False)  # line breaks and tabs within a string are let through
_TRAILING_COMMA = re.compile(r",(\s{0,100}[\]}])")
_SPACE = re.compile(r"[\s,]*")
_TRIES = 4


def last_list(text: str, key: str) -> list[object]:
    """The list under a key of the JSON object in a text: of ``{"steps": ["a", "b"]}`` the list under "steps".

    Prose and code fences around the object are passed over, and so is whatever else the object holds. Of several lists
    under the key, the last that holds anything counts (of the last four at most). Of a list that breaks off, or in
    which something is no JSON, what was complete before that is returned. Commas before a closing bracket are
    forgiven.

    Returns:
        Whatever the list holds; nothing if there is no such list.
    """
    starts = [match.end() for match in re.finditer(rf'"{re.escape(key)}"\s{{0,100}}:\s{{0,100}}\[', text)]
    for start in islice(reversed(starts), _TRIES):
        items = _items(text, start)
        if items:
            return items
    return []


def as_line(value: object) -> str | None:
    """A JSON value as one line of text: text as it is, null not at all, anything else as JSON writes it.

    White space is squeezed, and what UTF-8 cannot hold (half a surrogate pair) becomes a question mark.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        try:
            value = json.dumps(value, sort_keys=True, ensure_ascii=False)
        except (ValueError, RecursionError):  # a number of too many digits, or nested too deeply
            return None
    return one_line(value.encode(errors="replace").decode())


def _items(text: str, start: int) -> list[object]:
    """What a list holds whose opening bracket ends at ``start``, up to the first thing that is no JSON."""
    try:
        whole, _ = _DECODER.raw_decode(text, start - 1)
    except (ValueError, RecursionError):
        pass
    else:
        return list(whole)
    text = _TRAILING_COMMA.sub(r"\1", text[start:])
    items: list[object] = []
    position = _skip(text, 0)
    while position < len(text):
        try:
            item, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        if isinstance(item, int | float) and text[end : end + 1] not in tuple(", \t\n]"):
            break  # it may be the beginning of a longer number
        items.append(item)
        position = _skip(text, end)
    return items


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position

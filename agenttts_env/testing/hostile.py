"""Texts that a model may well write one day, and that careless parsers choke on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from agenttts_env.engines.base import Prompt

_VALUES = (
    "", " \n\t\r\x0b\x0c\u2028", "\0", "\ud800", "a\udfffb", "\u202e\u200f\u05d0", "\ufeff", "\x1b[31m\x07\x08",
    "²", "٣", "½", "Ⅷ", "-1", "0", "1, 2, 3", "9" * 5000, "1e999", "1" + "0" * 400, "NaN", "-Infinity", "3-1", "0x1F",
    "null", "true", "none", "[]", "{}", "[[]]", "[1, [2, {}]]", "[null]", '{"a": [1, {"b":', '{"a": 1, "a": null}',
    '"\\ud800"', '{"\\ud800": "\\ud800"}', "[" * 3000, "}{", ")(", '"', "'", "\\", "```", "```json\n{}\n```",
    "```python\nimport os", "**", "%s %d {0} {x} {", "$(x)", "<x>&amp;</x>", "a\u0301\U0001f642\u200d", "x" * 5000,
)  # fmt: skip
_LEAVES: tuple[Any, ...] = (None, True, -1, 1e308 * 10, 10**400, "", "\ud800", "²", [], [[]], {}, {"a": None})
_MOST_LABELS = 8


def hostile_texts(prompt: Prompt, replies: Sequence[str] = ()) -> list[str]:
    """Hostile texts, alone and behind every label of the prompt; and good replies, damaged."""
    asked = " ".join(message.content for message in prompt[-1:])
    words = re.findall(r"[^\W\d_][\w -]{0,20}(?=:)", "\n".join([asked, *replies]))
    labels = list(dict.fromkeys(word.split()[-1] for word in reversed(words)))[:_MOST_LABELS]
    texts = [*_VALUES, *(f"{label}: {value}" for label in labels for value in _VALUES)]
    for reply in replies:
        texts += _damaged(reply)
    return list(dict.fromkeys(texts))


def growing_texts(reply: str) -> Iterator[list[str]]:
    """Series of texts that double in length, from 1,000 to 64,000 characters or a little more."""
    labels = [match[0] for match in re.finditer(r"[^\W\d_]\w*: ?", reply)][-1:]
    for unit in ("(", "[", "{", '{"a":', '"', "\\", "`", "*", "#", "-", " ", "\n", ":", "1", "1, ", "a", "a ", "a\n"):
        for label in ("", *labels):
            yield [label + unit * (size // len(unit)) + "!" for size in (1000 * 2**power for power in range(7))]
    if reply:
        yield [f"{reply}\n" * (size // len(reply) + 1) for size in (1000 * 2**power for power in range(7))]


def _damaged(reply: str) -> Iterator[str]:
    middle = len(reply) // 2
    for end in (1, len(reply) // 4, middle, len(reply) - 1):
        yield reply[:end]
        yield reply[end:]
    for value in ("\0", "\ud800", "\u202e", "\n\n", '"', "²"):
        yield reply[:middle] + value + reply[middle:]
    yield from (reply * 2, f"{reply}\n{reply}", f"**{reply}**", f"```\n{reply}\n```", reply.upper(), reply[::-1])
    for value in _VALUES:
        for pattern in (r"\d+", r"(?<=: ).*"):
            yield re.sub(pattern, lambda _, value=value: value, reply)
    try:
        content = json.loads(reply)
    except ValueError:
        return
    yield from (json.dumps(other) for other in _twisted(content))


def _twisted(content: Any) -> Iterator[Any]:
    """The content with one part of it replaced, or missing, or there twice."""
    yield from _LEAVES
    if isinstance(content, dict):
        for key, value in content.items():
            yield {other: content[other] for other in content if other != key}
            yield from ({**content, key: other} for other in _twisted(value))
    elif isinstance(content, list):
        yield content * 2
        for position, value in enumerate(content[:3]):
            yield from ([*content[:position], other, *content[position + 1 :]] for other in _twisted(value))

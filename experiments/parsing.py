"""From the words of a command line to the values of options; a bad word is an error that names option and rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from agenttts_env.errors import InvalidInputError

T = TypeVar("T")
Parser = Callable[[str, Sequence[str]], Any]
"""From an option's name and the words that were given for it, one for each time it was given."""


def text(name: str, words: Sequence[str]) -> str:
    """The word itself."""
    if len(words) > 1:
        raise InvalidInputError(f"`{name}` must be given once, but got {' and '.join(map(repr, words))}")
    return words[0]


def integer(name: str, words: Sequence[str]) -> int:
    """An integer."""
    return _number(name, text(name, words), int, "an integer")


def number(name: str, words: Sequence[str]) -> float:
    """A number."""
    return _number(name, text(name, words), float, "a number")


def integers(name: str, words: Sequence[str]) -> tuple[int, ...]:
    """Integers with commas between them."""
    return tuple(_number(name, word, int, "integers with commas between them") for word in text(name, words).split(","))


def texts(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """All the words."""
    return tuple(words)


def stage_texts(name: str, words: Sequence[str]) -> dict[str, str]:
    """``[STAGE=]VALUE``, by stage; ``"*"`` where there is no stage."""
    pairs = [word.partition("=") if "=" in word else ("*", "=", word) for word in words]
    return _unique(name, [(stage, value) for stage, _, value in pairs])


def stage_numbers(name: str, words: Sequence[str]) -> dict[str, float]:
    """``[STAGE=]NUMBER``, by stage."""
    return {stage: _number(name, value, float, "a number") for stage, value in stage_texts(name, words).items()}


def stage_lists(name: str, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``[STAGE=]VALUE,VALUE``, by stage."""
    return {stage: tuple(value.split(",")) for stage, value in stage_texts(name, words).items()}


def json_values(name: str, words: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE``, where VALUE is JSON, or else a string."""
    pairs = []
    for word in words:
        key, separator, value = word.partition("=")
        if not key or not separator:
            raise InvalidInputError(f"`{name}` must read KEY=VALUE, but got {word!r}")
        try:
            pairs.append((key, json.loads(value)))
        except json.JSONDecodeError:
            pairs.append((key, value))
    return _unique(name, pairs)


def _number(name: str, word: str, make: Callable[[str], T], what: str) -> T:
    try:
        return make(word)
    except ValueError:
        raise InvalidInputError(f"`{name}` must be {what}, but got {word!r}") from None


def _unique(name: str, pairs: Sequence[tuple[str, T]]) -> dict[str, T]:
    for position, (key, _) in enumerate(pairs):
        if key in [earlier for earlier, _ in pairs[:position]]:
            what = "for all stages" if key == "*" else f"for {key!r}"
            raise InvalidInputError(f"`{name}` must be given once {what}, but got it twice")
    return dict(pairs)

"""Choices that follow from a key alone, by SHA-256: the same on every machine and with every version of everything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of choices.

    Args:
        key: what the choices are for; equal keys make equal choices.
    """

    def __init__(self, *key: object) -> None:
        self._key = "/".join(map(str, key))
        self._count = 0

    def integer(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        digest = hashlib.sha256(f"{self._key}/{self._count}".encode()).digest()
        self._count += 1
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.integer(0, len(options) - 1)]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """So many options, none of them twice, in random order."""
        left = list(options)
        return [left.pop(self.integer(0, len(left) - 1)) for _ in range(count)]

    def many(self, options: Sequence[T], low: int, high: int) -> list[T]:
        """From ``low`` to ``high`` options, some of them perhaps more than once."""
        return [self.pick(options) for _ in range(self.integer(low, high))]

"""The search split and the test split of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from agenttts_env.errors import InvalidInputError


class Question(Protocol):
    """An example that asks something."""

    @property
    def question(self) -> str:
        """What it asks."""
        ...


T = TypeVar("T", bound=Question)


def split(examples: Sequence[T], search: int, test: int, seed: int) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Two disjoint random parts of a data set.

    Of several examples that ask the same question (white space and case aside), only the first is used. The search
    split depends on ``seed``, but not on ``test``.

    Args:
        examples: the data set.
        search: size of the search split, >= 0.
        test: size of the test split, >= 0.
        seed: of the order in which examples are taken, >= 0.

    Returns:
        (search split, test split).

    Raises:
        InvalidInputError: a number is negative, or the data set is too small.
    """
    if search < 0 or test < 0 or seed < 0:
        raise InvalidInputError(f"`search`, `test` and `seed` must be >= 0, but are {search}, {test} and {seed}")
    unique = list({" ".join(example.question.lower().split()): example for example in reversed(examples)}.values())
    if search + test > len(unique):
        raise InvalidInputError(
            f"{search} examples to search on and {test} to test on need {search + test} different questions, "
            f"but the data set has {len(unique)}"
        )
    taken = [unique[position] for position in np.random.default_rng(seed).permutation(len(unique))[: search + test]]
    return tuple(taken[:search]), tuple(taken[search:])

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.split import split


@dataclass(frozen=True)
class Asked:
    question: str
    number: int = 0


DATA = [Asked(f"Q{number}", number) for number in range(20)]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 99))
def test_parts_are_disjoint_seeded_and_of_the_sizes_asked_for(search: int, test: int, seed: int) -> None:
    test = min(test, 20 - search)
    parts = split(DATA, search, test, seed)
    assert [len(part) for part in parts] == [search, test]
    assert len({*parts[0], *parts[1]}) == search + test
    assert split(DATA, search, test, seed) == parts
    assert split(DATA, search, 0, seed)[0] == parts[0]


def test_seeds_differ_and_shuffle() -> None:
    assert split(DATA, 5, 0, 0) != split(DATA, 5, 0, 1)
    assert split(DATA, 20, 0, 0)[0] != tuple(DATA)


def test_a_question_is_used_once_and_the_first_of_them_stays() -> None:
    data = [Asked("Who is she?", 0), Asked("who  is she?", 1), Asked("Who is he?", 2)]
    search, test = split(data, 1, 1, 0)
    assert {*search, *test} == {data[0], data[2]}


@pytest.mark.parametrize(
    ("sizes", "rule"),
    [
        ((15, 6, 0), "need 21 different questions, but the data set has 20"),
        ((-1, 6, 0), "must be >= 0, but are -1, 6 and 0"),
        ((1, -6, 0), "must be >= 0, but are 1, -6 and 0"),
        ((1, 6, -1), "must be >= 0, but are 1, 6 and -1"),
    ],
)
def test_rules(sizes: tuple[int, int, int], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        split(DATA, *sizes)

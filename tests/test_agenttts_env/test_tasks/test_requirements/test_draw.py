from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.requirements.draw import Draw


def test_choices_are_the_same_on_every_machine() -> None:
    draw = Draw("test", 7)
    assert [draw.integer(0, 99) for _ in range(5)] == [33, 20, 72, 97, 81]
    assert draw.some("abcdef", 3) == ["a", "b", "c"]


@given(st.integers(-50, 50), st.integers(0, 9))
def test_integers_lie_between_the_bounds_and_reach_both(low: int, span: int) -> None:
    draw = Draw(low, span)
    seen = {draw.integer(low, low + span) for _ in range(600)}
    assert seen == set(range(low, low + span + 1))


def test_choices_are_even() -> None:
    draw = Draw("even")
    counts = Counter(draw.pick("abcd") for _ in range(4000))
    assert all(900 < counts[letter] < 1100 for letter in "abcd")


@given(st.lists(st.integers(), unique=True, max_size=8), st.data())
def test_some_are_different_and_many_are_known(options: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(options)))
    some = Draw("some", options).some(options, count)
    assert len(set(some)) == count
    assert set(some) <= set(options)
    if options:
        assert 2 <= len(Draw("many", options).many(options, 2, 5)) <= 5


def test_other_keys_make_other_choices() -> None:
    assert Draw("a", 1).integer(0, 10**9) != Draw("a", 2).integer(0, 10**9)

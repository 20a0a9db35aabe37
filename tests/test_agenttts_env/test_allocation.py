from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError

names = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-._/"), min_size=1)
allocations = st.lists(st.tuples(names, st.integers(1, 10**6)), min_size=1, max_size=4).map(
    lambda stages: Allocation.of(*stages)
)


@given(allocations)
def test_text_and_json_round_trip(allocation: Allocation) -> None:
    assert Allocation.parse(str(allocation)) == allocation
    assert Allocation.from_json(allocation.to_json()) == allocation


def test_reads_as_the_papers_write_it() -> None:
    assert str(Allocation.of(("qwen2.5-72b", 1), ("llama-3.2-3b", 50))) == "qwen2.5-72b x1 + llama-3.2-3b x50"


@pytest.mark.parametrize("text", ["", "a", "a x", "a x1 +", "a 1", "a x1.5", "a x-1", "x1", "a x1 + + b x2", "a x1e3"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="an allocation reads 'MODEL xSAMPLES"):
        Allocation.parse(text)


@pytest.mark.parametrize(
    ("model", "samples", "message"),
    [
        ("m", 0, "`samples` must be >= 1, but model 'm' got 0"),
        ("m", 1.0, "`samples` must be an int, but model 'm' got 1.0"),
        ("m", True, "`samples` must be an int, but model 'm' got True"),
        ("", 1, "`model` must be a non-empty string, but got ''"),
    ],
)
def test_bad_choices_are_refused(model: str, samples: int, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message.replace("(", r"\(")):
        Allocation.of((model, samples))


def test_no_stages_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one stage"):
        Allocation(())

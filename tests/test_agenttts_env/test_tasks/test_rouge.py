from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.rouge import rouge_l

words = st.lists(
    st.sampled_from(["Call", "calling", "CALLED", "the", "tool", "tools", "b0ok_flight", "é", "İ", "news", "\n", "1:"]),
    max_size=12,
).map(" ".join)


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [
        ("a b c", "a b c", 1.0),
        ("a x b", "a b c", 2 * 2 / 6),  # a, b
        ("c b a", "a b c", 2 * 1 / 6),
        ("Booked\nFLIGHTS!", "booking flight", 1.0),  # stems
        ("ads", "ad", 0.0),  # three letters are not stemmed
        ("", "a", 0.0),
        ("a", "", 0.0),
        ("é", "é", 0.0),  # no word of a-z and 0-9
    ],
)
def test_by_hand(predicted: str, gold: str, expected: float) -> None:
    assert rouge_l(predicted, gold) == pytest.approx(expected)


@pytest.fixture(scope="module")
def reference() -> Any:
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
    return rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)


@given(predicted=words | st.text(max_size=60), gold=words | st.text(max_size=60))
def test_it_is_what_rouge_score_computes(reference: Any, predicted: str, gold: str) -> None:
    assert rouge_l(predicted, gold) == pytest.approx(reference.score(gold, predicted)["rougeL"].fmeasure)

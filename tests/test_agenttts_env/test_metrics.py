from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.metrics import contains_match, exact_match, normalise, set_scores, token_f1

texts = st.text(max_size=40)
small_sets = st.frozensets(st.integers(0, 8), max_size=6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Mask of Fu Manchu", "mask of fu manchu"),
        ("  a  dog,\nan  owl ", "dog owl"),
        ("O'Neill", "oneill"),
        ("O’Neill", "oneill"),
        ("9,984", "9984"),
        ("1969–1974", "19691974"),
        ("Galați", "galați"),
        ("theatre", "theatre"),
        ("The", "the"),
        ("?!", "?!"),
        ("«a»", "a"),
        (" \n", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(texts)
def test_normalise_is_idempotent_and_empties_only_blank_text(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert bool(once) == bool(text.split())


@pytest.mark.parametrize(
    ("response", "answers", "em", "contains", "f1"),
    [
        ("the Eiffel tower.", ["Eiffel Tower"], 1, 1, 1),
        ("Paris, France", ["Paris"], 0, 1, 2 / 3),
        ("Comparison", ["Paris"], 0, 0, 0),
        ("Kansas", ["Kansas Song", "song of Kansas"], 0, 0, 2 / 3),
        ("Missoula", ["Missoula, Montana", "Missoula"], 1, 1, 1),
        ("Yes", ["yes"], 1, 1, 1),
        ("Yes, both are", ["yes"], 0, 1, 0),
        ("yes and no", ["no"], 0, 0, 0),
        ("no", ["no one"], 0, 0, 0),
        ("there is no such film", ["no"], 0, 1, 0),
        ("", ["x"], 0, 0, 0),
        ("", [""], 0, 0, 0),
        ("x", [], 0, 0, 0),
        ("la la land", ["la land"], 0, 1, 4 / 5),
    ],
)
def test_answer_metrics_by_hand(response: str, answers: list[str], em: float, contains: float, f1: float) -> None:
    assert exact_match(response, answers) == em
    assert contains_match(response, answers) == contains
    assert token_f1(response, answers) == pytest.approx(f1)


@given(texts, st.lists(texts, max_size=4))
def test_exact_match_implies_the_others_and_all_lie_in_the_unit_interval(response: str, answers: list[str]) -> None:
    em, contains, f1 = (metric(response, answers) for metric in (exact_match, contains_match, token_f1))
    assert 0 <= em <= contains <= 1
    assert em <= f1 <= 1


@given(texts.filter(lambda text: not text.isspace() and text != ""), st.lists(texts, max_size=3))
def test_an_answer_matches_itself(answer: str, others: list[str]) -> None:
    assert exact_match(answer, [*others, answer]) == 1
    assert token_f1(answer, [*others, answer]) == 1


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [
        ([], [], (1, 1, 1)),
        ([], [1], (0, 0, 0)),
        ([1], [], (0, 0, 0)),
        ([1], [2], (0, 0, 0)),
        ([1, 1, 2], [1], (1 / 2, 1, 2 / 3)),
        ([1, 2, 3, 4], [1, 2], (1 / 2, 1, 2 / 3)),
        ([1], [1, 2, 3], (1, 1 / 3, 1 / 2)),
    ],
)
def test_set_scores_by_hand(predicted: list[int], gold: list[int], expected: tuple[float, ...]) -> None:
    assert set_scores(predicted, gold) == pytest.approx(expected)


@given(small_sets, small_sets)
def test_set_scores_swap_and_are_one_only_on_equality(predicted: frozenset[int], gold: frozenset[int]) -> None:
    scores, swapped = set_scores(predicted, gold), set_scores(gold, predicted)
    assert (scores.precision, scores.recall, scores.f1) == (swapped.recall, swapped.precision, swapped.f1)
    assert (scores.f1 == 1) == (predicted == gold)
    assert min(scores) >= 0
    assert max(scores) <= 1

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.replies import last_answer, last_numbers, one_line

# Everything that Python can hold in a string: lone surrogates and NUL included.
any_text = st.text(st.characters(exclude_categories=()), max_size=200)
# Text that is nearly a reply.
near_replies = st.lists(
    st.sampled_from(
        ["Sentences:", "answer:", "**", "[", "]", "3", "-", ",", "and", "\n", " ", "9" * 30, "\ud800", "\0"]
    )
).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sentences: 3, 7", (2, 6)),
        ("sentences: 7, 3, 7.", (2, 6)),
        ("SENTENCE: 3", (2,)),
        ("**Sentences:** 3 and 7", (2, 6)),
        ("**Sentences**: [3], [7]", (2, 6)),
        ("- Sentences: [3, 7]", (2, 6)),
        ("Sentences: 3; 7 & 8, and 9", (2, 6, 7, 8)),
        ("Sentences: 3 7", (2, 6)),
        ("Sentences: **3**, **7**", (2, 6)),
        ("Sentences: 3-5", (2, 3, 4)),
        ("Sentences: [3] – [5], 1", (0, 2, 3, 4)),
        ("Sentences: 5-3, 1", (0,)),
        ("Sentences: 8-900", (7, 8, 9)),
        ("Sentences: 3, 0, 11, 7", (2, 6)),
        ("Sentences: 3, because 7 films were made", (2,)),
        ("Sentences: 3.5", (2,)),
        ("I think of 4 and 5.\nSentences: 3, 7\nThat is 2 of them.", (2, 6)),
        ("Sentences: 1\nSentences: 2", (1,)),
        ("Sentences: 1\r\n", (0,)),
        ("Sentences: " + "9" * 10_000 + ", 4", (3,)),
        ("Sentences: 4-" + "9" * 10_000, (3, 4, 5, 6, 7, 8, 9)),
        ("Sentences:", None),
        ("Sentences: none", None),
        ("Sentences: 0, 11", None),
        ("Sentences 3, 7", None),
        ("The sentences: 3, 7", None),
        ("3, 7", None),
        ("Sentences: 1\nSentences: none", None),
        ("", None),
    ],
)
def test_sentences(text: str, expected: tuple[int, ...] | None) -> None:
    assert last_numbers(text, "sentence", 10) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer: Paris", "Paris"),
        ("answer:Paris", "Paris"),
        ("**Answer:** Paris", "Paris"),
        ("**Answer: Paris**", "Paris"),
        ("## Answer: `Paris`", "Paris"),
        ("She was born there.\n\nAnswer:  New\tYork. \nBye", "New York."),
        ("Answer: a\nAnswer: b", "b"),
        ("Answer: a: b", "a: b"),
        ("Answer: a\nAnswer:", None),
        ("Answer: ** **", None),
        ("The answer is Paris", None),
        ("The answer: Paris", None),
        ("", None),
    ],
)
def test_answer(text: str, expected: str | None) -> None:
    assert last_answer(text) == expected


def test_the_noun_makes_the_label() -> None:
    text = "Triples: 2\nSentences: 3"
    assert last_numbers(text, "triple", 10) == (1,)
    assert last_numbers(text, "sentence", 10) == (2,)
    assert last_numbers("triple: 2", "triple", 10) == (1,)


@given(any_text | near_replies, st.integers(1, 200))
def test_never_raise_and_stay_in_range(text: str, count: int) -> None:
    for reply in (text, f"Sentences:{text}", f"Answer:{text}"):
        positions = last_numbers(reply, "sentence", count)
        assert positions is None or (positions and positions == tuple(sorted(set(positions))))
        assert positions is None or (positions[0] >= 0 and positions[-1] < count)
        answer = last_answer(reply)
        assert answer is None or (answer and answer == one_line(answer))


@given(st.sets(st.integers(1, 100), min_size=1), st.sampled_from([", ", " and ", "; ", "], ["]), any_text)
def test_sentences_round_trip(numbers: set[int], separator: str, before: str) -> None:
    reply = f"{before}\nSentences: [{separator.join(str(number) for number in numbers)}]."
    assert last_numbers(reply, "sentence", 100) == tuple(sorted(number - 1 for number in numbers))


@given(any_text.map(one_line).filter(lambda text: text.strip("*_` ") == text != ""), any_text)
def test_answer_round_trip(answer: str, before: str) -> None:
    assert last_answer(f"{before}\nAnswer: {answer}") == answer


@pytest.mark.parametrize(
    "piece",
    [
        "Sentences: ",
        "*",
        " ",
        "[",
        "Sentences: 1-100",
        "1-100,",
        "3 and ",
        "- ",
        "Answer:",
        "\n",
        "answer *",
        "#>_`",
        "1",
    ],
)
def test_huge_texts_take_linear_time(piece: str) -> None:
    huge = piece * (1_000_000 // len(piece))
    start = time.process_time()
    for text in (huge, "Sentences: " + huge, "Answer: " + huge):
        last_numbers(text, "sentence", 100)
        last_answer(text)
    assert time.process_time() - start < 5

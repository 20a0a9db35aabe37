"""Metrics of short answers and of sets, all in [0, 1]; pure functions.

Answers are compared after :func:`normalise`. Yes and no are answers of their own: neither shares anything with any
other answer, however similar the words around it are.
"""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple

_ARTICLES = frozenset({"a", "an", "the"})
_OPPOSITE = {"yes": "no", "no": "yes"}


class SetScores(NamedTuple):
    """How well a predicted set matches a gold set."""

    precision: float
    recall: float
    f1: float


def normalise(text: str) -> str:
    """A text as answers are compared: lower case, no punctuation, no articles, single spaces.

    The rules are those of the SQuAD evaluation with two changes. Punctuation is all that Unicode calls so (a
    typographic apostrophe goes like a plain one). And a step that would leave nothing of the text is left out, so
    that only a blank text becomes empty: ``"The"`` stays ``"the"``, ``"?!"`` stays ``"?!"``.
    """
    words = text.lower().split()
    bare = [word for word in ("".join(c for c in word if not _is_punctuation(c)) for word in words) if word]
    words = bare or words
    return " ".join([word for word in words if word not in _ARTICLES] or words)


def exact_match(response: str, answers: Sequence[str]) -> float:
    """1 if the normalised response equals a normalised gold answer, else 0. A blank response scores 0."""
    said = normalise(response)
    return float(bool(said) and said in {normalise(answer) for answer in answers})


def contains_match(response: str, answers: Sequence[str]) -> float:
    """1 if a normalised gold answer occurs in the normalised response as whole words, else 0.

    A gold "yes" (or "no") counts only if the response does not also say the opposite. A blank answer or response
    scores 0.
    """
    said = f" {normalise(response)} "
    return float(any(_contains(said, normalise(answer)) for answer in answers))


def token_f1(response: str, answers: Sequence[str]) -> float:
    """F1 of the normalised words, repeated words counted, best over the gold answers.

    If the response or the gold answer is "yes" or "no", the two must be equal. A blank answer or response scores 0.
    """
    said = normalise(response)
    return max((_token_f1(said, normalise(answer)) for answer in answers), default=0.0)


def set_scores(predicted: Collection[Hashable], gold: Collection[Hashable]) -> SetScores:
    """Precision, recall and F1 of a set; repeated elements count once.

    If both sets are empty, everything is 1; if one of them is, everything is 0.
    """
    predicted, gold = set(predicted), set(gold)
    if not predicted and not gold:
        return SetScores(1.0, 1.0, 1.0)
    shared = len(predicted & gold)
    if not shared:
        return SetScores(0.0, 0.0, 0.0)
    return SetScores(shared / len(predicted), shared / len(gold), 2 * shared / (len(predicted) + len(gold)))


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _contains(said: str, answer: str) -> bool:
    if answer in _OPPOSITE and f" {_OPPOSITE[answer]} " in said:
        return False
    return bool(answer) and f" {answer} " in said


def _token_f1(said: str, answer: str) -> float:
    if said in _OPPOSITE or answer in _OPPOSITE:
        return float(said == answer)
    said_words, answer_words = said.split(), answer.split()
    shared = (Counter(said_words) & Counter(answer_words)).total()
    return 2 * shared / (len(said_words) + len(answer_words)) if shared else 0.0

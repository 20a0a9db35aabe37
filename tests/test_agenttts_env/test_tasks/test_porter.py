from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from agenttts_env.tasks.porter import stem

# Every suffix that a rule names, and the letters that conditions ask for.
SUFFIXES = re.findall(
    "[a-z]+",
    "ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti "
    "iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent ion "
    "sion tion ou ism ate iti ous ive ize e ll sses ies ss s ied ed eed ing y at bl iz",
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"),
        ("ponies", "poni"),
        ("ties", "tie"),
        ("plastered", "plaster"),
        ("hopping", "hop"),
        ("filing", "file"),
        ("relational", "relat"),
        ("hopefulness", "hope"),
        ("adjustable", "adjust"),
        ("controlling", "control"),
        ("dying", "die"),
        ("by", "by"),
        ("", ""),
    ],
)
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_made_up_words_have_the_stems_of_nltk() -> None:
    stemmer = pytest.importorskip("nltk.stem.porter").PorterStemmer()
    rng = random.Random(0)
    pieces = [*SUFFIXES, *"abeioustlyrwxz"]
    words = ["".join(rng.choices(pieces, k=rng.randint(1, 5))) for _ in range(3_000)]
    assert {word: stem(word) for word in words} == {word: stemmer.stem(word) for word in words}


@pytest.mark.data
def test_real_words_have_the_stems_of_nltk(data_folder: Callable[[str], Path]) -> None:
    stemmer = pytest.importorskip("nltk.stem.porter").PorterStemmer()
    words = set(re.findall("[a-z]+", (data_folder("hotpotqa") / "sample.json").read_text(encoding="utf-8").lower()))
    assert len(words) > 5000
    assert {word: stem(word) for word in words} == {word: stemmer.stem(word) for word in words}

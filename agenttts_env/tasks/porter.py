"""The Porter stemmer (M. F. Porter, 1980), with the small departures from it that NLTK's default has.

ROUGE is computed over stems, and published scores over those of NLTK; a test compares the two on thousands of words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

_Condition: TypeAlias = Callable[[str], bool]
_Rule: TypeAlias = tuple[str, str, _Condition]

# Words whose stem is not what the rules make of them.
_IRREGULAR = {
    word: stem
    for stem, words in {
        "sky": "sky skies",
        "die": "dying",
        "lie": "lying",
        "tie": "tying",
        "news": "news",
        "inning": "inning innings",
        "outing": "outing outings",
        "canning": "canning cannings",
        "howe": "howe",
        "proceed": "proceed",
        "exceed": "exceed",
        "succeed": "succeed",
    }.items()
    for word in words.split()
}


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """The stem of a lower-case English word; words of one or two letters are their own."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 2:
        return word
    for step in (_plural, _past, _final_y, _double_suffix, _suffix, _last_suffix, _final_e, _final_ll):
        word = step(word)
    return word


def _consonants(word: str) -> list[bool]:
    """Which letters are consonants: y is one at the start of a word and after a vowel."""
    found: list[bool] = []
    for letter in word:
        found.append(letter not in "aeiou" and (letter != "y" or not found or not found[-1]))
    return found


def _measure(word: str) -> int:
    """How often a consonant follows a vowel: the m of the paper."""
    letters = _consonants(word)
    return sum(after and not before for before, after in pairwise(letters))


def _has_vowel(word: str) -> bool:
    return not all(_consonants(word))


def _is_short(word: str) -> bool:
    """It ends consonant, vowel, consonant (the last not w, x or y), or is a vowel and a consonant: *o in the paper."""
    ends = _consonants(word)[-3:]
    return (ends == [True, False, True] and word[-1] not in "wxy") or (len(word) == 2 and ends == [False, True])


def _positive(word: str) -> bool:
    return _measure(word) > 0


def _long(word: str) -> bool:
    return _measure(word) > 1


def _always(word: str) -> bool:
    return True


def _apply(word: str, rules: Iterable[_Rule]) -> str:
    """The first rule whose suffix fits decides, also where its condition on what stands before the suffix fails."""
    for suffix, replacement, condition in rules:
        if word.endswith(suffix):
            before = word[: len(word) - len(suffix)]
            return before + replacement if condition(before) else word
    return word


def _plural(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    return _apply(word, (("sses", "ss", _always), ("ies", "i", _always), ("ss", "ss", _always), ("s", "", _always)))


def _past(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _positive(word[:-3]) else word
    for suffix in ("ed", "ing"):
        before = word[: len(word) - len(suffix)]
        if word.endswith(suffix) and _has_vowel(before):
            return _repaired(before)
    return word


def _repaired(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word[-2:-1] == word[-1] and _consonants(word)[-1]:
        return word if word[-1] in "lsz" else word[:-1]
    return word + "e" if _measure(word) == 1 and _is_short(word) else word


def _final_y(word: str) -> str:
    return _apply(word, (("y", "i", lambda before: len(before) > 1 and _consonants(before)[-1]),))


def _double_suffix(word: str) -> str:
    if word.endswith("alli") and _positive(word[:-4]):
        return _double_suffix(word[:-2])
    return _apply(word, _DOUBLE)


def _suffix(word: str) -> str:
    return _apply(word, _SINGLE)


def _last_suffix(word: str) -> str:
    return _apply(word, _LAST)


def _final_e(word: str) -> str:
    return _apply(word, (("e", "", lambda before: _long(before) or (_measure(before) == 1 and not _is_short(before))),))


def _final_ll(word: str) -> str:
    return word[:-1] if word.endswith("ll") and _long(word[:-1]) else word


def _rules(table: str, condition: _Condition) -> tuple[_Rule, ...]:
    """Rules from pairs "suffix replacement", separated by commas; a replacement may be empty."""
    pairs = (pair.split() for pair in table.split(","))
    return tuple((pair[0], pair[1] if len(pair) > 1 else "", condition) for pair in pairs)


_DOUBLE = (
    *_rules("ational ate, tional tion, enci ence, anci ance, izer ize, bli ble, alli al, entli ent, eli e", _positive),
    *_rules("ousli ous, ization ize, ation ate, ator ate, alism al, iveness ive, fulness ful", _positive),
    *_rules("ousness ous, aliti al, iviti ive, biliti ble, fulli ful", _positive),
    ("logi", "log", lambda before: _positive(before + "l")),
)
_SINGLE = _rules("icate ic, ative, alize al, iciti ic, ical ic, ful, ness", _positive)
_LAST = (
    *_rules("al, ance, ence, er, ic, able, ible, ant, ement, ment, ent", _long),
    ("ion", "", lambda before: _long(before) and before[-1] in "st"),
    *_rules("ou, ism, ate, iti, ous, ive, ize", _long),
)

from __future__ import annotations

import sys

import numpy as np
import pytest

from agenttts_env.errors import MissingExtraError
from agenttts_env.tasks.corpus import Corpus

TEXTS = ["Rivers run to the sea.", "A dog barked.", "The dog barked at a dog.", "A song.", "A dog barked."]


def test_the_best_come_first_and_ties_keep_their_order() -> None:
    corpus = Corpus(TEXTS)
    assert corpus.best("the barking of a dog, a dog", 2) == ["The dog barked at a dog.", "A dog barked."]
    assert corpus.best("elephant", 3) == ["Rivers run to the sea.", "A dog barked.", "The dog barked at a dog."]
    assert corpus.best("the", 9) == TEXTS[:4]


@pytest.mark.parametrize("count", [1, 3, 9])
def test_gold_is_kept_and_the_best_others_fill_up(count: int) -> None:
    candidates, gold = Corpus(TEXTS).candidates("dog", ["A song.", "A song."], count, np.random.default_rng(0))
    assert len(candidates) == len(set(candidates)) == min(count, 4)
    assert [candidates[position] for position in gold] == ["A song."]
    assert count < 3 or {"A dog barked.", "The dog barked at a dog."} < set(candidates)


def test_no_gold_is_dropped_even_if_there_is_too_much() -> None:
    candidates, gold = Corpus(TEXTS).candidates("dog", TEXTS, 2, np.random.default_rng(0))
    assert (set(candidates), len(gold)) == (set(TEXTS), 4)


def test_the_order_is_the_generators() -> None:
    corpus = Corpus(f"Text number {number}." for number in range(50))
    orders = [corpus.candidates("text", ["Text number 3."], 40, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert set(orders[0][0]) == set(orders[2][0])


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    Corpus(TEXTS).best("dog", 2)
    assert capfd.readouterr() == ("", "")


def test_searching_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(MissingExtraError, match="bm25s is not installed"):
        Corpus(TEXTS)

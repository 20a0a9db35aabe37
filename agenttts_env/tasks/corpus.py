"""Filling up a question's candidates with the most similar texts of the whole data set, by BM25."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from agenttts_env.errors import MissingExtraError
from agenttts_env.tasks.fictional_world import Generator


class Corpus:
    """Texts to search; each counts once.

    Args:
        texts: the texts, none blank.

    Raises:
        MissingExtraError: ``bm25s`` is not installed.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        try:
            import bm25s
        except ImportError as error:
            raise MissingExtraError("bm25s", "data") from error
        self._texts = tuple(dict.fromkeys(texts))
        self._tokenize = bm25s.tokenize
        self._index = bm25s.BM25(backend="numpy")
        self._index.index(bm25s.tokenize(list(self._texts), show_progress=False), show_progress=False)

    def best(self, question: str, count: int) -> list[str]:
        """The ``count`` texts that match a question best, best first; the earlier text first where two match alike."""
        words = self._tokenize([question], return_ids=False, show_progress=False)[0]
        scores = self._index.get_scores(words) if words else np.zeros(len(self._texts))
        return [self._texts[position] for position in np.argsort(-scores, kind="stable")[:count]]

    def candidates(
        self, question: str, gold: Iterable[str], count: int, rng: Generator
    ) -> tuple[tuple[str, ...], frozenset[int]]:
        """The gold texts and the question's best others, ``count`` in all (or all there are), shuffled.

        Gold is never dropped, even if there is more than ``count`` of it.

        Returns:
            (texts, positions of the gold texts).
        """
        gold = list(dict.fromkeys(gold))
        known = set(gold)
        others = [text for text in self.best(question, count + len(gold)) if text not in known]
        return shuffled([*gold, *others[: max(count - len(gold), 0)]], known, rng)


def shuffled(texts: list[str], gold: set[str], rng: Generator) -> tuple[tuple[str, ...], frozenset[int]]:
    """The texts in random order, and the positions of the gold ones."""
    mixed = tuple(texts[position] for position in rng.permutation(len(texts)))
    return mixed, frozenset(position for position, text in enumerate(mixed) if text in gold)

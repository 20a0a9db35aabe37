"""HotpotQA: whole paragraphs to choose from, about 100 a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.corpus import Corpus
from agenttts_env.tasks.multihop import read_paragraphs, read_supports
from agenttts_env.tasks.records import Record, read
from agenttts_env.tasks.retrieval_example import RetrievalExample

NAME = "hotpotqa"
HUB = "hotpotqa/hotpot_qa"
CANDIDATES = 100


def load_hotpotqa(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """All examples of HotpotQA, in the order of the file.

    The candidates of a question are the paragraphs of its supporting facts (the gold) and, up to 100 in all, those
    that match the question best by BM25 among all paragraphs of the data set, shuffled.

    Args:
        data: folder, file or Hugging Face name, see :func:`agenttts_env.tasks.records.read`; the hub's own copy is
            ``hotpotqa/hotpot_qa``, of which the configuration ``distractor`` is read.
        size: without effect, as the data set has a fixed size.
        seed: of the order of the candidates.
        candidates: how many there are for a question, gold included; fewer for a model with a short context.

    Raises:
        InvalidInputError: there is no data, or a record breaks a rule.
        MissingExtraError: ``bm25s`` (or, for the hub, ``datasets``) is not installed.
    """
    return convert_hotpotqa(read(NAME, data, hub=HUB, config="distractor"), seed=seed, candidates=candidates)


def convert_hotpotqa(
    records: tuple[Record, ...], *, seed: int, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """Examples from records; see :func:`load_hotpotqa`."""
    if candidates < 1:
        raise InvalidInputError(f"`candidates` must be >= 1, but is {candidates}")
    return tuple(_convert(records, seed, candidates))


def _convert(records: tuple[Record, ...], seed: int, count: int) -> Iterator[RetrievalExample]:
    contexts = [read_paragraphs(record) for record in records]
    corpus = Corpus(paragraph.text for context in contexts for paragraph in context)
    for record, context in zip(records, contexts, strict=True):
        titles = {support.title for support in read_supports(record)}
        missing = titles - {paragraph.title for paragraph in context}
        if missing:
            raise record.error(f"`supporting_facts` must name paragraphs of `context`, which lacks {sorted(missing)}")
        gold = [paragraph.text for paragraph in context if paragraph.title in titles]
        rng = np.random.default_rng([seed, record.number])
        question = record.text("question")
        candidates, positions = corpus.candidates(question, gold, count, rng)
        yield RetrievalExample(
            id=f"{NAME}-{record.number}",
            question=question,
            answers=(record.text("answer"),),
            candidates=candidates,
            gold=positions,
        )

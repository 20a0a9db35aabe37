"""2WikiMultiHopQA: single sentences to choose from, about 100 a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.corpus import Corpus, shuffled
from agenttts_env.tasks.multihop import Paragraph, read_paragraphs, read_supports
from agenttts_env.tasks.records import Record, read
from agenttts_env.tasks.replies import one_line
from agenttts_env.tasks.retrieval_example import RetrievalExample

NAME = "2wikimultihopqa"
HUB = "framolfese/2WikiMultihopQA"
CANDIDATES = 100


def load_2wikimultihopqa(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """All examples of 2WikiMultiHopQA, in the order of the file.

    Two layouts are known. Records with ``ctxs_candidate`` and ``ctxs_gt`` carry their candidates, which stay as they
    are. Records with ``context`` and ``supporting_facts`` (the publishers' own) get the supporting sentences (the
    gold) and, up to 100 in all, the sentences of the data set that match the question best by BM25, shuffled.

    Args:
        data: folder, file or Hugging Face name, see :func:`agenttts_env.tasks.records.read`; a copy on the hub that
            loads without a script is ``framolfese/2WikiMultihopQA``.
        size: without effect, as the data set has a fixed size.
        seed: of the order of the candidates, where they are shuffled.
        candidates: how many there are for a question, gold included and never dropped; fewer than 100 for a model with
            a short context. Records that carry their candidates then keep the gold and the first of the others.

    Raises:
        InvalidInputError: there is no data, a record breaks a rule, or ``candidates`` is below 1.
        MissingExtraError: ``bm25s`` (second layout) or ``datasets`` (hub) is not installed.
    """
    return convert_2wikimultihopqa(read(NAME, data, hub=HUB), seed=seed, candidates=candidates)


def convert_2wikimultihopqa(
    records: tuple[Record, ...], *, seed: int, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """Examples from records of either layout, that of the first record; see :func:`load_2wikimultihopqa`."""
    if candidates < 1:
        raise InvalidInputError(f"`candidates` must be >= 1, but is {candidates}")
    with_candidates = "ctxs_candidate" in records[0].fields
    convert = _from_candidates if with_candidates else _from_context
    return tuple(convert(records, seed, candidates))


def _from_candidates(records: tuple[Record, ...], seed: int, count: int) -> Iterator[RetrievalExample]:
    for record in records:
        candidates = tuple(dict.fromkeys(map(one_line, record.texts("ctxs_candidate"))))
        gold = dict.fromkeys(map(one_line, record.texts("ctxs_gt")))
        absent = [text for text in gold if text not in candidates]
        if absent:
            rng = np.random.default_rng([seed, record.number])
            candidates, positions = shuffled([*candidates, *absent], set(gold), rng)
        else:
            positions = frozenset(candidates.index(text) for text in gold)
        if count < CANDIDATES:  # at the default all stay: the publishers' 100, and the gold that was not among them
            candidates, positions = _first(candidates, positions, count)
        yield _example(record, candidates, positions)


def _first(candidates: tuple[str, ...], gold: frozenset[int], count: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """The gold and the first of the others, ``count`` in all, in their order; and where the gold stands then."""
    others = [position for position in range(len(candidates)) if position not in gold]
    kept = sorted([*gold, *others[: max(count - len(gold), 0)]])
    return tuple(candidates[position] for position in kept), frozenset(map(kept.index, gold))


def _from_context(records: tuple[Record, ...], seed: int, count: int) -> Iterator[RetrievalExample]:
    contexts = [read_paragraphs(record) for record in records]
    corpus = Corpus(text for context in contexts for paragraph in context for text in paragraph.sentences if text)
    for record, context in zip(records, contexts, strict=True):
        rng = np.random.default_rng([seed, record.number])
        gold = _supporting_sentences(record, context)
        yield _example(record, *corpus.candidates(record.text("question"), gold, count, rng))


def _supporting_sentences(record: Record, context: tuple[Paragraph, ...]) -> list[str]:
    known = {
        (paragraph.title, position): text
        for paragraph in context
        for position, text in enumerate(paragraph.sentences)
        if text
    }
    missing = [support for support in read_supports(record) if support not in known]
    if missing:
        raise record.error(f"`supporting_facts` must name sentences of `context`, which lacks {tuple(missing[0])}")
    return [known[support] for support in read_supports(record)]


def _example(record: Record, candidates: tuple[str, ...], gold: frozenset[int]) -> RetrievalExample:
    answers = record.texts("answers") if "answers" in record.fields else (record.text("answer"),)
    return RetrievalExample(
        id=f"{NAME}-{record.number}",
        question=record.text("question"),
        answers=tuple(dict.fromkeys(answers)),
        candidates=candidates,
        gold=gold,
    )

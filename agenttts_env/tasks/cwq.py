"""CWQ (ComplexWebQuestions): questions that take several triples of Freebase."""

from __future__ import annotations

from pathlib import Path

from agenttts_env.tasks.graph_question import CANDIDATES, GraphQuestion, build_examples
from agenttts_env.tasks.records import Record, read
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.subgraph import read_subgraph
from agenttts_env.tasks.triple import read_names, read_triples

NAME = "cwq"
HUB = "rmanluo/RoG-cwq"


def load_cwq(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """The examples of CWQ, in the order of the file; any of a question's answers is right.

    Two layouts are known. Records with ``gt_triples`` name the gold triples, and ``2hop_triples``, which may be
    missing, those near them; ``crucial_triples``, a part of the gold, is not read, as all gold triples count. Records
    with ``graph`` are those of :mod:`agenttts_env.tasks.subgraph`. How the candidates are chosen, and which questions
    are left out, says :func:`agenttts_env.tasks.graph_question.build_examples`.

    Args:
        data: folder, file or Hugging Face name, see :func:`agenttts_env.tasks.records.read`; a copy on the hub is
            ``rmanluo/RoG-cwq``.
        size: without effect, as the data set has a fixed size.
        seed: of the candidates and their order.
        candidates: how many there are for a question, gold included; fewer for a model with a short context.

    Raises:
        InvalidInputError: there is no data, or a record breaks a rule.
        MissingExtraError: the hub needs ``datasets``, which is not installed.
    """
    return convert_cwq(read(NAME, data, hub=HUB), seed=seed, candidates=candidates)


def convert_cwq(
    records: tuple[Record, ...], *, seed: int, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """Examples from records of either layout; see :func:`load_cwq`."""
    return build_examples(NAME, map(_question, records), seed=seed, candidates=candidates)


def _question(record: Record) -> GraphQuestion:
    if "graph" in record.fields:
        return read_subgraph(record)
    return GraphQuestion(
        number=record.number,
        question=record.text("question"),
        answers=read_names(record, "answer"),
        gold=read_triples(record, "gt_triples"),
        near=read_triples(record, "2hop_triples") if "2hop_triples" in record.fields else (),
    )

"""WebQSP: questions that people asked a search engine, with their semantic parses over Freebase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agenttts_env.tasks.graph_question import CANDIDATES, GraphQuestion, build_examples
from agenttts_env.tasks.records import Record, read
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.subgraph import read_subgraph
from agenttts_env.tasks.triple import Triple, tidy

NAME = "webqsp"
HUB = "rmanluo/RoG-webqsp"


def load_webqsp(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """The examples of WebQSP, in the order of the file; any of a question's answers is right.

    Two layouts are known. Records with ``Parses`` (the publishers' own) hold no triples, but what the gold triples
    are follows from them. A parse leads from a topic entity over a chain of one or two relations to its answers. Of
    one relation: ``topic | relation | answer``. Of two: ``topic | first | unnamed`` and ``unnamed | second |
    answer``, with one nameless thing (a term of office, a role) in between for every answer; the file does not say
    which answers share one. A constraint that something equals a value adds ``thing | relation | value``; a bound on a
    date adds nothing, as the file does not hold the date itself. The gold triples of a question are those of all its
    parses, and so are its answers; a parse without a chain has none. Records with ``graph`` are those of
    :mod:`agenttts_env.tasks.subgraph`.

    How the candidates are chosen, and which questions are left out, says
    :func:`agenttts_env.tasks.graph_question.build_examples`.

    Args:
        data: folder, file or Hugging Face name, see :func:`agenttts_env.tasks.records.read`; a copy on the hub is
            ``rmanluo/RoG-webqsp``.
        size: without effect, as the data set has a fixed size.
        seed: of the candidates and their order.
        candidates: how many there are for a question, gold included; fewer for a model with a short context.

    Raises:
        InvalidInputError: there is no data, or a record breaks a rule.
        MissingExtraError: the hub needs ``datasets``, which is not installed.
    """
    return convert_webqsp(read(NAME, data, hub=HUB, within="Questions"), seed=seed, candidates=candidates)


def convert_webqsp(
    records: tuple[Record, ...], *, seed: int, candidates: int = CANDIDATES
) -> tuple[RetrievalExample, ...]:
    """Examples from records of either layout; see :func:`load_webqsp`."""
    return build_examples(NAME, map(_question, records), seed=seed, candidates=candidates)


def _question(record: Record) -> GraphQuestion:
    if "graph" in record.fields:
        return read_subgraph(record)
    parses = record.value("Parses")
    if not isinstance(parses, list):
        raise record.error(f"`Parses` must be a list, but is {parses!r:.80}")
    try:
        answers = tuple(answer for parse in parses for answer in _answers(parse))
        gold = tuple(filter(all, _gold(parses, record.number)))  # a blank part says nothing
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise record.error(f"`Parses` must have WebQSP's layout, but: {error!r}") from error
    return GraphQuestion(record.number, record.text("RawQuestion"), answers, gold)


def _answers(parse: Mapping[str, Any]) -> list[str]:
    return [tidy(answer["EntityName"] or answer["AnswerArgument"]) for answer in parse["Answers"]]


def _gold(parses: Iterable[Mapping[str, Any]], number: int) -> Iterator[Triple]:
    nameless: dict[tuple[str, ...], str] = {}
    for parse in parses:
        topic, chain = tidy(parse["TopicEntityName"]), [tidy(relation) for relation in parse["InferentialChain"] or ()]
        for answer in _answers(parse) if chain else ():
            things = [topic]
            for hop in range(1, len(chain)):
                # An id like Freebase's own, of no other question, and the same in all parses with this chain.
                key = (topic, *chain, str(hop), answer)
                things.append(nameless.setdefault(key, f"m.0_{number}_{len(nameless)}"))
            things.append(answer)
            yield from map(Triple, things, chain, things[1:])
            for constraint in parse["Constraints"]:
                if constraint["Operator"] == "Equal":
                    thing = things[constraint["SourceNodeIndex"] + 1]
                    value = tidy(constraint["EntityName"] or constraint["Argument"])
                    yield Triple(thing, tidy(constraint["NodePredicate"]), value)

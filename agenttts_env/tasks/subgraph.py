"""Records that carry a piece of Freebase: RoG's copies of CWQ and WebQSP on the Hugging Face hub.

Their fields are ``question``, ``answer`` (names), ``q_entity`` and ``a_entity`` (names of the entities that the
question starts from and leads to) and ``graph`` (up to some thousand triples around them, all of which are read into
memory). Which triples a question needs is not annotated: as usual with these records, those on the shortest ways from
its entities to its answers count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agenttts_env.tasks.graph_question import GraphQuestion
from agenttts_env.tasks.records import Record
from agenttts_env.tasks.triple import Triple, read_names, read_triples


def read_subgraph(record: Record) -> GraphQuestion:
    """The question; its gold triples are those of :func:`shortest_ways`, the others of ``graph`` are near it.

    Raises:
        InvalidInputError: a field is missing or has another layout.
    """
    graph = read_triples(record, "graph")
    starts, ends = (read_names(record, field) for field in ("q_entity", "a_entity"))
    return GraphQuestion(
        number=record.number,
        question=record.text("question"),
        answers=read_names(record, "answer"),
        gold=shortest_ways(graph, starts, ends),
        near=graph,
    )


def shortest_ways(graph: Iterable[Triple], starts: Iterable[str], ends: Iterable[str]) -> tuple[Triple, ...]:
    """The triples that lie on a shortest way between a start and an end, whichever way round a triple is.

    A pair that nothing connects adds nothing, and neither does an end that is also the start.
    """
    at: dict[str, list[Triple]] = {}
    for triple in graph:
        for entity in {triple.subject, triple.object}:
            at.setdefault(entity, []).append(triple)
    found: dict[Triple, None] = {}
    ends = [end for end in ends if end in at]
    for start in starts:
        distance = _distances(at, start)
        behind = [end for end in ends if end in distance]
        seen = set(behind)
        while behind:
            entity = behind.pop()
            for triple in at[entity]:
                before = _other(triple, entity)
                if distance[before] < distance[entity]:
                    found[triple] = None
                    if before not in seen:
                        seen.add(before)
                        behind.append(before)
    return tuple(found)


def _distances(at: Mapping[str, Iterable[Triple]], start: str) -> dict[str, int]:
    distance = {start: 0} if start in at else {}
    ring = list(distance)
    while ring:
        further = dict.fromkeys(_other(triple, entity) for entity in ring for triple in at[entity])
        steps = distance[ring[0]] + 1
        ring = [entity for entity in further if entity not in distance]
        distance.update(dict.fromkeys(ring, steps))
    return distance


def _other(triple: Triple, entity: str) -> str:
    return triple.subject if triple.object == entity else triple.object

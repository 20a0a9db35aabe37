from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.subgraph import read_subgraph, shortest_ways
from agenttts_env.tasks.triple import Triple

GRAPH = [
    Triple("Rex", "owner", "m.01"),
    Triple("m.01", "person", "Ann"),
    Triple("Ann", "pets", "m.01"),
    Triple("Rex", "breed", "Collie"),
    Triple("Collie", "breeder", "Bob"),
    Triple("Bob", "wife", "Ann"),
    Triple("Ann", "self", "Ann"),
    Triple("Moon", "orbits", "Earth"),
]


def row(**changes: Any) -> dict[str, Any]:
    """A record as RoG's copies on the Hugging Face hub have them."""
    return {
        "id": "WebQTest-0",
        "question": "who owns rex",
        "answer": ["Ann"],
        "q_entity": ["Rex"],
        "a_entity": ["Ann"],
        "graph": [list(triple) for triple in GRAPH],
        "choices": [],
    } | changes


@pytest.mark.parametrize(
    ("starts", "ends", "found"),
    [
        (["Rex"], ["Ann"], {0, 1, 2}),  # in either direction, and not by way of the breed
        (["Ann"], ["Rex"], {0, 1, 2}),
        (["Rex"], ["Bob"], {3, 4}),
        (["Rex", "Moon"], ["Bob", "Earth"], {3, 4, 7}),
        (["Rex"], ["Earth"], set()),
        (["Rex"], ["Rex"], set()),
        (["Nobody"], ["Ann"], set()),
        (["Rex"], ["Nobody"], set()),
        ([], ["Ann"], set()),
    ],
)
def test_shortest_ways(starts: list[str], ends: list[str], found: set[int]) -> None:
    assert set(shortest_ways(GRAPH, starts, ends)) == {GRAPH[position] for position in found}


nodes = st.sampled_from("abcdef")


@given(st.lists(st.builds(Triple, nodes, st.just("r"), nodes), max_size=12), nodes, nodes)
def test_every_triple_found_lies_on_a_shortest_way(graph: list[Triple], start: str, end: str) -> None:
    def steps(source: str) -> dict[str, int]:  # Bellman and Ford, to check the breadth-first search
        far = {source: 0}
        for _ in range(len(graph) + 1):
            for one, _relation, other in graph:
                for here, there in ((one, other), (other, one)):
                    if here in far:
                        far[there] = min(far.get(there, 99), far[here] + 1)
        return far

    there, back = steps(start), steps(end)
    expected = {
        triple
        for triple in graph
        for one, other in pairwise((triple.subject, triple.object, triple.subject))
        if end in there and one in there and other in back and there[one] + 1 + back[other] == there[end]
    }
    assert set(shortest_ways(graph, [start], [end])) == expected


def test_a_record_becomes_a_question() -> None:
    (record,) = from_rows("hub", [row()])
    question = read_subgraph(record)
    assert (question.number, question.question, question.answers) == (1, "who owns rex", ("Ann",))
    assert question.gold == (GRAPH[1], GRAPH[2], GRAPH[0])
    assert set(question.near) == set(GRAPH[3:])


@pytest.mark.parametrize("field", ["question", "answer", "q_entity", "a_entity", "graph"])
def test_bad_records_are_named(field: str) -> None:
    record, missing = from_rows(
        "hub", [row(**{field: 3}), {key: value for key, value in row().items() if key != field}]
    )
    for bad, number in ((record, 1), (missing, 2)):
        with pytest.raises(InvalidInputError, match=f"^hub, record {number}: .*`{field}`"):
            read_subgraph(bad)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.triple import Triple, is_unnamed, name_unnamed, read_names, read_triples, tidy

entities = st.sampled_from(["Ann", "Bob", "m.01", "m.02x", "g.125_qb0ks"])
triples = st.lists(st.builds(Triple, entities, st.sampled_from(["a.b", "c"]), entities))


def test_a_triple_is_written_with_bars() -> None:
    assert Triple("Lou Seal", "sports.mascot.team", "Giants").text == "Lou Seal | sports.mascot.team | Giants"


def test_parts_have_no_bars_and_no_line_breaks() -> None:
    assert tidy(" San\n Francisco | Giants ") == "San Francisco / Giants"


@pytest.mark.parametrize(
    ("entity", "unnamed"),
    [
        ("m.0h3d7qj", True),
        ("m.03_dwn", True),
        ("g.125_qb0ks", True),
        ("m.o.v.e", False),
        ("m.A.A.d city", False),
        ("g.skill", False),
        ("M.0H3", False),
        ("m.0h3 d7qj", False),
        ("Ann", False),
    ],
)
def test_unresolved_ids(entity: str, unnamed: bool) -> None:
    assert is_unnamed(entity) == unnamed


def test_unresolved_ids_are_numbered_as_they_appear() -> None:
    given_ = [Triple("Ann", "seat", "m.09"), Triple("m.01", "city", "Rome"), Triple("m.09", "next", "m.01")]
    assert name_unnamed(given_) == (
        Triple("Ann", "seat", "unnamed-1"),
        Triple("unnamed-2", "city", "Rome"),
        Triple("unnamed-1", "next", "unnamed-2"),
    )


@given(triples)
def test_renaming_keeps_who_is_who(given_: list[Triple]) -> None:
    named = name_unnamed(given_)
    before = [entity for triple in given_ for entity in (triple.subject, triple.object)]
    after = [entity for triple in named for entity in (triple.subject, triple.object)]
    assert len(set(zip(before, after, strict=True))) == len(set(before)) == len(set(after))
    assert not any(map(is_unnamed, after))
    assert [triple.relation for triple in named] == [triple.relation for triple in given_]


def test_triples_of_a_record_are_read_once_each() -> None:
    rows = [
        ["Ann", "owns", "Rex"],
        ("Ann", "owns", "Rex"),
        ["Ann ", "owns", "Rex\n"],
        ["", "owns", "Rex"],
        ["a", "b", "c"],
    ]
    (record,) = from_rows("file", [{"graph": rows}])
    assert read_triples(record, "graph") == (Triple("Ann", "owns", "Rex"), Triple("a", "b", "c"))


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (3, "`graph` must be a list of triples, but is 3"),
        ([["Ann", "owns"]], r"`graph` must hold triples of texts, but holds \['Ann', 'owns'\]"),
        ([["Ann", "owns", None]], "`graph` must hold triples of texts"),
        (["abc"], "`graph` must hold triples of texts, but holds 'abc'"),
    ],
)
def test_bad_triples_are_named(value: Any, rule: str) -> None:
    (record,) = from_rows("file", [{"graph": value}])
    with pytest.raises(InvalidInputError, match=f"^file, record 1: {rule}"):
        read_triples(record, "graph")


def test_names_are_read_like_the_parts_of_triples() -> None:
    record, bad = from_rows("file", [{"answer": ["A | B", ""]}, {"answer": [1]}])
    assert read_names(record, "answer") == ("A / B", "")
    with pytest.raises(InvalidInputError, match=r"^file, record 2: `answer` must be a list of names, but is \[1\]"):
        read_names(bad, "answer")

from __future__ import annotations

import json

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.multihop import Paragraph, Support, read_paragraphs, read_supports
from agenttts_env.tasks.records import Record

PAIRS = {"context": [["A", ["a one.", " a\ntwo."]], ["B", ["b."]]], "supporting_facts": [["A", 1], ["B", 0]]}
COLUMNS = {
    "context": {"title": ["A", "B"], "sentences": [["a one.", " a\ntwo."], ["b."]]},
    "supporting_facts": {"title": ["A", "B"], "sent_id": [1, 0]},
}
OBJECTS = {
    "context": [{"title": "A", "sentences": ["a one.", " a\ntwo."]}, {"title": "B", "sentences": ["b."]}],
    "supporting_facts": [{"title": "A", "sent_id": 1}, {"title": "B", "sent_id": 0}],
}
WRITTEN = {field: repr(value) for field, value in COLUMNS.items()}
JSON = {field: json.dumps(value) for field, value in PAIRS.items()}


@pytest.mark.parametrize("fields", [PAIRS, COLUMNS, OBJECTS, WRITTEN, JSON])
def test_every_layout_is_read(fields: dict[str, object]) -> None:
    record = Record("file", 1, fields)
    assert read_paragraphs(record) == (Paragraph("A", ("a one.", "a two.")), Paragraph("B", ("b.",)))
    assert read_supports(record) == (Support("A", 1), Support("B", 0))
    assert read_paragraphs(record)[0].text == "A: a one. a two."


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        3,
        {"title": ["A"]},
        {"title": ["A"], "sentences": []},
        {"title": "A", "sentences": "a"},
        [["A"]],
        [{"title": "A"}],
        [["A", "a one."]],
        [["A", [1]]],
        [[" ", ["a"]]],
        "nonsense",
    ],
)
def test_bad_contexts_are_named(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^file, record 7: `context` must"):
        read_paragraphs(Record("file", 7, {"context": value}))


@pytest.mark.parametrize("value", [[], [["A", -1]], [["A", "1"]], [[1, 1]], {"title": ["A"], "sent_id": [None]}])
def test_bad_supports_are_named(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^file, record 7: `supporting_facts` must"):
        read_supports(Record("file", 7, {"supporting_facts": value}))


def test_missing_fields_are_named() -> None:
    with pytest.raises(InvalidInputError, match="field `context` is missing"):
        read_paragraphs(Record("file", 1, {"question": "Who?"}))

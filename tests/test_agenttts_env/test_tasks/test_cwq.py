from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.cwq import convert_cwq, load_cwq
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.triple import is_unnamed


def row(**changes: Any) -> dict[str, Any]:
    """A record as the shared sample has them."""
    return {
        "ID": "WebQTest-832_c3",
        "compositionality_type": "composition",
        "question": "Where was the owner of Rex born?",
        "answer": ["Rome", "Roma", "Rome"],
        "topic_entity": {"m.03_dwn": "Rex"},
        "gt_triples": [["Rex", "pet.owner", "m.01"], ["m.01", "pet.person", "Ann"], ["Ann", "people.born", "Rome"]],
        "crucial_triples": [["Ann", "people.born", "Rome"]],
        "2hop_triples": [["Ann", "people.job", "vet"], ["Ann", "people.job", "vet"], ["Ann", "people.born", "Rome"]],
    } | changes


def hub_row(**changes: Any) -> dict[str, Any]:
    """A record as the Hugging Face hub has them."""
    return {
        "id": "WebQTest-832_c3",
        "question": "Where was the owner of Rex born?",
        "answer": ["Rome"],
        "q_entity": ["Rex"],
        "a_entity": ["Rome"],
        "graph": [*row()["gt_triples"], ["Ann", "people.job", "vet"]],
        "choices": [],
    } | changes


@pytest.mark.parametrize("fields", [row(), hub_row()], ids=["file", "hub"])
def test_all_gold_triples_count_and_the_others_distract(fields: dict[str, Any]) -> None:
    (example,) = convert_cwq(from_rows("file", [fields]), seed=0)
    assert set(example.candidates) == {
        "Rex | pet.owner | unnamed-1",
        "unnamed-1 | pet.person | Ann",
        "Ann | people.born | Rome",
        "Ann | people.job | vet",
    }
    assert example.candidates.index("Ann | people.job | vet") not in example.gold
    assert len(example.gold) == 3
    assert example.answers == tuple(dict.fromkeys(fields["answer"]))
    assert (example.id, example.question) == ("cwq-1", "Where was the owner of Rex born?")


def test_a_crucial_part_may_be_empty_and_2hop_triples_may_be_missing() -> None:
    fields = row(crucial_triples=[])
    del fields["2hop_triples"]
    (example,) = convert_cwq(from_rows("file", [fields]), seed=0)
    assert len(example.gold) == len(example.candidates) == 3


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"question": None}, "`question` must be text"),
        ({"answer": "Rome"}, "`answer` must be"),
        ({"gt_triples": [["Ann"]]}, "`gt_triples` must hold triples of texts"),
        ({"2hop_triples": None}, "`2hop_triples` must be a list of triples"),
    ],
)
def test_bad_records_are_named(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^file, record 2: {rule}"):
        convert_cwq(from_rows("file", [row(), row(**changes)]), seed=0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def refusal(fields: dict[str, Any]) -> str:
    """Why a record is refused; nothing if it is not."""
    try:
        convert_cwq(from_rows("file", [row(), fields]), seed=0)
    except InvalidInputError as error:
        return str(error)
    return ""


@given(st.sampled_from(["question", "answer", "gt_triples", "2hop_triples"]), json_values)
def test_any_value_of_a_field_converts_or_is_refused(field: str, value: Any) -> None:
    message = refusal(row(**{field: value}))
    assert not message or message.startswith("file, record 2: ")
    assert f"`{field}`" in message or not message


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path]) -> None:
    folder = data_folder("cwq")
    examples = load_cwq(folder)
    records = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    assert len(examples) == len(records) == 60
    for example, record in zip(examples, records, strict=True):
        assert len(example.candidates) == 100
        assert len(example.gold) == len({tuple(triple) for triple in record["gt_triples"]})
        gold = [example.candidates[position].split(" | ") for position in example.gold]
        assert sorted(relation for _, relation, _ in gold) == sorted(
            {tuple(triple): triple[1] for triple in record["gt_triples"]}.values()
        )
        assert not any(is_unnamed(part) for text in example.candidates for part in text.split(" | "))
    assert load_cwq(folder) == examples
    assert load_cwq(folder, seed=1) != examples
    assert {len(example.candidates) for example in load_cwq(folder, candidates=30)} == {30}

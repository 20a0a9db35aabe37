from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.retrieval_qa import METRICS, RetrievalQA
from agenttts_env.tasks.two_wiki import convert_2wikimultihopqa, load_2wikimultihopqa


def row(**changes: Any) -> dict[str, Any]:
    """A record as the shared sample has them."""
    return {
        "question": "Who owns Rex?",
        "answers": ["Ann", "Anna", "Ann"],
        "ctxs_candidate": ["Bob slept.", "Rex is Ann's.", "Rex is a dog."],
        "ctxs_gt": ["Rex is a dog.", "Rex is Ann's."],
    } | changes


def hub_row(**changes: Any) -> dict[str, Any]:
    """A record as the Hugging Face hub has them."""
    return {
        "id": "13f5",
        "question": "Who owns Rex?",
        "answer": "Ann",
        "type": "compositional",
        "evidences": [["Rex", "owner", "Ann"]],
        "supporting_facts": {"title": ["Rex", "Rex"], "sent_id": [0, 2]},
        "context": {
            "title": ["Bob", "Rex"],
            "sentences": [["Bob slept."], ["Rex is a dog.", " ", "It is Ann's."]],
        },
    } | changes


def test_candidates_stay_as_they_are() -> None:
    (example,) = convert_2wikimultihopqa(from_rows("file", [row()]), seed=0)
    assert example.candidates == ("Bob slept.", "Rex is Ann's.", "Rex is a dog.")
    assert example.gold == {1, 2}
    assert example.answers == ("Ann", "Anna")


def test_lists_may_be_written_out_and_candidates_may_repeat() -> None:
    written = row(ctxs_candidate=str(["Bob slept.", "Bob  slept.", "Rex is Ann's.", "Rex is a\ndog."]))
    (example,) = convert_2wikimultihopqa(from_rows("file", [written]), seed=0)
    assert example.candidates == ("Bob slept.", "Rex is Ann's.", "Rex is a dog.")
    assert example.gold == {1, 2}


def test_gold_that_is_no_candidate_is_added() -> None:
    (example,) = convert_2wikimultihopqa(from_rows("file", [row(ctxs_gt=["New.", "Bob slept."])]), seed=0)
    assert len(example.candidates) == 4
    assert {example.candidates[position] for position in example.gold} == {"New.", "Bob slept."}


def test_fewer_candidates_keep_the_gold_and_the_first_others() -> None:
    texts = [f"Sentence {number}." for number in range(9)]
    record = from_rows("file", [row(ctxs_candidate=texts, ctxs_gt=[texts[7], texts[2]])])
    for count, kept in [(5, (0, 1, 2, 3, 7)), (2, (2, 7)), (1, (2, 7)), (99, tuple(range(9)))]:
        (example,) = convert_2wikimultihopqa(record, seed=0, candidates=count)
        assert example.candidates == tuple(texts[position] for position in kept)
        assert {example.candidates[position] for position in example.gold} == {texts[2], texts[7]}
    assert convert_2wikimultihopqa(record, seed=0) == convert_2wikimultihopqa(record, seed=0, candidates=99)
    with pytest.raises(InvalidInputError, match="`candidates` must be >= 1, but is 0"):
        convert_2wikimultihopqa(record, seed=0, candidates=0)


def test_fewer_candidates_of_rows_of_the_hub_are_the_best_matches() -> None:
    rows = [hub_row(), hub_row(question="Who slept?", supporting_facts=[["Bob", 0]])]
    first, second = convert_2wikimultihopqa(from_rows("hub", rows), seed=0, candidates=2)
    assert set(first.candidates) == {"Rex is a dog.", "It is Ann's."}
    assert len(second.candidates) == 2
    assert {second.candidates[position] for position in second.gold} == {"Bob slept."}


@pytest.mark.parametrize("as_text", [False, True])
def test_rows_of_the_hub_become_examples(as_text: bool) -> None:
    rows = [hub_row(), hub_row(question="Who slept?", supporting_facts=[["Bob", 0]])]
    if as_text:
        rows = [fields | {key: json.dumps(fields[key]) for key in ("context", "supporting_facts")} for fields in rows]
    first, second = convert_2wikimultihopqa(from_rows("hub", rows), seed=0)
    assert {first.candidates[position] for position in first.gold} == {"Rex is a dog.", "It is Ann's."}
    assert {second.candidates[position] for position in second.gold} == {"Bob slept."}
    assert len(first.candidates) == 3
    assert first.answers == ("Ann",)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"question": None}, "`question` must be text"),
        ({"answers": "Ann"}, "`answers` must be a list"),
        ({"ctxs_candidate": []}, "`ctxs_candidate` must be a non-empty list of texts"),
        ({"ctxs_gt": {"a": 1}}, "`ctxs_gt` must be a non-empty list of texts"),
    ],
)
def test_bad_records_are_named(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^file, record 2: {rule}"):
        convert_2wikimultihopqa(from_rows("file", [row(), row(**changes)]), seed=0)


@pytest.mark.parametrize("support", [["Rex", 1], ["Rex", 3], ["Max", 0]])
def test_supports_must_be_in_the_context(support: list[object]) -> None:
    records = from_rows("hub", [hub_row(supporting_facts=[support])])
    with pytest.raises(InvalidInputError, match=r"^hub, record 1: `supporting_facts` must name sentences of `context`"):
        convert_2wikimultihopqa(records, seed=0)


def test_a_field_that_is_missing_is_named() -> None:
    fields = row()
    del fields["ctxs_gt"]
    with pytest.raises(InvalidInputError, match=r"^file, record 1: field `ctxs_gt` is missing"):
        convert_2wikimultihopqa(from_rows("file", [fields]), seed=0)


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path]) -> None:
    examples = load_2wikimultihopqa(data_folder("2wikimultihopqa"))
    assert len(examples) == 60
    assert {len(example.candidates) for example in examples} == {100, 101, 102, 104}
    assert {len(example.gold) for example in examples} == {2, 4, 6}


@pytest.mark.data
def test_the_real_sample_with_fewer_candidates(data_folder: Callable[[str], Path]) -> None:
    folder = data_folder("2wikimultihopqa")
    everything, few = load_2wikimultihopqa(folder), load_2wikimultihopqa(folder, candidates=12)
    assert {len(example.candidates) for example in few} == {12}
    for whole, cut in zip(everything, few, strict=True):
        assert (cut.id, cut.question, cut.answers) == (whole.id, whole.question, whole.answers)
        assert {cut.candidates[p] for p in cut.gold} == {whole.candidates[p] for p in whole.gold}


@pytest.mark.data
def test_gold_replies_score_one_on_every_real_record(data_folder: Callable[[str], Path]) -> None:
    pipeline = RetrievalQA()
    for example in load_2wikimultihopqa(data_folder("2wikimultihopqa")):
        listed = "], [".join(str(position + 1) for position in example.gold)
        chosen = pipeline.parse("retrieve", f"**Sentences:** [{listed}].", example, {})
        assert set(example.gold) == set(chosen)  # type: ignore[arg-type]
        for gold in example.answers:
            answer = pipeline.parse("answer", f"So it is clear.\nAnswer: {gold}", example, {"retrieve": chosen})
            assert pipeline.score(example, {"retrieve": chosen, "answer": answer}) == dict.fromkeys(METRICS, 1.0)
        assert pipeline.score(example, {"retrieve": None, "answer": "zzz"}) == dict.fromkeys(METRICS, 0.0)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.hotpotqa import convert_hotpotqa, load_hotpotqa
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.retrieval_qa import METRICS, RetrievalQA


def row(**changes: Any) -> dict[str, Any]:
    """A record as the Hugging Face hub has them."""
    return {
        "id": "5a8b",
        "question": "Who owns Rex?",
        "answer": "Ann",
        "type": "bridge",
        "level": "hard",
        "supporting_facts": {"title": ["Rex", "Rex", "Ann"], "sent_id": [0, 1, 0]},
        "context": {
            "title": ["Bob", "Rex", "Ann"],
            "sentences": [["Bob slept."], ["Rex is a dog.", " Ann owns it."], ["Ann is a vet."]],
        },
    } | changes


def test_rows_of_the_hub_become_examples() -> None:
    other = row(question="Who slept?", answer="Bob", supporting_facts={"title": ["Bob"], "sent_id": [0]})
    first, second = convert_hotpotqa(from_rows("hub", [row(), other]), seed=0)
    assert {first.candidates[position] for position in first.gold} == {
        "Rex: Rex is a dog. Ann owns it.",
        "Ann: Ann is a vet.",
    }
    assert set(first.candidates) == set(second.candidates)
    assert len(first.candidates) == 3
    assert (first.question, first.answers) == ("Who owns Rex?", ("Ann",))
    assert first.id != second.id


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"question": ""}, "`question` must be text"),
        ({"answer": 3}, "`answer` must be text"),
        ({"supporting_facts": {"title": ["Max"], "sent_id": [0]}}, r"`context`, which lacks \['Max'\]"),
        ({"context": None}, "`context` must hold pairs"),
    ],
)
def test_bad_records_are_named(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^hub, record 2: .*{rule}"):
        convert_hotpotqa(from_rows("hub", [row(), row(**changes)]), seed=0)


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path]) -> None:
    folder = data_folder("hotpotqa")
    examples = load_hotpotqa(folder)
    assert len(examples) == 60
    assert {len(example.candidates) for example in examples} == {100}
    assert {len(example.gold) for example in examples} == {2}
    assert load_hotpotqa(folder) == examples
    assert load_hotpotqa(folder, seed=1) != examples


@pytest.mark.data
def test_gold_replies_score_one_on_every_real_record(data_folder: Callable[[str], Path]) -> None:
    pipeline = RetrievalQA()
    for example in load_hotpotqa(data_folder("hotpotqa")):
        listed = ", ".join(str(position + 1) for position in example.gold)
        chosen = pipeline.parse("retrieve", f"Sentences: {listed}", example, {})
        assert set(example.gold) == set(chosen)  # type: ignore[arg-type]
        prompt = pipeline.prompt("answer", example, {"retrieve": chosen})
        assert all(example.candidates[position] in prompt[-1].content for position in example.gold)
        answer = pipeline.parse("answer", f"Answer: {example.answers[0]}", example, {"retrieve": chosen})
        assert pipeline.score(example, {"retrieve": chosen, "answer": answer}) == dict.fromkeys(METRICS, 1.0)
        assert pipeline.score(example, {"retrieve": None, "answer": "zzz"}) == dict.fromkeys(METRICS, 0.0)

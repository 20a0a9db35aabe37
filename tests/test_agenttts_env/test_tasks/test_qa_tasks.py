from __future__ import annotations

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks import get_entry, split
from agenttts_env.tasks.qa_tasks import load_fictional_qa

NAMES = ("2wikimultihopqa", "hotpotqa", "fictional-qa")


@pytest.mark.parametrize("name", NAMES)
def test_stages_and_metrics(name: str) -> None:
    task = get_entry(name).build()
    assert [stage.name for stage in task.stages] == ["retrieve", "answer"]
    assert task.metrics == ("em", "contains", "f1", "ret_f1")
    assert task.main_metric == "em"
    assert task.pipeline is not None


@pytest.mark.parametrize("name", NAMES[:2])
def test_the_published_lengths_and_models(name: str) -> None:
    retrieve, answer = get_entry(name).build().stages
    assert (retrieve.prompt_tokens, retrieve.decode_tokens) == (2048, 128)
    assert (answer.prompt_tokens, answer.decode_tokens) == (256, 64)
    assert [model.name for model in retrieve.models] == ["qwen2.5-7b", "qwen2.5-32b", "qwen2.5-72b"]
    assert [model.name for model in answer.models] == ["llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"]


def test_fictional_data_is_generated_from_options() -> None:
    examples = load_fictional_qa(seed=2, hops=1, distractors=3)
    assert {(len(example.gold), len(example.candidates)) for example in examples} == {(1, 4)}
    assert load_fictional_qa(seed=2) != load_fictional_qa(seed=3)


def test_the_fictional_search_split_does_not_depend_on_the_test_split() -> None:
    searches = [split(load_fictional_qa(size=10 + test, seed=1), 10, test, seed=1)[0] for test in (0, 500)]
    assert searches[0] == searches[1]


def test_there_are_as_many_fictional_examples_as_asked_for() -> None:
    assert len(load_fictional_qa(size=1200, distractors=1)) == 1200


def test_fictional_data_is_no_folder() -> None:
    with pytest.raises(InvalidInputError, match="is generated: its data must be None, but got 'folder'"):
        load_fictional_qa("folder")


def test_options_of_tasks_and_data_are_checked() -> None:
    entry = get_entry("fictional-qa")
    assert entry.build(demonstrations=1).pipeline != entry.build().pipeline
    with pytest.raises(InvalidInputError, match="has as task_option demonstrations, variant, but got 'shots'"):
        entry.build(shots=1)
    with pytest.raises(InvalidInputError, match="must be of the type of its default, 3, but got 'two'"):
        entry.build(demonstrations="two")
    with pytest.raises(InvalidInputError, match="has as data_option hops, distractors, but got 'jumps'"):
        entry.load(jumps=2)
    with pytest.raises(InvalidInputError, match="`hops` must be >= 1, but is -1"):
        entry.load(hops=-1)

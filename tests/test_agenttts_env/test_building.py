"""Models by what users write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_replay, build_splits, build_task, find_table, resolve_model
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.model import MODELS, Model


def write_folder(folder: Path, **config: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 2, "hidden_size": 8} | config))
    header = json.dumps(
        {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}
    ).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(48))
    return folder


def test_known_names_folders_and_names_with_a_size(tmp_path: Path) -> None:
    assert resolve_model("qwen2.5-7b") is MODELS["qwen2.5-7b"]
    assert resolve_model("my/model@8e9") == Model("my/model", 8e9)
    folder = write_folder(tmp_path / "tiny")
    assert resolve_model(str(folder)) == Model("tiny", 12, 2, 8, source=str(folder))


@pytest.mark.model
def test_the_size_of_smollm2_is_what_its_name_says() -> None:
    from agenttts_env.engines.smollm2 import smollm2_folder

    measured, named = resolve_model(str(smollm2_folder())), MODELS["smollm2-135m"]
    assert measured.parameters == pytest.approx(named.parameters, rel=0.01)
    assert (measured.layers, measured.width) == (named.layers, named.width)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody", "a model is one of .* but got 'nobody'"),
        ("a@b", "needs a number after the '@'"),
        ("a@-1", "`parameters` must be > 0, but model 'a' has -1.0"),
        ("a@nan", "`parameters` must be > 0"),
        ("", "a model is one of .* but got ''"),
    ],
)
def test_bad_models_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        resolve_model(text)


def test_bad_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"needs a config.json"):
        resolve_model(str(tmp_path))
    folder = write_folder(tmp_path / "m", hidden_size="wide")
    with pytest.raises(InvalidInputError, match=r"needs a config.json with num_hidden_layers and hidden_size"):
        resolve_model(str(folder))
    folder = write_folder(tmp_path / "n")
    (folder / "model.safetensors").write_bytes(b"garbage, not a header at all")
    with pytest.raises(InvalidInputError, match="is not a safetensors file"):
        resolve_model(str(folder))
    (folder / "model.safetensors").unlink()
    with pytest.raises(InvalidInputError, match="needs safetensors files"):
        resolve_model(str(folder))


def test_a_star_stands_for_the_stages_that_are_not_named() -> None:
    task = build_task("2wikimultihopqa", models={"*": ["smollm2-135m"], "answer": ["a@1e9", "b@2e9"]})
    assert [[model.name for model in stage.models] for stage in task.stages] == [["smollm2-135m"], ["a", "b"]]


def test_splits_are_disjoint_and_the_search_split_does_not_depend_on_the_test_split() -> None:
    search, test = build_splits("fictional-qa", search=10, test=20, seed=3)
    assert not {example.question for example in search} & {example.question for example in test}
    assert build_splits("fictional-qa", search=10, test=5, seed=3)[0] == search
    assert build_splits("fictional-qa", search=10, test=5, seed=4)[0] != search


def test_a_task_has_its_recorded_table() -> None:
    table = build_replay("fictional-qa", levels=(1, 32), temperatures={"answer": 0.5}, data_seed=0)
    assert table.digest == find_table("fictional-qa").digest
    assert (
        table.task.stages == build_task("fictional-qa", models={"*": ["smollm2-135m"]}, temperatures={"*": 0.5}).stages
    )
    scores = ReplayEvaluator(table).evaluate(Allocation.of(("smollm2-135m", 1), ("smollm2-135m", 32)), "t").scores
    assert len(scores["em"]) == 50


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("hotpotqa", {}, "no recorded table of task 'hotpotqa': record one with `agenttts record --task hotpotqa`"),
        ("nothing", {}, "the tasks are"),
        ("hotpotqa", {"table": "fictional-qa"}, "must be of task 'hotpotqa', but is of 'fictional-qa'"),
        ("fictional-qa", {"table": "no-such"}, "a table is a file .npz or one of .*fictional-qa.*, but got 'no-such'"),
        ("fictional-qa", {"levels": (1, 33)}, "`levels` must be among those recorded, .* 32, but have 33"),
        ("fictional-qa", {"models": {"*": ["smollm2-360m"]}}, "offers the models smollm2-135m, but got 'smollm2-360m'"),
        ("fictional-qa", {"temperatures": {"*": 0.9}}, "recorded with temperatures = {'retrieve': 0.5, 'answer': 0.5}"),
        (
            "fictional-qa",
            {"fusions": {"answer": "llm"}},
            "recorded with fusions = {'retrieve': 'vote', 'answer': 'vote'}",
        ),
        ("fictional-qa", {"fusions": {"ask": "llm"}}, "recorded with fusions"),
        ("fictional-qa", {"data_options": {"hops": 3}}, "recorded with data_options = {}, but got {'hops': 3}"),
        ("fictional-qa", {"sample_seed": 1}, "recorded with sample_seed = 0, but got 1"),
    ],
)
def test_a_table_of_something_else_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        build_replay(name, **options)

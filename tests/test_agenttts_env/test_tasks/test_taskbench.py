from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.tasks.taskbench import load_taskbench
from agenttts_env.tasks.toolbox import Argument, Call

TOOLS = [
    {"id": "ring", "desc": "Rings a bell", "parameters": [{"name": "times", "type": "number", "desc": "How often"}]},
    {"id": "open_door", "desc": "Opens a door", "parameters": []},
]
RESOURCE_TOOLS = [
    {"id": "Text-to-Image", "desc": "Draws", "input-type": ["text"], "output-type": ["image"]},
    {"id": "Sentence Similarity", "desc": "Compares", "input-type": ["text", "text"], "output-type": []},
]


def row(**changes: Any) -> dict[str, Any]:
    """A record as the publishers' repository has them."""
    return {
        "id": "17",
        "type": "chain",
        "user_request": "Ring  twice,\nthen let me in.",
        "task_steps": ["Step 1: Ring", "Step 2: Open"],
        "task_nodes": [
            {"task": "ring", "arguments": [{"name": "times", "value": 2}]},
            {"task": "open door", "arguments": []},
        ],
        "task_links": [{"source": "ring", "target": "open_door"}],
    } | changes


def hub_row(**changes: Any) -> dict[str, Any]:
    """A record as the Hugging Face hub has them, of a resource domain."""
    return {
        "id": "18",
        "instruction": "Draw a cat and compare.",
        "tool_steps": json.dumps(["Step 1: Draw", "Step 2: Compare"]),
        "tool_nodes": json.dumps(
            [
                {"task": "Text-to-Image", "arguments": ["a cat"]},
                {"task": "Sentence Similarity", "arguments": ["<node-0>", None, "b"]},
            ]
        ),
    } | changes


def write(folder: Path, rows: list[dict[str, Any]], *, tools: object = None, name: str = "data.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(json.dumps(fields) for fields in rows) + "\n", encoding="utf-8")
    (folder / "tool_desc.json").write_text(json.dumps({"nodes": TOOLS} if tools is None else tools), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["data.json", "data.jsonl", "sample.jsonl"])
def test_a_record_becomes_an_example(tmp_path: Path, name: str) -> None:
    (example,) = load_taskbench(write(tmp_path, [row()], name=name))
    assert example.id == "taskbench-1"
    assert example.question == "Ring twice, then let me in."
    assert example.steps == ("Step 1: Ring", "Step 2: Open")
    assert example.calls == (Call("ring", (Argument("times", "2"),)), Call("open_door", ()))
    assert not example.toolbox.resources
    assert example.toolbox.text == "- ring(times): Rings a bell\n- open_door(): Opens a door"
    assert example.toolbox.tools[0].parameters == (("times", "number", "How often"),)


def test_a_list_of_records_is_read_too(tmp_path: Path) -> None:
    write(tmp_path, [])
    (tmp_path / "data.json").write_text(json.dumps([row(), row(id="18")]), encoding="utf-8")
    first, second = load_taskbench(tmp_path)
    assert first.toolbox is second.toolbox


@pytest.mark.parametrize("folder", ["data_multimedia", "multimedia", "."])
def test_resource_domains(tmp_path: Path, folder: str) -> None:
    write(tmp_path / folder, [hub_row()], tools={"nodes": RESOURCE_TOOLS})
    (example,) = load_taskbench(tmp_path, domain="multimedia")
    assert example.toolbox.resources
    assert example.toolbox.text == (
        "- Text-to-Image(text) -> image: Draws\n- Sentence Similarity(text, text): Compares"
    )
    assert example.calls == (
        Call("Text-to-Image", (Argument("", "a cat"),)),
        Call("Sentence Similarity", (Argument("", "<node-0>"), Argument("", "b"))),
    )


def test_only_checked_requests_are_used(tmp_path: Path) -> None:
    write(tmp_path, [row(id="1"), row(id="2"), row(id="3")])
    (tmp_path / "user_requests.json").write_text('{"id": "3", "user_request": "x"}\n{"id": "2"}\n', encoding="utf-8")
    assert [example.id for example in load_taskbench(tmp_path)] == ["taskbench-2", "taskbench-3"]
    (tmp_path / "user_requests.json").write_text('{"id": "4"}', encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"must hold records that user_requests\.json .* lists, but holds none"):
        load_taskbench(tmp_path)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"user_request": " "}, "`user_request` must be text"),
        ({"task_steps": []}, "`task_steps` must be a non-empty list of texts"),
        ({"task_steps": ["a", 3]}, "`task_steps` must be a non-empty list of texts"),
        ({"task_steps": "a"}, "`task_steps` must be a list"),
        ({"task_nodes": []}, "`task_nodes` must not be empty"),
        ({"task_nodes": None}, "`task_nodes` must be a list, but is None"),
        ({"task_nodes": [{"id": "ring"}]}, "`task_nodes` must be objects with a `task`"),
        ({"task_nodes": ["ring"]}, "`task_nodes` must be objects with a `task`"),
    ],
)
def test_bad_records_are_named(tmp_path: Path, changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"data\.json, record 2: {rule}"):
        load_taskbench(write(tmp_path, [row(), row(**changes)]))


@pytest.mark.parametrize(
    ("tools", "rule"),
    [
        ({"nodes": RESOURCE_TOOLS}, "record 1: the tools must be those of `domain` 'dailylifeapis'"),
        ({"nodes": []}, "must hold a non-empty list"),
        ({"edges": []}, "must hold a non-empty list"),
        ({"nodes": [TOOLS[0], TOOLS[0]]}, "must hold tools of different names"),
        ([TOOLS[0], RESOURCE_TOOLS[0]], "record 2: `parameters` must be a list, but is None"),
        ([{**TOOLS[0], "parameters": ["a"]}], "record 1: `parameters` must be objects with a `name`"),
        ([{"parameters": []}], "record 1: `id` must be text"),
    ],
)
def test_bad_tools_are_named(tmp_path: Path, tools: object, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        load_taskbench(write(tmp_path, [row()], tools=tools))


def test_files_must_be_there_and_be_json(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInputError, match=r"must hold tool_desc\.json and one of sample\.jsonl, .* holds nothing"
    ):
        load_taskbench(tmp_path)
    write(tmp_path, [row()])
    with pytest.raises(InvalidInputError, match="the tools must be those of `domain` 'huggingface'"):
        load_taskbench(tmp_path, domain="huggingface")
    with pytest.raises(InvalidInputError, match="`domain` must be one of dailylifeapis, huggingface, multimedia"):
        load_taskbench(tmp_path, domain="cooking")
    for broken in (b"{", b"\xff", b"[" * 100_000):
        (tmp_path / "data.json").write_bytes(broken)
        with pytest.raises(InvalidInputError, match=r"data\.json must be a UTF-8 file of JSON"):
            load_taskbench(tmp_path)


def test_data_comes_from_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "taskbench", [row()])
    monkeypatch.setenv("AGENTTTS_DATA", str(tmp_path))
    assert len(load_taskbench()) == 1
    monkeypatch.delenv("AGENTTTS_DATA")
    with pytest.raises(InvalidInputError, match="name a folder, or 'microsoft/Taskbench' to download it"):
        load_taskbench()


def test_the_hub_gives_records_and_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    huggingface_hub = pytest.importorskip("huggingface_hub")
    write(tmp_path, [], tools={"nodes": RESOURCE_TOOLS})
    asked: list[object] = []

    def load_dataset(*args: object, **kwargs: object) -> object:
        asked.append((args, kwargs))
        return datasets.Dataset.from_list([hub_row()])

    def hf_hub_download(*args: object, **kwargs: object) -> str:
        asked.append((args, kwargs))
        return str(tmp_path / "tool_desc.json")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    (example,) = load_taskbench("owner/name", domain="huggingface")
    assert example.calls[0] == Call("Text-to-Image", (Argument("", "a cat"),))
    assert asked == [
        (("owner/name", "huggingface"), {"split": "test"}),
        (("owner/name", "data_huggingface/tool_desc.json"), {"repo_type": "dataset"}),
    ]

    def fail(*args: object, **kwargs: object) -> object:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(InvalidInputError, match=r"no folder 'owner/name', and it .* \(ConnectionError: no network\)"):
        load_taskbench("owner/name")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[data\]'"):
        load_taskbench("owner/name")


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path]) -> None:
    examples = load_taskbench(data_folder("taskbench"))
    assert len(examples) == len({example.question for example in examples}) == 66
    assert len({id(example.toolbox) for example in examples}) == 1
    toolbox = examples[0].toolbox
    assert len(toolbox.tools) == 40
    lacking = [call.tool for example in examples for call in example.calls if toolbox.find(call.tool) is None]
    assert lacking == ["purchase_insurance"]
    assert sum(len(call.arguments) for example in examples for call in example.calls) == 258

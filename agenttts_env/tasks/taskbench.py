"""TaskBench: requests, the steps and tool calls that they take, and the tools of a domain.

Two layouts are known: fields ``task_steps`` and ``task_nodes`` (the publishers' repository), and ``tool_steps`` and
``tool_nodes`` (their data set on the Hugging Face hub), as lists or written out as JSON. The request is ``instruction``
or ``user_request``. Nodes keep their order, and names that the tool list lacks are kept as they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.tasks.automation_example import AutomationExample
from agenttts_env.tasks.records import DATA_VARIABLE, Record, from_rows
from agenttts_env.tasks.replies import one_line
from agenttts_env.tasks.toolbox import Call, Parameter, Tool, Toolbox, read_arguments

NAME = "taskbench"
HUB = "microsoft/Taskbench"
DOMAINS = ("dailylifeapis", "huggingface", "multimedia")

_TOOLS = "tool_desc.json"
_RECORDS = ("sample.jsonl", "data.json", "data.jsonl")
_CHECKED = ("user_requests.json", "user_requests.jsonl")


def load_taskbench(
    data: str | Path | None = None, *, size: int = 0, seed: int = 0, domain: str = DOMAINS[0]
) -> tuple[AutomationExample, ...]:
    """All examples of a domain of TaskBench, in the order of the file.

    Args:
        data: a folder with ``tool_desc.json`` and the records (``sample.jsonl``, or the publishers' ``data.json``, of
            which only the requests that ``user_requests.json`` lists are used where that is there too); or a folder
            with such a folder for each domain, ``data_<domain>`` or ``<domain>``; or ``owner/name`` of a data set on
            the Hugging Face hub (``microsoft/Taskbench``). None is the folder ``taskbench`` in ``$AGENTTTS_DATA``.
        size: without effect, as the data set has a fixed size.
        seed: without effect, as there is nothing to choose.
        domain: ``dailylifeapis``, ``huggingface`` or ``multimedia``.

    Raises:
        InvalidInputError: there is no data, it is that of another domain, or a record breaks a rule.
        MissingExtraError: the hub needs ``datasets``, which is not installed.
    """
    if domain not in DOMAINS:
        raise InvalidInputError(f"`domain` must be one of {', '.join(DOMAINS)}, but is {domain!r}")
    if data is None:
        if not os.environ.get(DATA_VARIABLE):
            raise InvalidInputError(
                f"data set {NAME!r} must come from somewhere: name a folder, or {HUB!r} to download it, "
                f"or set ${DATA_VARIABLE} to a folder that holds {NAME!r}"
            )
        data = Path(os.environ[DATA_VARIABLE]) / NAME
    if not Path(data).exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(data)):
        records, tools = _from_hub(str(data), domain)
    else:
        records, tools = _from_folder(Path(data), domain)
    toolbox = _toolbox(tools, domain)
    return tuple(_example(record, toolbox) for record in records)


def _from_folder(folder: Path, domain: str) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    for inner in (folder / f"data_{domain}", folder / domain):
        if not (folder / _TOOLS).exists() and inner.is_dir():
            folder = inner
    path = next((folder / name for name in _RECORDS if (folder / name).is_file()), None)
    if path is None or not (folder / _TOOLS).is_file():
        held = ", ".join(sorted(entry.name for entry in folder.glob("*"))) or "nothing"
        raise InvalidInputError(f"{folder} must hold {_TOOLS} and one of {', '.join(_RECORDS)}, but holds {held:.300}")
    records = from_rows(str(path), _read(path))
    for name in _CHECKED:
        if (folder / name).is_file():
            checked = {record.fields.get("id") for record in from_rows(name, _read(folder / name))}
            records = tuple(record for record in records if record.fields.get("id") in checked)
    if not records:
        raise InvalidInputError(f"{path} must hold records that {' or '.join(_CHECKED)} lists, but holds none")
    return records, _tools(folder / _TOOLS)


def _from_hub(name: str, domain: str) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    try:
        import datasets
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise MissingExtraError("datasets", "data") from error
    try:
        rows = list(datasets.load_dataset(name, domain, split="test"))
        tools = hf_hub_download(name, f"data_{domain}/{_TOOLS}", repo_type="dataset")
    except Exception as error:  # it raises whatever its file systems, its network and its parsers raise
        raise InvalidInputError(
            f"there is no folder {name!r}, and it cannot be loaded from the Hugging Face hub "
            f"({type(error).__name__}: {error})"
        ) from error
    return from_rows(name, rows), _tools(Path(tools))


def _read(path: Path) -> object:
    """The records of a file, whatever its name ends with: one JSON list, or one record a line."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("["):
            return json.loads(text)
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} must be a UTF-8 file of JSON records, but: {error}") from error


def _tools(path: Path) -> tuple[Record, ...]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path} must be a UTF-8 file of JSON, but: {error}") from error
    return from_rows(str(path), content.get("nodes") if isinstance(content, Mapping) else content)


def _toolbox(records: tuple[Record, ...], domain: str) -> Toolbox:
    resources = "parameters" not in records[0].fields
    if resources == (domain == DOMAINS[0]):
        raise records[0].error(f"the tools must be those of `domain` {domain!r}, but these have other parameters")
    return Toolbox(tuple(_tool(record, resources) for record in records), resources)


def _tool(record: Record, resources: bool) -> Tool:
    name, description = one_line(record.text("id")), one_line(record.text("desc"))
    if resources:
        inputs, outputs = (_list(record, field) for field in ("input-type", "output-type"))
        return Tool(name, description, tuple(Parameter(str(kind), "") for kind in inputs), str((outputs or [""])[0]))
    parameters = []
    for fields in _list(record, "parameters"):
        if not isinstance(fields, Mapping) or not isinstance(fields.get("name"), str):
            raise record.error(f"`parameters` must be objects with a `name`, but hold {fields!r:.80}")
        texts = (one_line(str(fields.get(field, ""))) for field in ("name", "type", "desc"))
        parameters.append(Parameter(*texts))
    return Tool(name, description, tuple(parameters))


def _example(record: Record, toolbox: Toolbox) -> AutomationExample:
    prefix = "task" if "task_nodes" in record.fields else "tool"
    steps = _list(record, f"{prefix}_steps")
    if not steps or not all(isinstance(step, str) and step.strip() for step in steps):
        raise record.error(f"`{prefix}_steps` must be a non-empty list of texts, but is {steps!r:.80}")
    calls = []
    for node in _list(record, f"{prefix}_nodes"):
        if not isinstance(node, Mapping) or not isinstance(node.get("task"), str) or not node["task"].strip():
            raise record.error(f"`{prefix}_nodes` must be objects with a `task`, but hold {node!r:.80}")
        tool = toolbox.spelling(one_line(node["task"]))
        calls.append(Call(tool, read_arguments(node.get("arguments"))))
    if not calls:
        raise record.error(f"`{prefix}_nodes` must not be empty, but is")
    return AutomationExample(
        id=f"{NAME}-{record.number}",
        question=one_line(record.text("instruction" if "instruction" in record.fields else "user_request")),
        toolbox=toolbox,
        steps=tuple(map(one_line, steps)),
        calls=tuple(calls),
    )


def _list(record: Record, field: str) -> list[Any]:
    """A field that must hold a list, as it is or written out as JSON or as a Python literal."""
    value = record.fields.get(field)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = record.value(field)
    if not isinstance(value, list):
        raise record.error(f"`{field}` must be a list, but is {value!r:.80}")
    return value

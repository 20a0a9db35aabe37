from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks import get_entry, split
from agenttts_env.tasks.chatdev.srdd import load_srdd


def write(folder: Path, content: Any, name: str = "sample.json") -> Path:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


GOOD = {"names": ["Note", "Sums"], "tasks": ["It takes notes.", "It adds numbers."]}


@pytest.mark.parametrize("name", ["sample.json", "tasks.json"])
def test_records_become_requirements_without_checks(tmp_path: Path, name: str) -> None:
    for data in (write(tmp_path, GOOD, name), tmp_path / name):
        note, sums = load_srdd(data, accept_licence=True)
        assert (note.id, note.text, sums.text) == ("srdd-1", "It takes notes.", "It adds numbers.")
        assert note.example is None
        assert note.checks == ()


def test_the_licence_must_be_accepted(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"CC BY-NC 4\.0: not for commercial use.* accept_licence=true"):
        get_entry("chatdev-srdd").load(write(tmp_path, GOOD))
    assert len(get_entry("chatdev-srdd").load(tmp_path, accept_licence=True)) == 2


def test_the_variable_names_the_folder_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTTTS_DATA", raising=False)
    with pytest.raises(InvalidInputError, match=r"name a folder or file, or set \$AGENTTTS_DATA"):
        load_srdd(accept_licence=True)
    (tmp_path / "srdd").mkdir()
    write(tmp_path / "srdd", GOOD)
    monkeypatch.setenv("AGENTTTS_DATA", str(tmp_path))
    assert len(load_srdd(accept_licence=True)) == 2


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("{", "must be a UTF-8 file of JSON"),
        ("[" * 100_000, "must be a UTF-8 file of JSON"),
        ([], "must hold an object with the lists"),
        ({"names": ["a"]}, "must hold an object with the lists"),
        ({"names": ["a"], "tasks": []}, "must hold an object with the lists"),
        ({"names": [], "tasks": []}, "must hold an object with the lists"),
        ({"names": ["a", "b"], "tasks": ["x", 3]}, "record 2: the task must be text"),
        ({"names": ["a"], "tasks": [" "]}, "must hold text, but requirement 'srdd-1'"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, content: Any, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        load_srdd(write(tmp_path, content), accept_licence=True)


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"must hold one of sample\.json, tasks\.json"):
        load_srdd(tmp_path, accept_licence=True)


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path]) -> None:
    requirements = load_srdd(data_folder("srdd"), accept_licence=True)
    assert len(requirements) == 60
    search, test = split(requirements, 30, 30, 0)
    assert not {r.text for r in search} & {r.text for r in test}

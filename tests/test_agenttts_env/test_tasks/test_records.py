from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.tasks.records import Record, from_rows, read

HUB = "owner/name"
ROWS = [{"a": "x"}, {"a": "y"}]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fields(records: tuple[Record, ...]) -> list[object]:
    return [record.fields for record in records]


def test_a_sample_is_preferred_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "sample.json", json.dumps(ROWS))
    write(tmp_path / "other.json", "[]")
    assert fields(read("set", tmp_path, hub=HUB)) == ROWS
    assert [record.number for record in read("set", str(tmp_path), hub=HUB)] == [1, 2]


def test_any_single_file_will_do(tmp_path: Path) -> None:
    file = write(tmp_path / "dev.jsonl", "\n".join(map(json.dumps, ROWS)) + "\n\n")
    write(tmp_path / "notes.txt", "no data")
    assert fields(read("set", tmp_path, hub=HUB)) == ROWS
    assert fields(read("set", file, hub=HUB)) == ROWS


def test_the_variable_names_the_folder_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "set" / "sample.json", json.dumps(ROWS))
    monkeypatch.setenv("AGENTTTS_DATA", str(tmp_path))
    assert fields(read("set", None, hub=HUB)) == ROWS


def test_without_data_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGENTTTS_DATA", raising=False)
    with pytest.raises(InvalidInputError, match=r"name a folder or file, or 'owner/name' .* \$AGENTTTS_DATA"):
        read("set", None, hub=HUB)


@pytest.mark.parametrize("names", [(), ("a.json", "b.jsonl"), ("a.csv",)])
def test_a_folder_must_be_unambiguous(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path / name, "[]")
    with pytest.raises(InvalidInputError, match=r"must hold sample\.json or exactly one"):
        read("set", tmp_path, hub=HUB)


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("a.json", "{", "must be a UTF-8 file of JSON, but: Expecting"),
        ("a.json", "[" * 100_000, "must be a UTF-8 file of JSON"),
        ("a.jsonl", '{"a": 1}\n{', "in line 2: Expecting"),
        ("a.json", "[]", "must hold a non-empty list of records, but holds"),
        ("a.json", '"text"', "must hold a non-empty list of records, but holds"),
        ("a.json", '{"a": 1}', "must hold a non-empty list of records, but holds"),
        ("a.json", "[{}, 3]", "record 2: must be an object with fields, but is 3"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, text: str, rule: str) -> None:
    file = write(tmp_path / name, text)
    with pytest.raises(InvalidInputError, match=rule) as caught:
        read("set", file, hub=HUB)
    assert str(file) in str(caught.value)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_bytes(b'["\xff"]')
    with pytest.raises(InvalidInputError, match=r"sample\.json must be a UTF-8 file"):
        read("set", tmp_path, hub=HUB)


def test_values_may_be_written_out() -> None:
    (record,) = from_rows("file", [{"list": "['a', \"b\"]", "real": ["c"]}])
    assert record.texts("list") == ("a", "b")
    assert record.texts("real") == ("c",)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("[1]", "must be a non-empty list of texts"),
        ("a, b", "must be a list or one written out"),
        ("__import__('os')", "must be a list or one written out"),
        ("(" * 10_000, "must be a list or one written out"),
        ([], "must be a non-empty list of texts"),
        (["a", " "], "must be a non-empty list of texts"),
        (None, "must be a non-empty list of texts"),
    ],
)
def test_lists_are_checked(value: object, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^file, record 1: `list` {rule}"):
        from_rows("file", [{"list": value}])[0].texts("list")


def test_missing_fields_and_blank_texts_are_named() -> None:
    (record,) = from_rows("file", [{"a": " ", "b": 3}])
    with pytest.raises(InvalidInputError, match="field `c` is missing; the record has a, b"):
        record.texts("c")
    for field in ("a", "b", "c"):
        with pytest.raises(InvalidInputError, match=f"`{field}` must be text that is not blank"):
            record.text(field)


def test_hub_names_are_loaded_with_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    asked: list[object] = []

    def load_dataset(*args: object, **kwargs: object) -> object:
        asked.append((args, kwargs))
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert fields(read("set", "owner/name", hub=HUB, config="easy")) == ROWS
    assert asked == [(("owner/name", "easy"), {"split": "validation"})]


def test_what_the_hub_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")

    def load_dataset(*args: object, **kwargs: object) -> object:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    rule = r"no folder 'owner/name', and it cannot be loaded .* \(ConnectionError: no network\)"
    with pytest.raises(InvalidInputError, match=rule):
        read("set", "owner/name", hub=HUB)


def test_the_hub_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[data\]'"):
        read("set", "owner/name", hub=HUB)

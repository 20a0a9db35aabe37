"""A table as a file: the same bytes for the same recording, and nothing that is damaged is believed."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import recorded

from agenttts_env.building import build_splits, build_task, find_table, shipped_tables
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import InvalidInputError
from agenttts_env.outcome_file import load_table, save_table
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.provenance import Provenance
from agenttts_env.recording import record
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_table(recorded(3, "llm"), tmp_path / "table.npz")
    return tmp_path / "table.npz"


def test_a_table_comes_back_as_it_was(file: Path, tmp_path: Path) -> None:
    table, loaded = recorded(3, "llm"), load_table(file)
    for name in ("task", "levels", "examples", "provenance", "digest", "backend"):
        assert getattr(loaded, name) == getattr(table, name)
    for name, array in table.arrays().items():
        assert loaded.arrays()[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.arrays()[name], array)
    save_table(loaded, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.npz", "table.npz"]


def test_bytes_differ_by_the_date_only(file: Path, tmp_path: Path) -> None:
    table = recorded(3, "llm")
    later = dataclasses.replace(table, provenance=dataclasses.replace(table.provenance, date="2099-01-01"))
    save_table(later, tmp_path / "later.npz")
    with zipfile.ZipFile(file) as one, zipfile.ZipFile(tmp_path / "later.npz") as other:
        names = one.namelist()
        assert names == other.namelist()
        assert [name for name in names if one.read(name) != other.read(name)] == ["header.npy"]
    assert load_table(tmp_path / "later.npz").digest == table.digest


def test_no_text_of_the_data_set_or_of_a_model_is_in_the_file(tmp_path: Path) -> None:
    task = build_task("fictional-qa", models={"*": ["smollm2-135m"]})
    split, test = build_splits("fictional-qa", search=4, test=2)
    store = SampleStore(tmp_path / "samples.sqlite")
    sampler = Sampler(store, lambda model: ScriptedEngine(model))
    save_table(record(task, split, test, sampler, (1, 2, 4), Provenance("scripted")), tmp_path / "table.npz")
    with np.load(tmp_path / "table.npz", allow_pickle=False) as arrays:
        kinds = {name: arrays[name].dtype.kind for name in arrays.files}
        header = str(arrays["header"])
    assert {name for name, kind in kinds.items() if kind not in "ifb"} == {"header"}
    for example in (*split, *test):
        assert example.id in header
        for text in (example.question, *example.answers, *example.candidates):
            assert text not in header


@pytest.mark.parametrize("kept", [0, 1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(file: Path, kept: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept) if kept != 1 else len(content) - 1])
    with pytest.raises(InvalidInputError, match=r"table\.npz is damaged, or no table of outcomes"):
        load_table(file)


def test_a_byte_that_was_changed_is_noticed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        information = archive.getinfo("add/children.npy")
        content[information.header_offset + 120] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match="is damaged, or no table of outcomes"):
        load_table(file)


def rewrite(file: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    with np.load(file, allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    header = json.loads(str(arrays.pop("header")))
    change(header, arrays)
    np.savez_compressed(file, **{"header": np.array(json.dumps(header)), **arrays})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h, a: h.update(format=2), "its format is 2, but this version reads format 1"),
        (lambda h, a: h.pop("task"), "'task' is missing"),
        (lambda h, a: h.update(provenance={"engine": "x", "mood": 1}), "mood"),
        (lambda h, a: h.update(levels=[1, 2]), r"'read/children' must have the shape \(8, 2, 2\), but has \(8, 2, 4\)"),
        (lambda h, a: h.update(levels=[]), "`levels` must be ascending integers >= 1"),
        (lambda h, a: h["examples"].pop("test"), "`examples` must be those of"),
        (lambda h, a: h["task"]["stages"].pop(), "does not explain the array 'add/children'|must lie in"),
        (lambda h, a: h["task"]["stages"][0]["models"][0].update(parameters=-1), "`parameters` must be > 0"),
        (lambda h, a: h["task"]["stages"][0].update(fusion="vote"), "'read/fusions' must have a call exactly where"),
        (lambda h, a: a.pop("scores"), "'scores' is missing"),
        (lambda h, a: a["scores"].fill(np.nan), "'scores' must lie in"),
        (lambda h, a: a["scores"].fill(1.5), r"'scores' must lie in \[0, 1\], but lies in \[1.5, 1.5\]"),
        (lambda h, a: a["read/children"].fill(10**6), "'read/children' must lie in"),
        (lambda h, a: a["read/pools"].fill(-2), "'read/pools' must lie in"),
        (lambda h, a: a.update({"add/pools": a["add/pools"].astype(float)}), "'add/pools' must have the kind 'i'"),
        (lambda h, a: a.update({"add/outputs": a["add/outputs"][:, :, :2]}), "'add/outputs' must have the shape"),
        (lambda h, a: a["add/samples/seconds"].fill(-1), "'add/samples/seconds' must lie in"),
    ],
)
def test_what_does_not_fit_is_named(file: Path, change: Callable[..., object], message: str) -> None:
    rewrite(file, change)
    with pytest.raises(InvalidInputError, match=message) as error:
        load_table(file)
    assert str(file) in str(error.value)


def test_nothing_is_unpickled(file: Path) -> None:
    rewrite(file, lambda header, arrays: arrays.update(scores=np.array([{}], dtype=object)))
    with pytest.raises(InvalidInputError, match="damaged, or no table"):
        load_table(file)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no file"):
        load_table(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("hello")
    np.save(tmp_path / "array.npy", np.arange(3))
    np.savez(tmp_path / "arrays.npz", numbers=np.arange(3))
    for name, message in {
        "text.npz": "damaged, or no",
        "array.npy": "damaged, or no",
        "arrays.npz": "'header'",
    }.items():
        with pytest.raises(InvalidInputError, match=message):
            load_table(tmp_path / name)
    with pytest.raises(InvalidInputError, match="cannot be written"):
        save_table(recorded(), tmp_path / "nowhere" / "table.npz")


def test_the_tables_of_this_package_are_small_and_real() -> None:
    folder = Path(__file__).parents[2] / "agenttts_env" / "tables"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5e6
    assert shipped_tables() == ("2wikimultihopqa", "fictional-qa")
    for name in shipped_tables():
        table: OutcomeTable = find_table(name)
        assert table.task.name == name
        assert table.backend == "replay"
        assert table.levels[-1] == 32
        assert {model.name for stage in table.task.stages for model in stage.models} == {"smollm2-135m"}
        assert len(table.examples["test"]) >= 30
        assert not set(table.examples["search"]) & set(table.examples["test"])

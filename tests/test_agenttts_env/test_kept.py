"""Texts that are made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenttts_env.kept import kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path))
    return tmp_path


class Maker:
    """Makes a new text every time."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        return f"text {self.made}\nof two lines, with an é"


def test_a_text_is_made_once_for_a_key(cache: Path) -> None:
    make = Maker()
    first = kept("kind", {"a": 1, "b": [2]}, make)
    assert kept("kind", {"b": [2], "a": 1}, make) == first
    assert make.made == 1
    assert kept("kind", {"a": 1, "b": [3]}, make) != first
    assert kept("other", {"a": 1, "b": [2]}, make) != first
    assert sorted(path.name for path in cache.iterdir()) == ["kind", "other"]
    assert len(list((cache / "kind").iterdir())) == 2  # and nothing temporary


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:10],
        lambda content: content.replace(b"text 1", b"text 7"),
        lambda content: b"\xff\xfe\x00",
        lambda content: content.partition(b"\n")[2],
    ],
)
def test_a_damaged_file_is_made_again(damage: object, cache: Path) -> None:
    make = Maker()
    kept("kind", {}, make)
    (path,) = (cache / "kind").iterdir()
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    again = kept("kind", {}, make)
    assert again.startswith("text 2\n")
    assert kept("kind", {}, make) == again


def test_a_folder_that_cannot_be_written_costs_time_only(cache: Path) -> None:
    (cache / "kind").write_text("a file where the folder should be")
    make = Maker()
    assert kept("kind", {}, make).startswith("text 1\n")
    assert kept("kind", {}, make).startswith("text 2\n")


def test_a_write_that_fails_half_way_leaves_no_damaged_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()

    def fail(self: Path, target: Path) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fail)
        assert kept("kind", {}, make).startswith("text 1\n")
    assert [path.suffixes for path in (cache / "kind").iterdir()] == [[f".{os.getpid()}", ".tmp"]]
    assert kept("kind", {}, make).startswith("text 2\n")
    assert kept("kind", {}, make).startswith("text 2\n")

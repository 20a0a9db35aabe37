"""The store: prefix pools, first writer wins, several processes, kills."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.store import Sample, SampleStore, content_key


def sample(number: int, text: str = "t", payer: str = "p") -> Sample:
    return Sample(number, text, 3, 2, "stop", 0.5, payer)


def test_a_sample_survives_the_object(tmp_path: Path) -> None:
    key = content_key({"a": 1})
    first = SampleStore(tmp_path / "s.sqlite")
    first.put(key, [sample(0, "zero"), sample(1, "one")])
    second = SampleStore(tmp_path / "s.sqlite")
    assert second.get([key])[key] == {0: sample(0, "zero"), 1: sample(1, "one")}
    assert second.prefix(key, 2) == [sample(0, "zero"), sample(1, "one")]
    assert second.prefix(key, 3) is None
    assert second.count() == 2


def test_the_first_writer_wins_for_everybody(tmp_path: Path) -> None:
    key = content_key({"a": 1})
    one, two = SampleStore(tmp_path / "s.sqlite"), SampleStore(tmp_path / "s.sqlite")
    one.put(key, [sample(0, "first", "one")])
    two.put(key, [sample(0, "second", "two"), sample(1, "more", "two")])
    assert two.get([key])[key][0].text == "first"
    one.refresh([key])
    assert one.get([key])[key][1].payer == "two"


@given(
    left=st.dictionaries(st.text(), st.integers() | st.text(), max_size=4),
    right=st.dictionaries(st.text(), st.integers() | st.text(), max_size=4),
)
def test_keys_are_equal_when_contents_are(left: dict[str, object], right: dict[str, object]) -> None:
    assert (content_key(left) == content_key(right)) == (left == right)
    assert content_key(left) == content_key(dict(reversed(left.items())))


def test_text_of_any_kind_is_kept(tmp_path: Path) -> None:
    key = content_key({})
    store = SampleStore(tmp_path / "s.sqlite")
    text = "naïve \x00 \U0001f600 'quoted' \n"
    store.put(key, [sample(0, text)])
    assert SampleStore(tmp_path / "s.sqlite").get([key])[key][0].text == text
    store.put(key, [sample(1, "half a pair: \ud83d")])  # a server may send this; UTF-8 cannot hold it
    assert SampleStore(tmp_path / "s.sqlite").get([key])[key][1].text == "half a pair: ?"


def test_other_files_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE t (x)")
    with pytest.raises(InvalidInputError, match="not a sample store"):
        SampleStore(other)
    text = tmp_path / "text.txt"
    text.write_text("no database at all, and long enough to be a header of one" * 20)
    with pytest.raises(InvalidInputError, match="not a sample store"):
        SampleStore(text)
    with pytest.raises(InvalidInputError, match="folder must exist"):
        SampleStore(tmp_path / "missing" / "s.sqlite")


def test_it_pickles_without_its_connection(tmp_path: Path) -> None:
    key = content_key({})
    store = SampleStore(tmp_path / "s.sqlite")
    store.put(key, [sample(0)])
    assert pickle.loads(pickle.dumps(store)).get([key])[key] == {0: sample(0)}


_WRITER = """
import sys
from agenttts_env.store import Sample, SampleStore, content_key
store = SampleStore(sys.argv[1])
for number in range(200):
    store.put(content_key({"k": number % 7}), [Sample(number, "t", 1, 1, "stop", 0.0, sys.argv[2])])
"""


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sqlite")
    workers = [subprocess.Popen([sys.executable, "-c", _WRITER, path, str(worker)]) for worker in range(4)]
    assert [worker.wait() for worker in workers] == [0] * 4
    store = SampleStore(path)
    assert store.count() == 200
    assert sum(map(len, store.get(content_key({"k": k}) for k in range(7)).values())) == 200


_KILLED = """
import sys
from agenttts_env.store import Sample, SampleStore, content_key
store = SampleStore(sys.argv[1])
for number in range(10**9):
    store.put(content_key({}), [Sample(number, "t", 1, 1, "stop", 0.0, "p")])
    print(number, flush=True)
"""


def test_a_kill_loses_nothing_that_was_put(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [int(process.stdout.readline()) for _ in range(50)]
    time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    seen += [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    stored = SampleStore(path).get([content_key({})])[content_key({})]
    assert set(seen) <= set(stored)
    assert sorted(stored) == list(range(len(stored)))

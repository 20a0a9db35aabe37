from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.sandbox import Limits
from agenttts_env.sandbox.program import Program


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a/",
        "./a",
        "a\0b",
        "\ud800",
        "n" * 256,
        "d/" * 600 + "x",
    ],
)
def test_a_hostile_name_is_refused(name: str) -> None:
    fault = Program({"main.py": "", name: ""}, "main.py").fault(Limits())
    assert fault is not None
    assert fault.startswith("the file name ")
    assert fault.isascii()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (Program({"a": "", "a/b": ""}, "a/b"), "a file and a folder"),
        (Program({"a.py": ""}, "main.py"), "'main.py', is not among"),
        (Program({}, "main.py"), "not among"),
        (Program({"main.py": "\ud800"}, "main.py"), "not valid Unicode"),
        (Program({"main.py": ""}, "main.py", stdin="\udfff"), "standard input"),
        (Program({"main.py": ""}, "main.py", arguments=("a\0",)), "an argument"),
        (Program({"main.py": ""}, "main.py", arguments=("a" * 70_000,)), "the arguments take"),
        (Program({"main.py": "x" * 5000}, "main.py"), "has 5000 bytes; 4096 are allowed"),
        (Program({f"{n}.py": "x" for n in range(5)}, "0.py"), "the files take 20480 bytes"),
        (Program({"a/b/c/d/e/f/g/h/main.py": ""}, "a/b/c/d/e/f/g/h/main.py"), "9 files and folders; 8 are allowed"),
    ],
)
def test_the_rule_that_is_broken_is_named(program: Program, words: str) -> None:
    assert words in (program.fault(Limits(file_bytes=4096, folder_bytes=16384, files=8)) or "")


@pytest.mark.parametrize("name", ["main.py", "a/b/c.py", "-c", "é ü.py", "...", "a\nb", "~", "\\..\\x"])
def test_a_harmless_name_is_accepted(name: str) -> None:
    assert Program({name: "pass"}, name, "in", ("a", "-b")).fault(Limits()) is None


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_any_text_is_judged(files: dict[str, str], entry: str) -> None:
    fault = Program(files, entry).fault(Limits())
    if fault is None:
        assert entry in files
        assert all(".." not in name.split("/") and not name.startswith("/") for name in files)

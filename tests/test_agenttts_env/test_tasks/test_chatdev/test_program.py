from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.chatdev.program import LONGEST, Program, bare_code, canonical, is_complete, parse_python


def program(text: str) -> Program:
    return (("main.py", text),)


HOSTILE = {
    "signs": "-" * 200_000 + "1",
    "brackets": "(" * 5000,
    "sum": "+".join("1" * 40_000),
    "attributes": "a" + ".b" * 40_000,
    "calls": "f" + "()" * 40_000,
    "branches": "if a:\n pass\n" + "elif a:\n pass\n" * 5000,
    "number": "9" * 50_000,
    "null": "a = 1\0",
    "surrogate": "a = '\ud800'",
    "long": "a = 1\n" * LONGEST,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_python_is_not_read(text: str) -> None:
    assert parse_python(text) is None
    assert canonical(program(text)) == program(text.strip())
    assert bare_code(program(text)) == text.strip()
    assert not is_complete(program(text))


def test_doubtful_escapes_warn_nobody() -> None:
    assert parse_python("'\\d'; 1 is 1") is not None


@given(st.text(max_size=80))
def test_every_text_can_be_looked_at(text: str) -> None:
    ((name, same),) = canonical(program(text))
    assert name == "main.py"
    assert canonical(program(same)) == program(same)
    assert isinstance(bare_code(program(text)), str)
    assert is_complete(program(text)) in (False, True)


def test_layout_and_comments_do_not_make_another_program() -> None:
    assert canonical(program("x=1 # one\nprint( x )\n")) == canonical(program("x = 1\n\n\nprint(x)"))
    assert canonical(program("print(1)")) != canonical(program("print(2)"))
    assert canonical(program(" x ==\n")) == canonical(program("x =="))


def test_bare_code_has_neither_comments_nor_docstrings() -> None:
    text = (
        '"""Doc."""\n# note\ndef f():\n    """Doc."""\n\nclass A:\n    "doc"\n    x = "kept"  # note\nprint("# kept")\n'
    )
    bare = bare_code(program(text))
    assert [node for node in ast.walk(ast.parse(bare)) if isinstance(node, ast.Pass)]
    assert "oc" not in bare
    assert "note" not in bare
    assert bare.count("kept") == 2
    assert bare_code(program('"""Only a docstring."""\n# and a comment\n')) == ""
    assert bare_code((("a.py", "x = 1"), ("main.py", "import a"))) == "x = 1\n\nimport a"


COMPLETE = {
    "plain": "print(1)",
    "pass after work": "for n in [1]:\n    print(n)\n    pass",
    "handler": "try:\n    print(1)\nexcept ValueError:\n    pass",
    "exception class": "class Bad(Exception):\n    pass\nclass Worse(Bad): ...\nprint(1)",
    "abstract method": "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\nprint(1)",
    "words in texts": "print('TODO: ... pass NotImplementedError')",
    "a to-do list": "# todo list of the user, kept in memory\ntodo = ['pass']\nprint(todo)",
    "ellipsis as a value": "x = ...\nprint([][...:] if x else 1)",
    "definitions only": "def f():\n    return 1",
}

INCOMPLETE = {
    "empty": "",
    "comment": "# print(1)",
    "docstring": '"""Prints."""',
    "pass": "pass",
    "not Python": "print(1",
    "function": "def f():\n    pass\nprint(1)",
    "documented function": 'def f():\n    """Does it."""\nprint(1)',
    "dots": "def f(): ...\nprint(1)",
    "dots among statements": "def f():\n    x = 1\n    ...\n    return x\nprint(1)",
    "dots at the top": "print(1)\n...",
    "async": "async def f():\n    pass\nprint(1)",
    "method": "class A:\n    def f(self):\n        pass\nprint(1)",
    "class": "class A:\n    pass\nprint(1)",
    "not implemented": "def f():\n    raise NotImplementedError\nprint(1)",
    "not implemented, in words": "def f(x):\n    if x:\n        raise NotImplementedError('later')\nprint(1)",
    "TODO": "print(1)  # TODO",
    "todo with a colon": "# todo: the rest\nprint(1)",
    "FIXME": "# FIXME this is wrong\nprint(1)",
    "code goes here": "def f():\n    # Your code here\n    return None\nprint(1)",
    "nested": "def f():\n    def g():\n        pass\n    return g\nprint(1)",
}


@pytest.mark.parametrize("text", COMPLETE.values(), ids=COMPLETE)
def test_complete_programs(text: str) -> None:
    assert is_complete(program(text))


@pytest.mark.parametrize("text", INCOMPLETE.values(), ids=INCOMPLETE)
def test_incomplete_programs(text: str) -> None:
    assert not is_complete(program(text))


def test_every_file_counts() -> None:
    assert is_complete((("a.py", "x = 1"), ("main.py", "import a\nprint(a.x)")))
    assert not is_complete((("a.py", "def f(): pass"), ("main.py", "import a\nprint(a.x)")))

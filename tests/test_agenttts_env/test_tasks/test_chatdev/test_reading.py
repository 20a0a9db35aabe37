from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.chatdev.program import LONGEST
from agenttts_env.tasks.chatdev.reading import fenced, read_program, says_no_change

CODE = "import sys\n\nprint(sys.stdin.read())\n"


def main(text: str) -> tuple[tuple[str, str], ...]:
    return (("main.py", text),)


ONE_FILE = {
    "tag": f"Here it is:\n\n```python\n{CODE}```\nEnjoy!",
    "no tag": f"```\n{CODE}```",
    "other tags": f"```Py3\n{CODE}```",
    "braces": f"```{{.python .numberLines}}\n{CODE}```",
    "name in the tag": f"```python main.py\n{CODE}```",
    "name as the tag": f"```main.py\n{CODE}```",
    "name behind a colon": f"```python:src/main.py\n{CODE}```",
    "title": f'```python title="main.py"\n{CODE}```',
    "name before": f"**main.py**\n\n```python\n{CODE}```",
    "labelled name before": f"### File: `main.py`:\n```python\n{CODE}```",
    "another name becomes main": f"solution.py\n```python\n{CODE}```",
    "tildes": f"~~~python\n{CODE}~~~",
    "backticks in tildes": f"~~~~\n{CODE}~~~~\n",
    "unclosed": f"Sure.\n```python\n{CODE}",
    "indented": "1. First\n   ```python\n   import sys\n\n   print(sys.stdin.read())\n   ```",
    "carriage returns": f"```python\n{CODE}```".replace("\n", "\r\n"),
    "inside Markdown": f"````markdown\n# Title\n```python\n{CODE}```\n````",
    "run line": f"```python\n{CODE}```\nRun python main.py:\n```bash\npython main.py\n```\n```text\nhello\n```",
    "output": f"```python\n{CODE}```\nOutput:\n```\noutput that is longer than the code above it\n```",
    "quoted lines": f"Fault:\n```python\nprint(1\n```\nRepaired:\n```python\n{CODE}```\nUse:\n```python\nrun()\n```",
    "last of equals": f"Before:\n```python\n{CODE.replace('read', 'raed')}```\nAfter:\n```python\n{CODE}```",
    "last of a name": f"main.py\n```python\nx = 1\n```\nmain.py\n```python\n{CODE}```",
    "empty block": f"```python\n\n```\n```python\n{CODE}```",
    "no fence": CODE,
    "no fence, words before": f"Here is the program.\n\n{CODE}",
    "code in a line": f"It uses ```sys``` and\n```python\n{CODE}```",
}


@pytest.mark.parametrize("reply", ONE_FILE.values(), ids=ONE_FILE)
def test_a_program_of_one_file(reply: str) -> None:
    ((name, text),) = read_program(reply) or (("", ""),)
    assert name == "main.py"
    assert text.strip() == CODE.strip()


def test_a_comment_may_name_the_file() -> None:
    reply = "```python\n# file: tools.py\nx = 1\n```\n```python\n# main.py\nimport tools\n```"
    assert read_program(reply) == (("main.py", "# main.py\nimport tools\n"), ("tools.py", "# file: tools.py\nx = 1\n"))


def test_several_files() -> None:
    named = "tools.py\n```python\nx = 1\n```\n"
    assert read_program(f"{named}```python\nimport tools\n```") == (
        ("main.py", "import tools\n"),
        ("tools.py", "x = 1\n"),
    )
    guarded = "app.py\n```python\nif __name__ == '__main__':\n    print(1)\n```\n" + named
    assert [name for name, _ in read_program(guarded) or ()] == ["main.py", "tools.py"]


@pytest.mark.parametrize(
    "reply",
    [
        "", "No.", "word", "nothing\nSentences: 3, 7\nAnswer: none", "Sure (as you like)", "```", "```python\n\n```",
        "```bash\nls\n```", "```json\n{}\n```", "print 1", "import sys and go", "x" * 200_000,
        f"```python\n{'x = 1' * LONGEST}\n```", "```md\n" * 3000, "\ud800", "def f(:",
    ],
)  # fmt: skip
def test_replies_without_a_program(reply: str) -> None:
    assert read_program(reply) is None


def test_lone_surrogates_are_replaced() -> None:
    assert read_program("```python\nx = '\ud800'\n```") == main("x = '?'\n")


FRAGMENTS = (
    "```", "````", "~~~", "```python", "```bash", "```md", "`", "main.py", "# a.py", "x = 1", "No change.", "def f():",
    " ", "\r\n", "\t", "print(1)", "\ud800", "\0", "import sys",
)  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=30), st.sampled_from(("\n", "\r", "")))
def test_any_reply_is_a_program_or_none(fragments: list[str], between: str) -> None:
    reply = between.join(fragments)
    program = read_program(reply)
    assert isinstance(says_no_change(reply), bool)
    if program is not None:
        files = dict(program)
        assert list(files) == sorted(files)
        assert files["main.py"].strip()
        assert all(name.endswith(".py") and "/" not in name for name in files)
        for text in files.values():
            text.encode()
        hash(program)


CODES = st.lists(st.sampled_from((*FRAGMENTS[:10], '"""', "y = 2")), min_size=1, max_size=9).map("\n".join)


@given(CODES.filter(str.strip), CODES.filter(str.strip))
def test_what_a_prompt_shows_reads_back(code: str, other: str) -> None:
    for program in (main(code), (("main.py", code), ("tools.py", other))):
        again = read_program(fenced(program))
        assert again is not None
        assert [(name, text.strip()) for name, text in again] == [(name, text.strip()) for name, text in program]


@pytest.mark.parametrize(
    "reply", ["No change.", "Fine.\n\n**No changes needed.**", "> no change", "No changes are required"]
)
def test_no_change(reply: str) -> None:
    assert says_no_change(reply)


@pytest.mark.parametrize("reply", ["", "There is no change.", "No change. But x", "changes", "no", "No changes in x"])
def test_not_no_change(reply: str) -> None:
    assert not says_no_change(reply)

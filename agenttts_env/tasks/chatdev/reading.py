"""Finding the program in a reply. Total: any text is answered, with a program or with None.

Programs stand in fenced blocks (three or more backticks or tildes; a block that is not closed ends with the reply).
A block's file name is taken from the line of the fence, the line before it, or a comment in its first line. Blocks in
another language than Python are passed over.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agenttts_env.tasks.chatdev.program import ENTRY, LONGEST, Program, does_something, parse_python

_FENCE = re.compile(r"[ \t]{0,40}(`{3,}|~{3,})(.*)")
_FILE = r"(?:[\w.-]+/){0,9}([A-Za-z_][\w-]{0,60}\.py)"
_IN_INFO = re.compile(rf"(?:^|[\s:=\"'(]){_FILE}(?:$|[\s\"')}}])")
_BEFORE = re.compile(rf"[\s#*`\"'_(]{{0,20}}(?:file(?:name)?\W{{0,8}})?{_FILE}[\s*`\"':_)]{{0,20}}$", re.IGNORECASE)
_FIRST_LINE = re.compile(rf"#\s*(?:file(?:name)?\s*:?\s*)?{_FILE}\s*$", re.IGNORECASE)
_NO_CHANGE = re.compile(
    r"^[\s>#*_`-]{0,20}no changes?(?: (?:is|are))?(?: (?:needed|required|necessary))?[\s.!*_`]*$", re.I
)
_START = re.compile(r"^(?:import \w|from [\w.]+ import |def \w+\s*\(|class \w+\s*[:(]|#!)", re.MULTILINE)
_PYTHON = ("python", "python3", "py", "py3")


@dataclass(frozen=True)
class _Block:
    language: str
    name: str
    text: str


def read_program(reply: str) -> Program | None:
    """The program that a reply states.

    Of several blocks with the same file name the last one counts. Of several without a name, those marked as Python
    come first, and of these the last one that is at least half as long as the longest: a review may quote a few lines
    before or behind the whole. If no file is named ``main.py``, the block without a name is; else the named file with
    an entry guard, or the last one. Without any fence, the reply is the program if it is Python, as a whole or
    from its first import or definition on.

    Returns:
        Its files; None if there is no program, or one of its files is longer than 100,000 characters.
    """
    lines = _utf8(reply).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks = [block for block in _blocks(lines) if block.text.strip()]
    if not blocks:
        return _program({ENTRY: _unfenced("\n".join(lines))})
    files = {block.name: block.text for block in blocks if block.name}
    unnamed = [block for block in blocks if not block.name and block.language in _PYTHON]
    unnamed = unnamed or [block for block in blocks if not block.name and not block.language]
    if ENTRY not in files and unnamed:
        longest = max(len(block.text) for block in unnamed)
        files[ENTRY] = [block.text for block in unnamed if 2 * len(block.text) >= longest][-1]
    if ENTRY not in files and files:
        guarded = [name for name, text in files.items() if "__main__" in text]
        files[ENTRY] = files.pop((guarded or list(files))[-1])
    return _program(files)


def says_no_change(reply: str) -> bool:
    """Whether a line of the reply says ``No change.`` and nothing else."""
    return any(_NO_CHANGE.match(line) for line in _utf8(reply).splitlines())


def fenced(program: Program) -> str:
    """The program as Markdown, behind fences that none of its lines can close."""
    text = "\n".join(source for _, source in program)
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return "\n\n".join(f"{name}\n{fence}python\n{source.strip()}\n{fence}" for name, source in program)


def _program(files: dict[str, str]) -> Program | None:
    good = bool(files.get(ENTRY, "").strip()) and all(len(text) <= LONGEST for text in files.values())
    return tuple(sorted(files.items())) if good else None


def _blocks(lines: Sequence[str], *, nested: bool = False) -> Iterator[_Block]:
    number, before = 0, ""
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if opening is None or "`" in opening[2]:  # a backtick behind them: code within a line, not a fence
            before = lines[number - 1].strip() or before
            continue
        end = number
        while end < len(lines) and not _closes(lines[end], opening[1]):
            end += 1
        content = lines[number:end]
        in_info = _IN_INFO.search(opening[2][:200])
        language = "" if in_info else (re.findall(r"\w+", opening[2]) or [""])[0].lower()
        if language in {"markdown", "md"} and not nested:
            yield from _blocks(content, nested=True)
        else:
            text = textwrap.dedent("\n".join(content)) + "\n"
            named = in_info or (_beside(before, text) if language in {"", *_PYTHON} else None)
            yield _Block(language, named[1] if named else "", text)
        number, before = end + 1, ""


def _closes(line: str, fence: str) -> bool:
    closing = _FENCE.match(line)
    return closing is not None and closing[1].startswith(fence) and not closing[2].strip()


def _beside(before: str, text: str) -> re.Match[str] | None:
    return _BEFORE.match(before[:200]) or _FIRST_LINE.match(text.lstrip().partition("\n")[0][:200])


def _unfenced(reply: str) -> str:
    start = _START.search(reply)
    for text in (reply, reply[start.start() :] if start else ""):
        tree = parse_python(text)
        if tree is not None and does_something(tree) and (start or "print(" in text):
            return text.strip() + "\n"
    return ""


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

"""Reading what a model replied. Every function is total and takes time linear in the text, whatever the text is.

A reply states its result on a line of its own, ``Label: value``; the last line with the label counts, so that a reply
may think aloud before it and ramble after it. Markdown around the label or the value and the label's case are ignored.
"""

from __future__ import annotations

import re

# One item of a list of numbers with what separates it from the item before: "3", "[3]", ", 7", " and [7]", "3-5".
_ITEM = re.compile(
    r"[\s,;&*_`#\[\]()]{0,40}(?:and[\s*_`#\[(]{0,20})?([0-9]+)"
    r"(?:[\])]{0,4}[ \t]{0,4}[-–—][ \t]{0,4}[\[(]{0,4}([0-9]+))?",
    re.IGNORECASE,
)


def last_numbers(text: str, noun: str, count: int) -> tuple[int, ...] | None:
    """The numbers on the last line ``Sentences: 3, 7`` (for the noun ``sentence``; the singular will do).

    Commas, semicolons, spaces, brackets, "&" and "and" separate numbers. ``3-5`` means 3, 4 and 5 (nothing, if the
    first number is the larger). The list ends where something else begins, so that a remark behind it adds nothing.
    Numbers outside 1 to ``count`` are dropped.

    Returns:
        0-based positions, ascending, each once; None if there is no such line, or no valid number on it.
    """
    line = _last(f"{noun}s?", text)
    if line is None:
        return None
    chosen: set[int] = set()
    item = _ITEM.match(line)
    while item:
        first = _number(item[1], count)
        last = _number(item[2], count) if item[2] else first
        chosen.update(range(max(first, 1), min(last, count) + 1))
        item = _ITEM.match(line, item.end())
    return tuple(sorted(number - 1 for number in chosen)) or None


def last_answer(text: str) -> str | None:
    """What stands on the last line ``Answer: ...``, on one line and without markdown around it; None if nothing."""
    line = _last("answer", text)
    return None if line is None else one_line(line).strip("*_` ") or None


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, squeezed to one space."""
    return " ".join(text.split())


def _last(label: str, text: str) -> str | None:
    value = None
    line = re.compile(rf"^[ \t>#*_`-]{{0,20}}{label}[ \t*_`]{{0,8}}:(.*)$", re.IGNORECASE | re.MULTILINE)
    for match in line.finditer(text):
        value = match[1]
    return value


def _number(digits: str, count: int) -> int:
    # More digits than `count` can have (and than `int` may be willing to read) lie out of range.
    return int(digits) if len(digits) <= 9 else count + 1

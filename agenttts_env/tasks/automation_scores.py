"""How well predicted calls match the gold ones: the parameter scores of task automation, all in [0, 1].

The official evaluation of TaskBench counts t-F1 and v-F1 over all requests at once (micro average). An example needs a
score of its own here, so each is computed per example and averaged: requests count alike, whatever they take. Names
and values must be equal, white space aside; the order of calls and of arguments does not count, except that
``<node-j>`` refers to call number j of its own list.

Two lists without a single argument match (1); if one of them has none, nothing does (0).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from agenttts_env.metrics import set_scores
from agenttts_env.tasks.toolbox import Argument, Call, Toolbox

_REFERENCE = re.compile(r"<node-([0-9]{1,4})>")

# The kind of a resource by its file extension, as the official evaluation tells it; the first that occurs decides.
_EXTENSIONS = {
    "image": "jpg png jpeg gif bmp tiff svg ico",
    "audio": "mp3 wav wma ogg aac flac aiff au",
    "video": "mp4 avi mov flv wmv mkv webm m4v",
}


def t_f1(predicted: Sequence[Call], gold: Sequence[Call], toolbox: Toolbox) -> float:
    """F1 of the set of (tool, parameter name); of resources, the set of (tool, type of resource)."""
    names = [{(tool, argument.name) for tool, argument in _official(calls, toolbox)} for calls in (predicted, gold)]
    return set_scores(*names).f1


def v_f1(predicted: Sequence[Call], gold: Sequence[Call], toolbox: Toolbox) -> float:
    """F1 of the set of (tool, parameter name, value); of resources, of (tool, type, text or the tool it comes from)."""
    return set_scores(set(_official(predicted, toolbox)), set(_official(gold, toolbox))).f1


def p_f1(predicted: Sequence[Call], gold: Sequence[Call], toolbox: Toolbox) -> float:
    """The AgentTTS paper's F1: (tool, parameter name, value) as a whole, and repeating oneself hurts.

    Every call counts as often as it is made. (The paper's code divides the size of the intersection of the sets by the
    lengths of the lists. That is the same unless the gold repeats itself, where even the gold would not get 1.) Of
    resources, (tool, text or ``<node-j>``) counts.
    """
    said, wanted = (
        Counter(
            (call.tool, "" if toolbox.resources else argument.name, argument.value)
            for call in calls
            for argument in call.arguments
        )
        for calls in (predicted, gold)
    )
    total = said.total() + wanted.total()
    return 2 * (said & wanted).total() / total if total else 1.0


def _official(calls: Sequence[Call], toolbox: Toolbox) -> Iterator[tuple[str, Argument]]:
    """Tools and arguments as the official evaluation compares them."""
    for position, call in enumerate(calls):
        for argument in call.arguments:
            seen = _resource(argument.value, position, calls, toolbox) if toolbox.resources else argument
            if seen is not None:
                yield call.tool, seen


def _resource(value: str, position: int, calls: Sequence[Call], toolbox: Toolbox) -> Argument | None:
    """A resource's type, and its text or the tool that it comes from; None if a call refers to itself."""
    reference = _REFERENCE.search(value)
    if reference and int(reference[1]) == position:
        return None
    if reference and int(reference[1]) < len(calls):
        source = calls[int(reference[1])].tool
        tool = toolbox.find(source)
        return Argument("other" if tool is None else tool.output or "none", source)
    for kind, extensions in _EXTENSIONS.items():
        if any(f".{extension}" in value for extension in extensions.split()):
            return Argument(kind, value)
    return Argument("text", value)

"""Whether a pipeline does the same in another process, where sets and hashes come in another order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

import cloudpickle  # type: ignore[import-untyped]  # Gymnasium needs it, too

from agenttts_env.pipeline import Example, Output, Pipeline
from agenttts_env.testing.rule import broken, short

Asked: TypeAlias = tuple[str, Example, Mapping[str, Output]]
"""A stage, an example and its upstream outputs."""

_CHILD = """
import sys, cloudpickle
from agenttts_env.testing.twin import transcript
sys.stdout.buffer.write(cloudpickle.dumps(transcript(*cloudpickle.load(sys.stdin.buffer))))
"""
_MEND = (
    "What is stored in one process is looked up by the next, so a kill would otherwise cost samples: do not depend on "
    "the order of a set, on `hash`, on the time or on anything that a process keeps; sort sets before you use them."
)


def check_elsewhere(
    pipeline: Pipeline, asked: Sequence[Asked], votes: Sequence[tuple[str, Sequence[Hashable]]]
) -> None:
    """Assert that another process makes the same prompts and votes."""
    module = sys.modules[type(pipeline).__module__]
    by_value = not module.__name__.startswith("agenttts_env.") and module.__name__ != "__main__"
    try:
        if by_value:
            cloudpickle.register_pickle_by_value(module)  # it may be a file that no other process can import
        sent = cloudpickle.dumps((pipeline, asked, votes))
    except Exception as error:
        broken("pipeline", "it and its examples and outputs must be picklable", f"{error!r:.300}", "Hold plain values.")
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", _CHILD], input=sent, capture_output=True, env=environment, check=False)
    if done.returncode:
        found = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        broken(
            "pipeline", "it must work in another process", f"there it raised {found:.300}", "Keep no open resources."
        )
    here, there = transcript(pipeline, asked, votes), cloudpickle.loads(done.stdout)
    for number, (stage, example, _) in enumerate(asked):
        if here[number] != there[number]:
            where = f"stage {stage!r}, example {short(getattr(example, 'id', example), 60)}"
            broken(where, "`prompt` must be the same in every process", "another process made another one", _MEND)
    for number, (stage, outputs) in enumerate(votes, len(asked)):
        if here[number] != there[number]:
            where = f"stage {stage!r}, vote over {short(list(outputs))}"
            broken(where, "`vote` must be the same in every process", f"{here[number]} became {there[number]}", _MEND)


def transcript(
    pipeline: Pipeline, asked: Sequence[Asked], votes: Sequence[tuple[str, Sequence[Hashable]]]
) -> list[str]:
    """All prompts and votes as texts that do not depend on the process."""
    return [
        *(canonical(pipeline.prompt(stage, example, upstream)) for stage, example, upstream in asked),
        *(canonical(pipeline.vote(stage, list(outputs))) for stage, outputs in votes),
    ]


def canonical(value: Any) -> str:
    """A value as text, equal for equal values; the elements of a set in order."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = ", ".join(f"{field.name}={canonical(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({parts})"
    if isinstance(value, Set):
        return f"{{{', '.join(sorted(map(canonical, value)))}}}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(f'{canonical(key)}: {canonical(value[key])}' for key in value))}}}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(canonical, value))})"
    return ascii(value)

"""The registry of tasks: what can be named on the command line and in :func:`gymnasium.make`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from agenttts_env.errors import InvalidInputError
from agenttts_env.pipeline import Example
from agenttts_env.task import Task


class Loader(Protocol):
    """Loads a task's data set."""

    def __call__(self, data: str | Path | None = None, *, size: int = 0, seed: int = 0) -> tuple[Example, ...]:
        """All examples; the same for the same arguments.

        Args:
            data: where from, such as a folder or a Hugging Face name; the task's default if None.
            size: how many are wanted; a data set of fixed size returns what it has, one that is generated no fewer.
            seed: of every random choice.
        """
        ...


@dataclass(frozen=True)
class TaskEntry:
    """A task that can be named.

    Attributes:
        name: on the command line, and the name of the task that ``build`` returns.
        gym_name: in Gymnasium's identifiers, ``AgentTTS/<gym_name>-v0``.
        build: makes the task.
        load: loads its data set.
    """

    name: str
    gym_name: str
    build: Callable[[], Task]
    load: Loader


_ENTRIES: dict[str, TaskEntry] = {}

TASKS: Mapping[str, TaskEntry] = MappingProxyType(_ENTRIES)
"""All registered tasks by name."""


def register_task(entry: TaskEntry) -> None:
    """Add a task.

    Raises:
        InvalidInputError: its name or its Gymnasium name is taken.
    """
    for known in _ENTRIES.values():
        if entry.name == known.name or entry.gym_name == known.gym_name:
            raise InvalidInputError(
                f"a task's names must be new, but {entry.name!r} ({entry.gym_name}) meets {known.name!r} "
                f"({known.gym_name})"
            )
    _ENTRIES[entry.name] = entry


def get_entry(name: str) -> TaskEntry:
    """The task of this name.

    Raises:
        InvalidInputError: there is none.
    """
    if name not in _ENTRIES:
        raise InvalidInputError(f"the tasks are {', '.join(_ENTRIES)}, but got {name!r}")
    return _ENTRIES[name]

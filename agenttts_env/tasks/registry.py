"""The registry of tasks: what can be named on the command line and in :func:`gymnasium.make`."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agenttts_env.errors import InvalidInputError
from agenttts_env.pipeline import Example
from agenttts_env.task import Task


@dataclass(frozen=True)
class TaskEntry:
    """A task that can be named.

    Attributes:
        name: on the command line, and the name of the task that ``builder`` returns.
        gym_name: in Gymnasium's identifiers, ``AgentTTS/<gym_name>-v0``.
        builder: makes the task; its keyword parameters are the task's options.
        loader: loads all examples of the data set, the same for the same arguments. Its parameters are ``data`` (a
            folder or a Hugging Face name; None is the task's default), ``size`` (how many are wanted: a data set of
            fixed size returns what it has, one that is generated no fewer) and ``seed`` (of every random choice); more
            keyword parameters are the data set's options.

    Raises:
        InvalidInputError: a name holds anything but letters, digits, hyphens, underscores and dots.
    """

    name: str
    gym_name: str
    builder: Callable[..., Task]
    loader: Callable[..., tuple[Example, ...]]

    def __post_init__(self) -> None:
        for field in ("name", "gym_name"):
            if not re.fullmatch(r"[\w.-]+", getattr(self, field)):  # ':' ends a module, '/' a namespace or a folder
                raise InvalidInputError(
                    f"`{field}` must be letters, digits, hyphens, underscores and dots, but is {getattr(self, field)!r}"
                )

    def build(self, **options: Any) -> Task:
        """The task.

        Raises:
            InvalidInputError: it has no such option, or an option breaks a rule.
        """
        self._check("task_option", self.builder, options, fixed=())
        return self.builder(**options)

    def load(
        self, data: str | Path | None = None, *, size: int = 0, seed: int = 0, **options: Any
    ) -> tuple[Example, ...]:
        """Its examples; see ``loader`` above.

        Raises:
            InvalidInputError: the data set has no such option, an option breaks a rule, or a record does.
        """
        self._check("data_option", self.loader, options, fixed=("data", "size", "seed"))
        return self.loader(data, size=size, seed=seed, **options)

    def _check(self, what: str, function: Callable[..., Any], options: Mapping[str, Any], fixed: Sequence[str]) -> None:
        known = {name: p.default for name, p in inspect.signature(function).parameters.items() if name not in fixed}
        for name, value in options.items():
            if name not in known:
                raise InvalidInputError(
                    f"task {self.name!r} has as {what} {', '.join(known) or 'nothing'}, but got {name!r}"
                )
            if not isinstance(value, type(known[name])):
                raise InvalidInputError(
                    f"{what} {name!r} must be of the type of its default, {known[name]!r}, but got {value!r}"
                )


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

    Args:
        name: of a registered task; or ``MODULE:NAME``, which first imports a module that registers it, as in
            :func:`gymnasium.make`.

    Raises:
        InvalidInputError: there is no such task or module.
    """
    module, _, registered = name.rpartition(":")
    if module:
        _import(module)
    if registered not in _ENTRIES:
        raise InvalidInputError(f"the tasks are {', '.join(_ENTRIES)}, but got {name!r}")
    return _ENTRIES[registered]


def _import(module: str) -> None:
    try:
        if not module.startswith("."):  # a path, not a name
            importlib.import_module(module)
            return
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there, and lacks another
    raise InvalidInputError(
        f"the module of a task must be installed, or lie in the current folder or on PYTHONPATH, and is named without "
        f".py, but there is no module {module!r}"
    )

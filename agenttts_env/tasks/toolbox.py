"""Tools that an assistant may call, and calls of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.json_replies import as_line


class Parameter(NamedTuple):
    """What a tool is called with."""

    name: str
    type: str
    description: str = ""


@dataclass(frozen=True)
class Tool:
    """A tool.

    Attributes:
        name: unique in its toolbox.
        description: what it does.
        parameters: what it is called with; those of a resource tool are named by their type (image, text, ...).
        output: the type of what a resource tool gives; empty for any other tool.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    output: str = ""

    def __str__(self) -> str:
        signature = f"{self.name}({', '.join(parameter.name for parameter in self.parameters)})"
        return f"{signature}{f' -> {self.output}' if self.output else ''}: {self.description}"


class Argument(NamedTuple):
    """The value of a parameter; the name is empty where an argument came without one."""

    name: str
    value: str


class Call(NamedTuple):
    """A tool and what it is called with."""

    tool: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Toolbox:
    """The tools that all requests of a domain share.

    Attributes:
        tools: in the order in which a prompt lists them; not empty.
        resources: whether the tools pass resources on: then an argument is a text, or ``<node-j>`` for what call
            number j gives (from 0), and its name says nothing.

    Raises:
        InvalidInputError: there are no tools, or two names differ in nothing but case, spaces and punctuation.
    """

    tools: tuple[Tool, ...]
    resources: bool = False

    def __post_init__(self) -> None:
        names = [tool.name for tool in self.tools]
        if not names or len(set(map(_folded, names))) < len(names):
            raise InvalidInputError(f"a toolbox must hold tools of different names, but holds {names!r:.300}")

    @cached_property
    def text(self) -> str:
        """One line a tool."""
        return "\n".join(f"- {tool}" for tool in self.tools)

    def find(self, name: str) -> Tool | None:
        """The tool of this name, however it is spelt; None if there is none."""
        return self._by_name.get(_folded(name))

    def spelling(self, name: str) -> str:
        """The name as the toolbox spells it; unchanged if the toolbox lacks the tool."""
        tool = self.find(name)
        return name if tool is None else tool.name

    @cached_property
    def _by_name(self) -> dict[str, Tool]:
        return {_folded(tool.name): tool for tool in self.tools}


def read_arguments(value: object) -> tuple[Argument, ...]:
    """Arguments from JSON, in any of the shapes in which annotators and models write them.

    A list holds objects with ``name`` and ``value``, objects from names to values, or bare values; an object or a value
    may stand alone. Arguments whose value is null are left out.
    """
    items = value if isinstance(value, list) else [value]
    found: list[tuple[object, object]] = []
    for item in items:
        if not isinstance(item, Mapping):
            found.append(("", item))
        elif "value" in item:
            found.append((item.get("name", ""), item["value"]))
        else:
            found.extend(item.items())
    lines = [(as_line(name) or "", as_line(value)) for name, value in found]
    return tuple(Argument(name, value) for name, value in lines if value is not None)


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())

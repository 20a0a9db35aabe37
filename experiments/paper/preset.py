"""What a preset is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from agenttts_env.experiments.paper.options import PaperOptions
from agenttts_env.experiments.paper.page import Page


@dataclass(frozen=True)
class Context:
    """What a preset is given.

    Attributes:
        options: of the command.
        folder: of this preset, which exists: plots and searches go there.
        progress: where progress shows.
    """

    options: PaperOptions
    folder: Path
    progress: Console


@dataclass(frozen=True)
class Preset:
    """An experiment of the paper.

    Attributes:
        name: on the command line, and of its page.
        what: of the paper it repeats, in one line.
        minutes: about how long it takes on two cores, in words.
        run: makes its plots in the context's folder, and its page.
        needs_llm: whether it is refused without one.
    """

    name: str
    what: str
    minutes: str
    run: Callable[[Context], Page]
    needs_llm: bool = False


def package_version() -> str:
    """The version that made a page."""
    return f"agenttts-env {version('agenttts-env')}"

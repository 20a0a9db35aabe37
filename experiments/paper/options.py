"""The options of ``agenttts paper``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.llm_spec import check_llm
from agenttts_env.experiments.options import SearchOptions

LLM = ("llm", "llm_temperature", "llm_max_tokens", "llm_option", "base_url")
"""The options about the searchers' LLM, which presets hand on as they are."""

OUT = "runs/paper"


def _like(options: type[Any], name: str, default: Any, text: str) -> Any:
    known = next(option for option in fields(options) if option.name == name)
    metadata = {**known.metadata, "help": text}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class PaperOptions:
    """Every option of a preset.

    Raises:
        InvalidInputError: a value breaks its rule.
    """

    seeds: int = _like(CompareOptions, "seeds", 20, "runs of every searcher on every problem, for intervals")
    trials: int = _like(CompareOptions, "trials", 50, "how many allocations a run tries; the paper has 50")
    llm: str | None = _like(SearchOptions, "llm", None, "an LLM: adds the searchers that need one, and the preset fig5")
    llm_temperature: float = _like(SearchOptions, "llm_temperature", 1.0, "sampling temperature of the LLM")
    llm_max_tokens: int = _like(SearchOptions, "llm_max_tokens", 2048, "a reply of the LLM is cut after so many tokens")
    llm_option: Mapping[str, Any] = _like(SearchOptions, "llm_option", {}, "an option of the LLM's engine; repeatable")
    jobs: int | None = _like(
        CompareOptions, "jobs", None, "how many processes run cells [the cores that this process may use]"
    )
    base_url: tuple[str, ...] = _like(SearchOptions, "base_url", (), "a server's address, for the engine openai")
    out: str = _like(CompareOptions, "out", OUT, "folder of the presets' folders; the same command again goes on there")
    markdown: str | None = _like(
        SearchOptions, "out", None, "also copy every page and its PNGs into this folder, as DIR/NAME.md"
    )

    def __post_init__(self) -> None:
        for name, least in (("seeds", 2), ("trials", 1), ("jobs", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidInputError(f"`{name}` must be >= {least}, but got {value!r}")
        check_llm(self)

    @property
    def folder(self) -> Path:
        """The folder of the presets' folders."""
        return Path(self.out)

    @property
    def llm_values(self) -> dict[str, Any]:
        """The options about the LLM, by name."""
        return {name: getattr(self, name) for name in LLM}

    def command(self, name: str) -> str:
        """The command that makes a preset's page: where it is kept, and in how many processes, is left out."""
        words = ["agenttts", "paper", name]
        for option in fields(self):
            value, default = getattr(self, option.name), PaperOptions.__dataclass_fields__[option.name].default
            if option.metadata["group"] == "run" or value == default or value == {}:
                continue
            values = [f"{key}={entry}" for key, entry in value.items()] if isinstance(value, Mapping) else [str(value)]
            for text in values:
                words += ["--" + option.name.replace("_", "-"), text]
        return shlex.join(words)

"""Where recorded outcomes come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True)
class Provenance:
    """What decided a recording, apart from the task's stages. All of it is JSON-able.

    Attributes:
        engine: its name on the command line.
        identities: for each model what the engine says of itself, such as ``transformers/bfloat16``.
        sample_seed: which pool of samples.
        task_options: of the task.
        data: name of the data set's folder, or its Hugging Face name; None for the task's own.
        data_options: of the data set.
        data_seed: of the splits.
        prompts: SHA-256 of the prompts of all nodes.
        version: of this package.
        date: when the recording was finished, in UTC.
    """

    engine: str
    identities: Mapping[str, str] = field(default_factory=dict)
    sample_seed: int = 0
    task_options: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    data_options: Mapping[str, Any] = field(default_factory=dict)
    data_seed: int = 0
    prompts: str = ""
    version: str = field(default_factory=lambda: version("agenttts-env"))
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d"))

"""The options of a search: one frozen dataclass, from which the command line and the run's identity are made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

from agenttts_env.cost import get_cost
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.llm_spec import check_llm
from agenttts_env.experiments.parsing import Parser

Backend = Literal["live", "replay", "simulated"]
WandbMode = Literal["off", "offline", "online"]
OverBudget = Literal["penalise", "project"]

MOST_LEVELS = 1000


GROUPS = {
    "problem": "what is searched",
    "search": "how it is searched",
    "data": "what it is scored on",
    "inference": "what runs the models",
    "run": "where it is kept (none of these changes a result)",
}


def _option(default: Any, group: str, parse: Parser, metavar: str, text: str) -> Any:
    metadata = {"group": group, "parse": parse, "metavar": metavar, "help": text}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class SearchOptions:
    """Every option of a search; ``metadata["help"]`` of a field is its documentation.

    Mappings from stages have the stage's name as key, or ``"*"`` for every stage that is not named.

    Raises:
        InvalidInputError: a value breaks its rule. Names of tasks, stages, models, engines and searchers are checked
            when they are looked up.
    """

    task: str = _option("", "problem", parsing.text, "NAME", "the task: see `agenttts tasks`; or MODULE:NAME, your own")
    models: Mapping[str, tuple[str, ...]] = _option(
        {},
        "problem",
        parsing.stage_lists,
        "[STAGE=]MODEL,…",
        "candidate models of one stage, or of all stages; repeatable; the task's own by default",
    )
    cost: str = _option(
        "paper", "problem", parsing.text, "NAME", "what an allocation costs: paper (normalised FLOPs), flops or usd"
    )
    budget: float | None = _option(
        None, "problem", parsing.number, "X", "the most that it may cost per example; the task's own by default"
    )
    max_samples: int = _option(100, "problem", parsing.integer, "N", "the most samples that a stage may draw")
    temperature: Mapping[str, float] = _option(
        {}, "problem", parsing.stage_numbers, "[STAGE=]T", "sampling temperature of one stage, or of all; repeatable"
    )
    fusion: Mapping[str, str] = _option(
        {},
        "problem",
        parsing.stage_texts,
        "[STAGE=]HOW",
        "how one stage, or all, fuse samples into one output: vote or llm; repeatable",
    )
    task_option: Mapping[str, Any] = _option(
        {}, "problem", parsing.json_values, "KEY=VALUE", "an option of the task, such as variant=reason; repeatable"
    )
    searcher: str = _option(
        "random",
        "search",
        parsing.text,
        "NAME",
        "who proposes allocations: random, grid, evolution, tpe, gp, cmaes, or with an LLM (see --llm) agenthpo, "
        "mlcopilot, zero-shot, llambo, centaur; any of them after the first trials of Insight 1 (random+init and so "
        "on); those trials alone: init-only; insight-rules; or, with an LLM, agenttts",
    )
    llm: str | None = _option(
        None, "search", parsing.text, "ENGINE:MODEL", "the searcher's own LLM, for one that is driven by an LLM"
    )
    llm_temperature: float = _option(1.0, "search", parsing.number, "T", "sampling temperature of the searcher's LLM")
    llm_max_tokens: int = _option(
        2048, "search", parsing.integer, "N", "a reply of the searcher's LLM is cut after so many tokens"
    )
    trials: int = _option(50, "search", parsing.integer, "N", "how many allocations are tried")
    infeasible: OverBudget = _option(  # noqa: RUF009
        "penalise",
        "search",
        parsing.text,
        "RULE",
        "an allocation over budget is refused (penalise), or shrunk until it fits (project); a trial either way",
    )
    seed: int = _option(0, "search", parsing.integer, "N", "of the searcher's random choices, its LLM's included")
    searcher_option: Mapping[str, Any] = _option(
        {}, "search", parsing.json_values, "KEY=VALUE", "an option of the searcher (VALUE is JSON or text); repeatable"
    )
    data: str | None = _option(
        None, "data", parsing.text, "SOURCE", "a folder or a Hugging Face name; the task's own by default"
    )
    data_option: Mapping[str, Any] = _option(
        {}, "data", parsing.json_values, "KEY=VALUE", "an option of the data set, such as candidates=30; repeatable"
    )
    examples: int = _option(
        50, "data", parsing.integer, "N", "size of the search split, on which every allocation is scored"
    )
    test_examples: int = _option(
        100,
        "data",
        parsing.integer,
        "N",
        "size of the sealed test split, on which the best allocation is scored once, at the end; 0 for none",
    )
    data_seed: int = _option(0, "data", parsing.integer, "N", "which examples are in which split")
    backend: Backend = _option(  # noqa: RUF009
        "live",
        "inference",
        parsing.text,
        "NAME",
        "where scores come from: live (real inference), replay (a recorded table, see `agenttts record`) or simulated "
        "(no model runs: a landscape fitted to published figures, see `agenttts oracle`)",
    )
    table: str | None = _option(
        None,
        "inference",
        parsing.text,
        "TABLE",
        "the recorded table: a file, or the name of one that this package has; the task's own by default. Options that "
        "are not given are the table's",
    )
    engine: str = _option(
        "transformers",
        "inference",
        parsing.text,
        "NAME",
        "transformers, vllm, openai (any compatible server) or scripted (no model)",
    )
    engine_option: Mapping[str, Any] = _option(
        {}, "inference", parsing.json_values, "KEY=VALUE", "an option of the engine (VALUE is JSON or text); repeatable"
    )
    llm_option: Mapping[str, Any] = _option(
        {},
        "inference",
        parsing.json_values,
        "KEY=VALUE",
        "an option of the engine of the searcher's LLM, which is then an engine of its own; repeatable",
    )
    sample_seed: int = _option(
        0, "inference", parsing.integer, "N", "which pool of samples: another seed draws everything afresh"
    )
    base_url: tuple[str, ...] = _option(
        (), "run", parsing.texts, "URL", "a server's address, for the engine openai; repeatable for replicas"
    )
    out: str | None = _option(
        None,
        "run",
        parsing.text,
        "DIR",
        "folder of the run, by default runs/TASK-SEARCHER-SEED; the same command again goes on there",
    )
    store: str | None = _option(
        None,
        "run",
        parsing.text,
        "FILE",
        "file of the sample store, by default OUT/samples.sqlite; searches that share one share their samples",
    )
    wandb: WandbMode = _option(  # noqa: RUF009
        "off",
        "run",
        parsing.text,
        "MODE",
        "Weights & Biases: off, offline (files below OUT/wandb, no account needed) or online",
    )

    def __post_init__(self) -> None:
        for name in ("task", "engine", "searcher"):
            _require(getattr(self, name) != "", name, "must be given", getattr(self, name))
        get_cost(self.cost)
        for name, least in (("trials", 1), ("examples", 1), ("test_examples", 0)):
            _require(getattr(self, name) >= least, name, f"must be >= {least}", getattr(self, name))
        check_llm(self)
        _require(
            1 <= self.max_samples <= MOST_LEVELS, "max_samples", f"must lie in [1, {MOST_LEVELS}]", self.max_samples
        )
        for name in ("seed", "data_seed", "sample_seed"):
            _require(0 <= getattr(self, name) < 2**32, name, "must lie in [0, 2**32)", getattr(self, name))
        if self.budget is not None:
            _require(math.isfinite(self.budget), "budget", "must be finite", self.budget)
        _require(self.infeasible in get_args(OverBudget), "infeasible", _one_of(OverBudget), self.infeasible)
        _require(self.backend in get_args(Backend), "backend", _one_of(Backend), self.backend)
        _require(self.table is None or self.backend == "replay", "table", "needs the backend replay", self.table)
        _require(self.wandb in get_args(WandbMode), "wandb", _one_of(WandbMode), self.wandb)
        for stage, names in self.models.items():
            _require(bool(names) and all(names), "models", "must name at least one model per stage", (stage, names))
        uses_server = "openai" in (self.engine, self.llm_engine)
        _require(not self.base_url or uses_server, "base_url", "needs the engine openai", self.base_url)

    @property
    def llm_engine(self) -> str | None:
        """The engine of the searcher's LLM."""
        return None if self.llm is None else self.llm.partition(":")[0]

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.out or f"runs/{self.task.replace(':', '-')}-{self.searcher}-{self.seed}")

    @property
    def store_file(self) -> Path:
        """The sample store's file."""
        return Path(self.store or self.folder / "samples.sqlite")

    def settings(self) -> dict[str, Any]:
        """What decides the run's results, as JSON has it: a folder resumes a run of the same settings only."""
        deciding = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["group"] != "run"}
        settings: dict[str, Any] = json.loads(json.dumps({"version": version("agenttts-env"), **deciding}))
        return settings


RECORDED = (
    "task", "models", "max_samples", "temperature", "fusion", "task_option", "data", "data_option", "examples",
    "test_examples", "data_seed", "engine", "engine_option", "sample_seed", "base_url",
)  # fmt: skip
"""The options of a search that a recording has too, with the same meaning."""


@dataclass(frozen=True)
class RecordOptions:
    """Every option of a recording.

    Attributes:
        search: holds the options named in :data:`RECORDED`; its others mean nothing here.

    Raises:
        InvalidInputError: a value breaks its rule.
    """

    search: SearchOptions
    levels: tuple[int, ...] = _option(
        (), "problem", parsing.integers, "N,N,…", "the sample counts on offer; all up to --max-samples by default"
    )
    cap: int = _option(
        100_000, "run", parsing.integer, "N", "a stage is not begun if the recording then needs more samples than that"
    )
    out: str | None = _option(None, "run", parsing.text, "FILE", "the table's file, by default TASK.npz")
    store: str | None = _option(
        None,
        "run",
        parsing.text,
        "FILE",
        "file of the sample store, by default beside the table; live searches that share it share its samples",
    )

    def __post_init__(self) -> None:
        ascending = all(a < b for a, b in zip((0, *self.levels), self.levels, strict=False))
        _require(ascending, "levels", "must be ascending integers >= 1", self.levels)
        most = self.search.max_samples
        _require(max(self.levels, default=1) <= most, "levels", f"must not exceed `max_samples`, {most}", self.levels)
        _require(self.cap >= 1, "cap", "must be >= 1", self.cap)

    @classmethod
    def of(cls, **values: Any) -> RecordOptions:
        """From the values of shared and own options alike."""
        own = {name: value for name, value in values.items() if name not in RECORDED}
        return cls(SearchOptions(**{name: value for name, value in values.items() if name in RECORDED}), **own)

    @property
    def offered(self) -> tuple[int, ...]:
        """The sample counts on offer."""
        return self.levels or tuple(range(1, self.search.max_samples + 1))

    @property
    def file(self) -> Path:
        """The table's file."""
        return Path(self.out or f"{self.search.task.rpartition(':')[2]}.npz")

    @property
    def store_file(self) -> Path:
        """The sample store's file."""
        return Path(self.store or self.file.with_suffix(".sqlite"))


RECORD_FIELDS = (
    *(option for option in fields(SearchOptions) if option.name in RECORDED),
    *(option for option in fields(RecordOptions) if option.metadata),
)
"""What the command line offers for a recording."""


def _one_of(choices: Any) -> str:
    return f"must be one of {', '.join(get_args(choices))}"


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

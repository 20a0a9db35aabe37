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
from agenttts_env.experiments.parsing import Parser

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

    task: str = _option("", "problem", parsing.text, "NAME", "the task: see `agenttts tasks`")
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
        {}, "problem", parsing.json_values, "KEY=VALUE", "an option of the task, such as demonstrations=0; repeatable"
    )
    searcher: str = _option(
        "random",
        "search",
        parsing.text,
        "NAME",
        "who proposes allocations: random, tpe, gp, insight-rules, or agenttts (driven by an LLM, see --llm)",
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
        for name, least in (("trials", 1), ("llm_max_tokens", 1), ("examples", 1), ("test_examples", 0)):
            _require(getattr(self, name) >= least, name, f"must be >= {least}", getattr(self, name))
        _require(0 <= self.llm_temperature <= 2, "llm_temperature", "must lie in [0, 2]", self.llm_temperature)
        _require(
            1 <= self.max_samples <= MOST_LEVELS, "max_samples", f"must lie in [1, {MOST_LEVELS}]", self.max_samples
        )
        for name in ("seed", "data_seed", "sample_seed"):
            _require(0 <= getattr(self, name) < 2**32, name, "must lie in [0, 2**32)", getattr(self, name))
        if self.budget is not None:
            _require(math.isfinite(self.budget), "budget", "must be finite", self.budget)
        _require(self.infeasible in get_args(OverBudget), "infeasible", _one_of(OverBudget), self.infeasible)
        _require(self.wandb in get_args(WandbMode), "wandb", _one_of(WandbMode), self.wandb)
        for stage, names in self.models.items():
            _require(bool(names) and all(names), "models", "must name at least one model per stage", (stage, names))
        if self.llm is not None:
            engine, _, model = self.llm.partition(":")
            _require(bool(engine and model), "llm", "must read ENGINE:MODEL", self.llm)
        _require(not self.llm_option or self.llm is not None, "llm_option", "needs an `llm`", self.llm_option)
        uses_server = "openai" in (self.engine, self.llm_engine)
        _require(not self.base_url or uses_server, "base_url", "needs the engine openai", self.base_url)

    @property
    def llm_engine(self) -> str | None:
        """The engine of the searcher's LLM."""
        return None if self.llm is None else self.llm.partition(":")[0]

    @property
    def llm_model(self) -> str | None:
        """The model of the searcher's LLM, as the user wrote it."""
        return None if self.llm is None else self.llm.partition(":")[2]

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.out or f"runs/{self.task}-{self.searcher}-{self.seed}")

    @property
    def store_file(self) -> Path:
        """The sample store's file."""
        return Path(self.store or self.folder / "samples.sqlite")

    def settings(self) -> dict[str, Any]:
        """What decides the run's results, as JSON has it: a folder resumes a run of the same settings only."""
        deciding = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["group"] != "run"}
        settings: dict[str, Any] = json.loads(json.dumps({"version": version("agenttts-env"), **deciding}))
        return settings


def _one_of(choices: Any) -> str:
    return f"must be one of {', '.join(get_args(choices))}"


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

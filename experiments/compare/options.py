"""The options of ``agenttts compare``: one frozen dataclass, from which the command line and a file of options read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from agenttts_env.cost import get_cost
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.compare.budgets import Budgets, check_budgets, parse_budgets
from agenttts_env.experiments.llm_spec import check_llm
from agenttts_env.experiments.options import SearchOptions, WandbMode
from agenttts_env.experiments.parsing import Parser
from agenttts_env.simulation.landscape import landscape_names

BASELINE = "random"
"""Regret is normalised by this searcher's, so that no comparison goes without it."""

SLOW = ("gp", "gp+init")
"""Not among the default searchers: 50 trials take 2 to 5 s, all runs more than the other searchers' together."""

LLM_SEARCHERS = ("agenttts", "agenthpo", "mlcopilot", "zero-shot", "llambo", "centaur")
"""The default searchers that an LLM adds."""

EXAMPLES = 50
"""Size of a simulated search split, unless another is asked for."""

Backend = Literal["simulated", "replay"]
Launcher = Literal["processes", "ray"]


def default_searchers() -> tuple[str, ...]:
    """Every searcher that needs no LLM, but for the slow ones."""
    from agenttts_env.experiments.searchers import SEARCHERS, needs_llm

    return tuple(name for name in SEARCHERS if not needs_llm(name) and name not in SLOW)


def _stage_numbers(name: str, words: Sequence[str]) -> dict[str, float]:
    return parsing.stage_numbers(name, _names(name, words))


def _names(name: str, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(","))


def _option(default: Any, group: str, parse: Parser, metavar: str, text: str, *, backend: Backend | None = None) -> Any:
    """An option, which may be one of a single backend."""
    metadata = {"group": group, "parse": parse, "metavar": metavar, "help": text, "backend": backend}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def _as_in_search(name: str) -> Any:
    """An option that a search has too, with the same meaning."""
    (option,) = (option for option in fields(SearchOptions) if option.name == name)
    if option.default_factory is not MISSING:
        return field(default_factory=option.default_factory, metadata=option.metadata)
    return field(default=option.default, metadata=option.metadata)


@dataclass(frozen=True)
class CompareOptions:
    """Every option of a comparison; ``metadata["help"]`` of a field is its documentation.

    Raises:
        InvalidInputError: a value breaks its rule. Whether a budget fits a task is checked when the cells are planned.
        MissingExtraError: a searcher's library is not installed.
    """

    tasks: tuple[str, ...] = _option(
        (),
        "problem",
        _names,
        "NAME,…",
        "tasks, see `agenttts tasks` [all that can be simulated; of a replay those of --table, or of all tables that "
        "this package has]",
    )
    budgets: Budgets = _option(  # noqa: RUF009
        "default",
        "problem",
        parse_budgets,
        "WHICH|[TASK=]X,…",
        "default: each task's own; published: all that figures were published for; or numbers, the same for all tasks, "
        "or of one task (repeatable; the others have their own)",
    )
    cost: str = _as_in_search("cost")
    models: Mapping[str, tuple[str, ...]] = _as_in_search("models")
    temperature: Mapping[str, float] = _option(
        dict,
        "problem",
        _stage_numbers,
        "[STAGE=]T,…",
        "sampling temperature of one stage, or of all; .9 by default, at which the simulated tasks were fitted; of a "
        "replay the recorded one",
        backend="simulated",
    )
    backend: Backend = _option(  # noqa: RUF009
        "simulated",
        "problem",
        parsing.text,
        "NAME",
        "where scores come from: simulated (a landscape fitted to published figures), or replay (recorded outcomes "
        "of real models, see `agenttts record`)",
    )
    table: tuple[str, ...] = _option(
        (),
        "problem",
        _names,
        "TABLE,…",
        "the recorded tables of a replay, at most one a task: files, or names of those that this package has [these]",
        backend="replay",
    )
    searchers: tuple[str, ...] = _option(
        (),
        "search",
        _names,
        "NAME,…",
        "searchers, see `agenttts search --help`, also with options, as NAME:OPTION=VALUE[:OPTION=VALUE]…, and "
        "policy:PATH, a trained one; random must be one, as regret is normalised by it [all that need no LLM, bare and "
        "seeded, but gp and gp+init: these two alone take 15 minutes of a core for 20 seeds on 6 tasks; and with --llm "
        f"{', '.join(LLM_SEARCHERS)}]",
    )
    llm: str | None = _option(
        None,
        "search",
        parsing.text,
        "ENGINE:MODEL",
        "the LLM of the searchers that are driven by one, while scores stay simulated, or recorded. With transformers "
        "or vllm their runs take turns in one process, as each process would load the model; with openai they go on in "
        "parallel",
    )
    llm_temperature: float = _as_in_search("llm_temperature")
    llm_max_tokens: int = _as_in_search("llm_max_tokens")
    seeds: int = _option(
        20,
        "search",
        parsing.integer,
        "N",
        "runs of every searcher on every task; all searchers' runs of a seed see the same simulated data "
        "set, or those of the recorded examples that the seed draws",
    )
    trials: int = _option(50, "search", parsing.integer, "N", "how many allocations a run tries")
    examples: int | None = _option(
        None,
        "data",
        parsing.integer,
        "N",
        "size of the search split, which makes scores noisy; of a replay each seed draws so many of the recorded ones, "
        f"and with all of them it is the searcher's only [{EXAMPLES}; of a replay all]",
    )
    llm_option: Mapping[str, Any] = _as_in_search("llm_option")
    base_url: tuple[str, ...] = _as_in_search("base_url")
    jobs: int | None = _option(
        None, "run", parsing.integer, "N", "how many processes run cells [the cores that this process may use]"
    )
    launcher: Launcher = _option(  # noqa: RUF009
        "processes",
        "run",
        parsing.text,
        "WHAT",
        "what runs cells: processes of this machine, or ray; results are the same",
    )
    ray_address: str | None = _option(
        None,
        "run",
        parsing.text,
        "WHERE",
        "a running Ray cluster, HOST:PORT, or auto for the one of this machine; its nodes need this version, and "
        "--jobs bounds how many cells it runs at once [Ray is started on the cores of this machine, and stopped]",
    )
    wandb: WandbMode = _option(  # noqa: RUF009
        "off",
        "run",
        parsing.text,
        "MODE",
        "Weights & Biases: off, offline (files below OUT/wandb, no account needed: 0.1 s and 200 kB for "
        "every run of a searcher) or online (the same, uploaded at the end); also later: `agenttts report --wandb`",
    )
    out: str = _option(
        "runs/compare", "run", parsing.text, "DIR", "folder of the comparison; the same command again goes on there"
    )

    def __post_init__(self) -> None:
        _require(self.backend in get_args(Backend), "backend", _one_of(Backend), self.backend)
        for option in fields(self):
            only, value = option.metadata.get("backend"), getattr(self, option.name)
            _require(not value or only in (None, self.backend), option.name, f"needs the backend {only}", value)
        if not self.searchers:
            more = () if self.llm is None else LLM_SEARCHERS
            object.__setattr__(self, "searchers", default_searchers() + more)
        if self.examples is None and self.backend == "simulated":
            object.__setattr__(self, "examples", EXAMPLES)
        self._resolve_tasks()
        for name in ("tasks", "searchers"):
            values = getattr(self, name)
            _require(len(set(values)) == len(values), name, "must differ", ",".join(values))
        _require(bool(self.tasks), "tasks", "must name at least one", self.tasks)
        _require(
            BASELINE in self.searchers and len(self.searchers) > 1,
            "searchers",
            f"must be {BASELINE}, by which regret is normalised, and at least one more",
            ",".join(self.searchers),
        )
        for name, least in (("seeds", 2), ("trials", 1), ("examples", 1), ("jobs", 1)):
            value = getattr(self, name)
            _require(value is None or value >= least, name, f"must be >= {least}", value)
        get_cost(self.cost)
        check_budgets(self.budgets, tasks=self.tasks, backend=self.backend, cost=self.cost)
        check_llm(self)
        _require(
            not self.base_url or (self.llm is not None and self.llm.startswith("openai:")),
            "base_url",
            "needs an `llm` of the engine openai",
            self.base_url,
        )
        for name, known in (("launcher", Launcher), ("wandb", WandbMode)):
            _require(getattr(self, name) in get_args(known), name, _one_of(known), getattr(self, name))
        _require(
            self.ray_address is None or self.launcher == "ray",
            "ray_address",
            "needs the launcher ray",
            self.ray_address,
        )
        _require(
            self.ray_address is None or self.llm is None,
            "ray_address",
            "must not be given with an `llm`, whose replies are kept in a file of this machine",
            self.ray_address,
        )
        _check_searchers(self.searchers, llm=self.llm is not None)
        _check_libraries(self)

    def _resolve_tasks(self) -> None:
        known, named, hint = landscape_names(), landscape_names(), ""
        if self.backend == "replay":
            from agenttts_env.experiments.compare.replay_source import recorded_tables

            tables = recorded_tables(self.table)
            known = tuple(tables)
            named = tuple(task for task, table in tables.items() if table in self.table)
            hint = ", of which there is a recorded table (name others by `table`)"
        if not self.tasks:
            object.__setattr__(self, "tasks", named or known)
        for value in self.tasks:
            _require(value in known, "tasks", f"must be among {', '.join(known)}{hint}", value)
        if self.backend == "replay":
            for task in named:
                _require(task in self.tasks, "tasks", f"must have {task!r}, of which there is a `table`", self.tasks)

    @property
    def folder(self) -> Path:
        """The comparison's folder."""
        return Path(self.out)

    @property
    def store_file(self) -> Path:
        """The store of the replies of the searchers' LLM."""
        return self.folder / "samples.sqlite"

    @property
    def processes(self) -> int:
        """How many processes run cells."""
        if self.jobs is not None:
            return self.jobs
        affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)  # not on every system
        return len(affinity(0)) if affinity is not None else os.cpu_count() or 1

    def deciding(self) -> dict[str, Any]:
        """The options that decide results on the backend, JSON-able."""
        return {option.name: getattr(self, option.name) for option in deciding_options(self.backend)}


def deciding_options(backend: Backend) -> list[Field[Any]]:
    """The options that decide results on a backend, besides it."""
    return [
        option
        for option in fields(CompareOptions)
        if option.metadata["group"] != "run"
        and option.metadata.get("backend") in (None, backend)
        and option.name != "backend"
    ]


def backend_of(settings: Mapping[str, Any]) -> Backend:
    """The backend that was asked for in a comparison of these settings, which say ``scripted replay`` too."""
    return "simulated" if settings.get("backend") == "simulated" else "replay"


def read_options(path: str | Path) -> dict[str, Any]:
    """Values of options by name, from a TOML file, or a YAML file where PyYAML is installed.

    Its fields are those of :class:`CompareOptions`; several values are a list: ``tasks = ["cwq", "webqsp"]``,
    ``llm_option = ["KEY=VALUE"]``.

    Raises:
        InvalidInputError: the file cannot be read, or a field is unknown or no list, text or number.
        MissingExtraError: it is YAML, and PyYAML is not installed.
    """
    values = _load(Path(path))
    known = {option.name: option for option in fields(CompareOptions)}
    found = {}
    for name, value in values.items():
        if name not in known:
            raise InvalidInputError(f"{path} must have fields among {', '.join(known)}, but has {name!r}")
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in parts):
            raise InvalidInputError(f"{path}: `{name}` must be text, a number or a list of them, but got {value!r}")
        found[name] = known[name].metadata["parse"](name, [str(part) for part in parts])
    return found


def _load(path: Path) -> Mapping[str, Any]:
    if path.suffix not in (".toml", ".yaml", ".yml"):
        raise InvalidInputError(f"a file of options must be .toml, .yaml or .yml, but got {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8")
        values = _parse_toml(text) if path.suffix == ".toml" else _parse_yaml(text)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"cannot read the options in {path}: {error}") from error
    if not isinstance(values, Mapping):
        raise InvalidInputError(f"{path} must hold fields and values, but holds {values!r}")
    return values


def _parse_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _parse_yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:  # several extras bring it; none is for it alone, and TOML needs nothing
        raise MissingExtraError("PyYAML", "baselines") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error


def _check_searchers(searchers: Sequence[str], *, llm: bool) -> None:
    from agenttts_env.experiments.statistics.scipy_stats import scipy_stats
    from agenttts_env.experiments.variants import Variant

    scipy_stats()  # of the report: that it is missing must not come out at the end
    for text in searchers:
        Variant.parse(text).check(llm=llm)


def _check_libraries(options: CompareOptions) -> None:
    if options.launcher == "ray":
        from agenttts_env.experiments.compare.ray_launcher import import_ray

        import_ray()
    if options.wandb != "off":
        from agenttts_env.experiments.wandb_session import import_wandb

        import_wandb()


def _one_of(choices: Any) -> str:
    return f"must be one of {', '.join(get_args(choices))}"


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

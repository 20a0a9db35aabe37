"""The options of ``agenttts compare``: one frozen dataclass, from which the command line and a file of options read."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from agenttts_env.cost import get_cost
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments import parsing
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

NAMED_BUDGETS = ("default", "published")

Budgets = str | tuple[float, ...]
Launcher = Literal["processes", "ray"]


def default_searchers() -> tuple[str, ...]:
    """Every searcher that needs no LLM, but for the slow ones."""
    from agenttts_env.experiments.searchers import SEARCHERS, needs_llm

    return tuple(name for name in SEARCHERS if not needs_llm(name) and name not in SLOW)


def _stage_numbers(name: str, words: Sequence[str]) -> dict[str, float]:
    return parsing.stage_numbers(name, _names(name, words))


def _names(name: str, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(","))


def _budgets(name: str, words: Sequence[str]) -> Budgets:
    parts = _names(name, words)
    if len(parts) == 1 and parts[0] in NAMED_BUDGETS:
        return parts[0]
    try:
        return tuple(map(float, parts))
    except ValueError:
        raise InvalidInputError(
            f"`{name}` must be {' or '.join(NAMED_BUDGETS)}, or numbers with commas between them, but got "
            f"{','.join(parts)!r}"
        ) from None


def _option(default: Any, group: str, parse: Parser, metavar: str, text: str) -> Any:
    metadata = {"group": group, "parse": parse, "metavar": metavar, "help": text}
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
        landscape_names,
        "problem",
        _names,
        "NAME,…",
        "simulated tasks, see `agenttts tasks` [all there are]",
    )
    budgets: Budgets = _option(  # noqa: RUF009
        "default",
        "problem",
        _budgets,
        "WHICH|X,…",
        "default: each task's own; published: all that figures were published for; or numbers, the same for all tasks",
    )
    cost: str = _as_in_search("cost")
    models: Mapping[str, tuple[str, ...]] = _as_in_search("models")
    temperature: Mapping[str, float] = _option(
        dict,
        "problem",
        _stage_numbers,
        "[STAGE=]T,…",
        "sampling temperature of one stage, or of all; .9 by default, at which the simulated tasks were fitted",
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
        "the LLM of the searchers that are driven by one, while scores stay simulated. With transformers or vllm their "
        "runs take turns in one process, as each process would load the model; with openai they go on in parallel",
    )
    llm_temperature: float = _as_in_search("llm_temperature")
    llm_max_tokens: int = _as_in_search("llm_max_tokens")
    seeds: int = _option(
        20,
        "search",
        parsing.integer,
        "N",
        "runs of every searcher on every task; all searchers' runs of a seed see the same simulated data set",
    )
    trials: int = _option(50, "search", parsing.integer, "N", "how many allocations a run tries")
    examples: int = _option(50, "data", parsing.integer, "N", "size of the search split, which makes scores noisy")
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
        if not self.searchers:
            more = () if self.llm is None else LLM_SEARCHERS
            object.__setattr__(self, "searchers", default_searchers() + more)
        for value in self.tasks:
            _require(value in landscape_names(), "tasks", f"must be among {', '.join(landscape_names())}", value)
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
        if isinstance(self.budgets, str):
            _require(self.budgets in NAMED_BUDGETS, "budgets", f"must be {' or '.join(NAMED_BUDGETS)}", self.budgets)
        else:
            _require(bool(self.budgets), "budgets", "must name at least one", self.budgets)
            _require(all(map(math.isfinite, self.budgets)), "budgets", "must be finite", self.budgets)
            _require(len(set(self.budgets)) == len(self.budgets), "budgets", "must differ", self.budgets)
        get_cost(self.cost)
        _require(
            self.budgets != "published" or self.cost == "paper", "budgets", "are published in paper units", self.cost
        )
        check_llm(self)
        _require(
            not self.base_url or (self.llm is not None and self.llm.startswith("openai:")),
            "base_url",
            "needs an `llm` of the engine openai",
            self.base_url,
        )
        for name, known in (("launcher", get_args(Launcher)), ("wandb", get_args(WandbMode))):
            _require(getattr(self, name) in known, name, f"must be one of {', '.join(known)}", getattr(self, name))
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
        """The options that decide results, JSON-able."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["group"] != "run"}


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


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

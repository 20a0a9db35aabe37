"""The options of ``agenttts compare``: one frozen dataclass, from which the command line and a file of options read."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.parsing import Parser
from agenttts_env.simulation.landscape import landscape_names

BASELINE = "random"
"""Regret is normalised by this searcher's, so that no comparison goes without it."""

SLOW = ("gp", "gp+init")
"""Not among the default searchers: 50 trials take 2 to 5 s, all runs more than the other searchers' together."""

NAMED_BUDGETS = ("default", "published")

Budgets = str | tuple[float, ...]


def default_searchers() -> tuple[str, ...]:
    """Every searcher that needs no LLM, but for the slow ones."""
    from agenttts_env.experiments.searchers import SEARCHERS, needs_llm

    return tuple(name for name in SEARCHERS if not needs_llm(name) and name not in SLOW)


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
    searchers: tuple[str, ...] = _option(
        default_searchers,
        "search",
        _names,
        "NAME,…",
        "searchers that need no LLM, see `agenttts search --help`; random must be one, as regret is normalised by it "
        "[all, bare and seeded, but gp and gp+init: these two alone take 15 minutes of a core for 20 seeds on 6 tasks]",
    )
    seeds: int = _option(
        20,
        "search",
        parsing.integer,
        "N",
        "runs of every searcher on every task; all searchers' runs of a seed see the same simulated data set",
    )
    trials: int = _option(50, "search", parsing.integer, "N", "how many allocations a run tries")
    examples: int = _option(50, "data", parsing.integer, "N", "size of the search split, which makes scores noisy")
    jobs: int | None = _option(
        None, "run", parsing.integer, "N", "how many processes run cells [the cores that this process may use]"
    )
    out: str = _option(
        "runs/compare", "run", parsing.text, "DIR", "folder of the comparison; the same command again goes on there"
    )

    def __post_init__(self) -> None:
        for name, known in (("tasks", landscape_names()), ("searchers", _searcher_names())):
            values = getattr(self, name)
            for value in values:
                _require(value in known, name, f"must be among {', '.join(known)}", value)
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
        _check_libraries(self.searchers)

    @property
    def folder(self) -> Path:
        """The comparison's folder."""
        return Path(self.out)

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

    Its fields are those of :class:`CompareOptions`; several values are a list: ``tasks = ["cwq", "webqsp"]``.

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
        found[name] = known[name].metadata["parse"](name, [",".join(map(str, parts))])
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


def _searcher_names() -> tuple[str, ...]:
    from agenttts_env.experiments.searchers import SEARCHERS, needs_llm

    return tuple(name for name in SEARCHERS if not needs_llm(name))


def _check_libraries(searchers: Sequence[str]) -> None:
    from agenttts_env.experiments.searchers import make_searcher
    from agenttts_env.experiments.statistics.scipy_stats import scipy_stats

    scipy_stats()  # of the report: that it is missing must not come out at the end
    for name in searchers:
        make_searcher(name)


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

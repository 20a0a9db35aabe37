"""The options of ``agenttts train``: one frozen dataclass, from which the command line and a file of options read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from agenttts_env.baselines.rl.algorithms import get_algorithm
from agenttts_env.baselines.rl.problems import HELD_OUT, problem_kind
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.options import WandbMode
from agenttts_env.experiments.parsing import Parser
from agenttts_env.simulation.landscape import landscape_names

TRAIN_GROUPS = {
    "problem": "what is learnt",
    "learner": "how it is learnt",
    "data": "what it is learnt and evaluated on",
    "run": "where it is kept (none of these changes a result)",
}


def _names(name: str, words: Any) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(","))


def _option(default: Any, group: str, parse: Parser, metavar: str, text: str) -> Any:
    metadata = {"group": group, "parse": parse, "metavar": metavar, "help": text}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainOptions:
    """Every option of a training; ``metadata["help"]`` of a field is its documentation.

    Raises:
        InvalidInputError: a value breaks its rule. Options of the environment and hyperparameters are checked when the
            environment and the learner are made.
    """

    env: str = _option(
        None, "problem", parsing.text, "ID", "the environment, such as AgentTTS/CWQ-Stagewise-v0; must be given"
    )
    env_option: Mapping[str, Any] = _option(
        {},
        "problem",
        parsing.json_values,
        "KEY=VALUE",
        "an option of the environment, VALUE is JSON or text; repeatable",
    )
    held_out: tuple[str, ...] = _option(
        (),
        "problem",
        _names,
        "TASK,…",
        "tasks that the mixture trains without, and on which alone it is evaluated: they select best.zip, so "
        "that a fair comparison on them takes policy:OUT/final.zip",
    )
    algo: str | None = _option(
        None,
        "learner",
        parsing.text,
        "NAME",
        "PPO, A2C, DQN, RecurrentPPO, or MaskablePPO, which alone heeds action masks [MaskablePPO where there are "
        "masks, else PPO]",
    )
    steps: int = _option(200_000, "learner", parsing.integer, "N", "steps of all sub-environments together")
    seed: int = _option(
        0, "learner", parsing.integer, "N", "of every random choice: weights, episodes, actions, batches"
    )
    hyperparameter: Mapping[str, Any] = _option(
        {}, "learner", parsing.json_values, "KEY=VALUE", "one hyperparameter, such as learning_rate=0.001; repeatable"
    )
    hyperparameters: str | None = _option(
        None,
        "learner",
        parsing.text,
        "FILE",
        "hyperparameters by problem and algorithm, written like this package's baselines/rl/hyperparameters.yaml",
    )
    data_seeds: int | None = _option(
        None, "data", parsing.integer, "N", "simulated data sets to train on: seeds from 0 [64, of questions 16]"
    )
    eval_data_seeds: int | None = _option(
        None, "data", parsing.integer, "N", f"data sets to evaluate on: seeds from {HELD_OUT} [32, of questions 4]"
    )
    eval_option: Mapping[str, Any] = _option(
        {}, "data", parsing.json_values, "KEY=VALUE", "an option of the environment in evaluations only; repeatable"
    )
    eval_episodes: int = _option(256, "data", parsing.integer, "N", "episodes of an evaluation")
    eval_every: int | None = _option(
        None, "data", parsing.integer, "N", "steps between evaluations, each with a checkpoint [a 20th of the steps]"
    )
    out: str | None = _option(
        None, "run", parsing.text, "DIR", "folder of the training [runs/ENV-ALGO-SEED]; the same command goes on there"
    )
    wandb: WandbMode = _option(  # noqa: RUF009
        "off", "run", parsing.text, "MODE", "Weights & Biases: off, offline (files below OUT/wandb) or online"
    )

    def __post_init__(self) -> None:
        kind = problem_kind(self.env)
        if self.algo is not None:
            get_algorithm(self.algo)
        for name in ("steps", "data_seeds", "eval_data_seeds", "eval_episodes", "eval_every"):
            value = getattr(self, name)
            _require(value is None or value >= 1, name, "must be >= 1", value)
        _require(0 <= self.seed < 2**32, "seed", "must lie in [0, 2**32)", self.seed)
        _require((self.data_seeds or 1) <= HELD_OUT, "data_seeds", f"must be <= {HELD_OUT}", self.data_seeds)
        _require(self.wandb in get_args(WandbMode), "wandb", f"must be one of {get_args(WandbMode)}", self.wandb)
        _require(not self.held_out or kind == "mixture", "held_out", "needs the mixture", ",".join(self.held_out))
        for task in self.held_out:
            _require(task in landscape_names(), "held_out", f"must be among {', '.join(landscape_names())}", task)
        left = len(set(landscape_names()) - set(self.held_out))
        _require(left > 0, "held_out", "must leave a task to train on", ",".join(self.held_out))
        both = self.held_out and ("tasks" in self.env_option or "tasks" in self.eval_option)
        _require(not both, "held_out", "decides the tasks: no option `tasks` beside it", ",".join(self.held_out))

    @property
    def folder(self) -> Path:
        """The training's folder."""
        name = self.env.removeprefix("AgentTTS/").removesuffix("-v0").lower()
        return Path(self.out or f"runs/{name}-{(self.algo or 'default').lower()}-{self.seed}")

    @property
    def section(self) -> int:
        """Steps between evaluations."""
        return self.eval_every or max(1, self.steps // 20)


def read_train_options(path: str | Path) -> dict[str, Any]:
    """Values of options by name, from a YAML file whose fields are those of :class:`TrainOptions`.

    Raises:
        InvalidInputError: the file cannot be read, or has a field that is no option.
        MissingExtraError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("PyYAML", "rl") from None
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidInputError(f"cannot read the options in {path}: {error}") from error
    if not isinstance(values, dict):
        raise InvalidInputError(f"{path} must hold options and values, but holds {values!r}")
    known = {option.name: option for option in fields(TrainOptions)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise InvalidInputError(f"{path} must have options among {', '.join(known)}, but has {name!r}")
        parse = known[name].metadata["parse"]
        if parse is parsing.json_values:
            if not isinstance(value, dict):
                raise InvalidInputError(f"{path}: `{name}` must be names and values, but got {value!r}")
            found[name] = value
        else:
            found[name] = parse(name, [str(part) for part in (value if isinstance(value, list) else [value])])
    return found


def _require(holds: bool, name: str, rule: str, value: Any) -> None:
    if not holds:
        raise InvalidInputError(f"`{name}` {rule}, but got {value!r}")

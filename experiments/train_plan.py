"""From the options of a training to what it trains, on what, and how."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gymnasium.vector import AutoresetMode, VectorEnv

from agenttts_env.baselines.rl.algorithms import (
    Algorithm,
    check_algorithm,
    get_algorithm,
    hyperparameters_of,
    read_hyperparameters,
)
from agenttts_env.baselines.rl.problems import (
    DATA_SETS,
    Kind,
    data_options,
    held_out_data,
    is_masked,
    make_envs,
    problem_kind,
)
from agenttts_env.experiments.train_options import TrainOptions
from agenttts_env.experiments.versions import installed_versions
from agenttts_env.simulation.landscape import landscape_names

LIBRARIES = ("agenttts-env", "gymnasium", "numpy", "torch", "stable-baselines3", "sb3-contrib")
"""Whose versions decide a training's results."""


@dataclass(frozen=True)
class TrainPlan:
    """A training that can begin: its options were tried on an environment.

    Attributes:
        options: as given.
        kind: which decision problem.
        algorithm: which learner.
        hyperparameters: of it.
        env_options: of the environment that it trains in.
        eval_options: of the environment that it is evaluated in.
        backend: where scores come from.
        seen: what a policy sees of the task beside its problem: the ``metrics`` of a search, or, stage by stage, the
            ``stage_metrics`` of a stagewise environment.
    """

    options: TrainOptions
    kind: Kind
    algorithm: Algorithm
    hyperparameters: Mapping[str, Any]
    env_options: Mapping[str, Any]
    eval_options: Mapping[str, Any]
    backend: str
    seen: Mapping[str, Any]

    @classmethod
    def of(cls, options: TrainOptions) -> TrainPlan:
        """Look everything up.

        Raises:
            InvalidInputError: an option breaks a rule, or the algorithm cannot learn in this environment.
            MissingExtraError: a library is not installed.
        """
        kind = problem_kind(options.env)
        values = read_hyperparameters(options.hyperparameters)
        shared = {**values.get(kind, {}).get("env", {}), **options.env_option}
        train_tasks: dict[str, Any] = {}
        eval_tasks: dict[str, Any] = {}
        if options.held_out:
            train_tasks = {"tasks": [name for name in landscape_names() if name not in options.held_out]}
            eval_tasks = {"tasks": list(options.held_out)}
        with closing(make_envs(options.env, 1, {**shared, **train_tasks})) as envs:
            name = options.algo or ("MaskablePPO" if is_masked(envs) else "PPO")
            algorithm = get_algorithm(name)
            check_algorithm(algorithm, envs)
            _, infos = envs.reset(seed=0)
            backend = str(infos["backend"][0])
            seen = _seen(kind, envs)
        hyperparameters = hyperparameters_of(values, kind, algorithm, options.hyperparameter)
        count, eval_count = options.data_seeds or DATA_SETS[kind][0], options.eval_data_seeds or DATA_SETS[kind][1]
        train_data: dict[str, Any] = {}
        if backend == "simulated":
            train_data = data_options(kind, first=0, count=count, num_envs=int(hyperparameters["num_envs"]))
        eval_data = held_out_data(kind, backend, count=eval_count, num_envs=options.eval_episodes)
        return cls(
            options,
            kind,
            algorithm,
            hyperparameters,
            {**train_data, **shared, **train_tasks},
            {**shared, **eval_data, **eval_tasks, **options.eval_option},
            backend,
            seen,
        )

    @property
    def stochastic(self) -> bool:
        """Whether evaluations draw actions: a search that repeats its most probable allocation finds nothing new."""
        return self.kind in ("search", "mixture")

    def settings(self) -> dict[str, Any]:
        """What decides the training's results, JSON-able: a folder resumes a training of the same settings only."""
        options = self.options
        return {
            "training": options.env,
            "algo": self.algorithm.name,
            "steps": options.steps,
            "seed": options.seed,
            "eval_every": options.section,
            "eval_episodes": options.eval_episodes,
            "backend": self.backend,
            "env_options": dict(self.env_options),
            "eval_options": dict(self.eval_options),
            "hyperparameters": dict(self.hyperparameters),
            "libraries": library_versions(),
        }

    def make_training_envs(self) -> VectorEnv[Any, Any, Any]:
        """What is trained in."""
        return make_envs(self.options.env, int(self.hyperparameters["num_envs"]), self.env_options)

    def make_evaluation_envs(self) -> VectorEnv[Any, Any, Any]:
        """What is evaluated in: as many sub-environments as episodes."""
        return make_envs(
            self.options.env, self.options.eval_episodes, self.eval_options, autoreset_mode=AutoresetMode.NEXT_STEP
        )

    def about(self, *, steps: int, episodes: int, seconds: float) -> dict[str, Any]:
        """What a policy's file says of itself."""
        env_options = {
            name: value for name, value in self.env_options.items() if name not in ("data_seed", "data_seeds")
        }
        return {
            "env": self.options.env,
            "env_options": env_options,
            "kind": self.kind,
            **self.seen,
            "algo": self.algorithm.name,
            "seed": self.options.seed,
            "training": {
                "backend": self.backend,
                "steps": steps,
                "episodes": episodes,
                "trials": steps if self.kind in ("search", "mixture") else episodes,
                "seconds": round(seconds, 3),
            },
            "libraries": library_versions(),
        }


def _seen(kind: Kind, envs: Any) -> dict[str, Any]:
    if kind == "search":
        return {"metrics": list(envs.problems[0].task.metrics)}
    if kind == "stagewise":
        metrics = envs.problem.task.metrics
        return {"stage_metrics": [None if index is None else metrics[index] for index in envs.scoring.metrics]}
    return {}


def library_versions() -> dict[str, str]:
    """Versions of :data:`LIBRARIES`, of those that are installed."""
    return installed_versions(LIBRARIES)

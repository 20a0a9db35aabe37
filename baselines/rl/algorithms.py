"""The learning algorithms by name, and their hyperparameters for each decision problem."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import gymnasium as gym
from gymnasium.vector import VectorEnv

from agenttts_env.baselines.rl.global_random import global_random_numbers_kept
from agenttts_env.baselines.rl.problems import KINDS, Kind, is_masked
from agenttts_env.baselines.rl.vec_env import SB3VecEnv
from agenttts_env.errors import InvalidInputError, MissingExtraError


@dataclass(frozen=True)
class Algorithm:
    """A learning algorithm.

    Attributes:
        name: of its class, too.
        module: where the class is.
        policy: name of its policy class.
        masks: whether it takes allowed actions only; it then needs an environment that says which. The others need one
            where every action is allowed, or that takes another in its place (``masked="replace"``).
        several: whether an action may have several entries (``MultiDiscrete``).
    """

    name: str
    module: str
    policy: str = "MlpPolicy"
    masks: bool = False
    several: bool = True

    def load(self) -> Any:
        """Its class.

        Raises:
            MissingExtraError: its library is not installed.
        """
        try:
            return getattr(import_module(self.module), self.name)
        except ModuleNotFoundError as error:
            raise MissingExtraError(str(error.name), "rl") from None


ALGORITHMS: Mapping[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("PPO", "stable_baselines3"),
        Algorithm("A2C", "stable_baselines3"),
        Algorithm("DQN", "stable_baselines3", several=False),
        Algorithm("MaskablePPO", "sb3_contrib", masks=True),
        Algorithm("RecurrentPPO", "sb3_contrib", policy="MlpLstmPolicy"),
    )
}
"""The algorithms by name; all but the two of sb3-contrib are Stable-Baselines3's."""

_OURS = ("num_envs", "net_arch")
_NO_HYPERPARAMETERS = ("self", "policy", "env", "tensorboard_log", "verbose", "seed", "device", "_init_setup_model")


def get_algorithm(name: str) -> Algorithm:
    """An algorithm by name.

    Raises:
        InvalidInputError: there is no such algorithm.
    """
    if name not in ALGORITHMS:
        raise InvalidInputError(f"`algo` must be one of {', '.join(ALGORITHMS)}, but got {name!r}")
    return ALGORITHMS[name]


def check_algorithm(algorithm: Algorithm, envs: VectorEnv[Any, Any, Any]) -> None:
    """Check that an algorithm can learn in an environment.

    Raises:
        InvalidInputError: it ignores masks that the environment insists on, needs masks that there are not, or cannot
            handle the action space. The message names the algorithms that can.
    """
    several, masked = isinstance(envs.single_action_space, gym.spaces.MultiDiscrete), is_masked(envs)
    option = getattr(envs, "masked", None)
    insists = masked and option != "replace"
    reason, way = "", ""
    if insists and not algorithm.masks:
        reason = "ignores action masks, and not every action of this environment is allowed in every state"
        way = ", or --env-option masked=replace, which takes an allowed action in its place" if option else ""
    elif algorithm.masks and not masked:
        reason = "needs action masks, and this environment has none"
    elif several and not algorithm.several:
        reason = f"needs one choice from a list, and this environment's action space is {envs.single_action_space}"
    if reason:
        able = [
            each.name
            for each in ALGORITHMS.values()
            if (masked if each.masks else not insists) and (each.several or not several)
        ]
        raise InvalidInputError(f"`algo` {algorithm.name} {reason}: use {' or '.join(able)}{way}")


def read_hyperparameters(path: str | Path | None = None) -> dict[str, dict[str, Any]]:
    """A file of hyperparameters: by decision problem, then ``env`` (options of the environment) or an algorithm's name.

    Args:
        path: a YAML file; this package's own, ``hyperparameters.yaml``, by default.

    Raises:
        InvalidInputError: the file cannot be read, or has another form.
        MissingExtraError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("PyYAML", "rl") from None
    name = "hyperparameters.yaml" if path is None else str(path)
    try:
        source = files("agenttts_env.baselines.rl").joinpath(name) if path is None else Path(path)
        values = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidInputError(f"cannot read the hyperparameters in {name}: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(value, dict) for value in values.values()):
        raise InvalidInputError(f"{name} must map decision problems to algorithms, but holds {values!r}")
    for kind, entries in values.items():
        if kind not in KINDS:
            raise InvalidInputError(f"{name} must have decision problems among {', '.join(KINDS)}, but has {kind!r}")
        for key, entry in entries.items():
            if key != "env" and key not in ALGORITHMS:
                raise InvalidInputError(f"{name}: {kind} must have env or {', '.join(ALGORITHMS)}, but has {key!r}")
            if not isinstance(entry, dict):
                raise InvalidInputError(f"{name}: {key} of {kind} must be names and values, but got {entry!r}")
    return values


def hyperparameters_of(
    values: Mapping[str, Mapping[str, Any]], kind: Kind, algorithm: Algorithm, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The hyperparameters of an algorithm for a decision problem.

    Args:
        values: see :func:`read_hyperparameters`.
        kind: which problem.
        algorithm: which algorithm.
        changes: values to put in place of those.

    Raises:
        InvalidInputError: the algorithm has no such hyperparameter.
    """
    merged = {"num_envs": 1, **values.get(kind, {}).get(algorithm.name, {}), **changes}
    parameters = inspect.signature(algorithm.load().__init__).parameters
    known = [*_OURS, *(name for name in parameters if name not in _NO_HYPERPARAMETERS)]
    for name, value in merged.items():
        if name not in known:
            raise InvalidInputError(
                f"hyperparameters of {algorithm.name} must be among {', '.join(known)}, but got {name!r}"
            )
        if name == "num_envs" and (not isinstance(value, int) or value < 1):
            raise InvalidInputError(f"`num_envs` must be an integer >= 1, but got {value!r}")
    return merged


def make_model(
    algorithm: Algorithm, envs: VectorEnv[Any, Any, Any], hyperparameters: Mapping[str, Any], *, seed: int
) -> Any:
    """A learner.

    Args:
        algorithm: which.
        envs: resets itself in the same step, see :class:`~agenttts_env.baselines.rl.vec_env.SB3VecEnv`.
        hyperparameters: see :func:`hyperparameters_of`; two numbers as ``learning_rate`` are the first and the last one
            of a linear schedule.
        seed: of its weights.

    Raises:
        InvalidInputError: it cannot learn in this environment, or refuses a hyperparameter.
    """
    check_algorithm(algorithm, envs)
    rest = {name: value for name, value in hyperparameters.items() if name not in _OURS}
    if "net_arch" in hyperparameters:
        rest["policy_kwargs"] = {**rest.get("policy_kwargs", {}), "net_arch": list(hyperparameters["net_arch"])}
    make = algorithm.load()
    if isinstance(rest.get("learning_rate"), (list, tuple)):
        rest["learning_rate"] = _schedule(rest["learning_rate"])
    try:
        with global_random_numbers_kept():
            return make(algorithm.policy, SB3VecEnv(envs), seed=seed, device="cpu", **rest)
    except (TypeError, ValueError, AssertionError) as error:
        raise InvalidInputError(f"{algorithm.name} refuses its hyperparameters {dict(rest)}: {error}") from error


def _schedule(ends: Sequence[Any]) -> Any:
    from stable_baselines3.common.utils import LinearSchedule

    if len(ends) != 2 or not all(isinstance(end, (int, float)) and end >= 0 for end in ends):
        raise InvalidInputError(f"`learning_rate` must be a number, or the first and the last one, but got {ends!r}")
    first, last = ends
    return LinearSchedule(first, last, end_fraction=1.0)

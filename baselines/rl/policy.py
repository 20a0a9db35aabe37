"""A trained policy: what it prefers where, and the file that it is kept in."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.baselines.rl.algorithms import get_algorithm
from agenttts_env.baselines.rl.global_random import global_random_numbers_kept
from agenttts_env.errors import InvalidInputError

Array = npt.NDArray[Any]
Probabilities = Sequence[npt.NDArray[np.float64]]

ABOUT = "agenttts.json"
"""The member of a policy's file that says what it was trained for."""


class Policy(Protocol):
    """How an environment is acted in, over many sub-environments at once."""

    def start(self, count: int) -> Any:
        """What is remembered before the first step of so many episodes."""
        ...

    def probabilities(self, observations: Array, masks: Array | None, memory: Any) -> tuple[Probabilities, Any]:
        """What to do.

        Args:
            observations: shape (count, entries).
            masks: which actions are allowed, shape (count, sum of the sizes of an action's entries); None if all are.
                An algorithm that knows no masks ignores them.
            memory: from :meth:`start`, or from the step before.

        Returns:
            For each entry of an action the probabilities of its values, shape (count, size); and the memory.
        """
        ...


class RandomPolicy:
    """Any allowed action; of several entries each by itself.

    Args:
        space: ``Discrete`` or ``MultiDiscrete``.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        self._sizes = action_sizes(space)

    def start(self, count: int) -> None:
        """Nothing is remembered."""

    def probabilities(self, observations: Array, masks: Array | None, memory: Any) -> tuple[Probabilities, Any]:
        """See :class:`Policy`."""
        shape = len(observations), sum(self._sizes)
        allowed = np.split(np.ones(shape) if masks is None else masks, np.cumsum(self._sizes)[:-1], axis=1)
        return [part / np.maximum(part.sum(axis=1, keepdims=True), 1) for part in allowed], None


class TrainedPolicy:
    """A policy that was trained, in the form of an algorithm of Stable-Baselines3.

    Args:
        model: the algorithm.
        about: what it was trained for: ``env`` (an id), ``env_options``, ``algo``, ``kind``, ``steps``, ``seed``.
        path: its file, if it was read from one.
    """

    def __init__(self, model: Any, about: Mapping[str, Any], path: Path | None = None) -> None:
        self.model = model
        self.about = about
        self.path = path

    @classmethod
    def load(cls, path: str | Path) -> TrainedPolicy:
        """Read a policy. The file holds pickled Python objects: read only what you trust.

        Args:
            path: a file that ``agenttts train`` wrote, or its folder: the best policy then, else the last.

        Raises:
            InvalidInputError: there is no such file, or it was not written by ``agenttts train``.
            MissingExtraError: the algorithm's library is not installed.
        """
        file = policy_file(path)
        about = read_about(file)
        algorithm = get_algorithm(about["algo"])
        with global_random_numbers_kept():
            return cls(algorithm.load().load(file, device="cpu"), about, file)

    def start(self, count: int) -> Any:
        """The state of a recurrent policy; None for others."""
        if self.about["algo"] != "RecurrentPPO":
            return None
        import torch

        lstm = self.model.policy.lstm_actor
        zeros = torch.zeros(lstm.num_layers, count, lstm.hidden_size)
        return zeros, zeros

    def probabilities(self, observations: Array, masks: Array | None, memory: Any) -> tuple[Probabilities, Any]:
        """See :class:`Policy`; for an algorithm that learns values, all on the highest."""
        import torch

        policy = self.model.policy
        policy.set_training_mode(False)
        with torch.no_grad():
            seen = torch.as_tensor(observations)
            if self.about["algo"] == "DQN":
                values = policy.q_net(seen)
                return [np.eye(values.shape[1])[values.argmax(dim=1).numpy()]], None
            found: Any
            if self.about["algo"] == "RecurrentPPO":
                found, memory = policy.get_distribution(seen, memory, torch.zeros(len(observations)))
            elif masks is not None and get_algorithm(self.about["algo"]).masks:
                found = policy.get_distribution(seen, action_masks=masks)
            else:
                found = policy.get_distribution(seen)
        # Masked actions of several entries have `distributions`; all others a `distribution`, or a list in it.
        parts = getattr(found, "distributions", None) or found.distribution
        several = parts if isinstance(parts, (list, tuple)) else [parts]
        return [part.probs.numpy().astype(np.float64) for part in several], memory


def choose(probabilities: Probabilities, space: gym.Space[Any], rng: np.random.Generator | None = None) -> Array:
    """Actions for all sub-environments.

    Args:
        probabilities: see :class:`Policy`.
        space: of one action: ``Discrete``, whose actions have no second axis, or ``MultiDiscrete``.
        rng: to draw with; without it, the most probable value of each entry.
    """
    columns = []
    for part in probabilities:
        if rng is None:
            columns.append(part.argmax(axis=1))
            continue
        rising = np.cumsum(part, axis=1)
        points = rng.random(len(part)) * rising[:, -1]
        columns.append((rising <= points[:, None]).sum(axis=1))
    return columns[0] if isinstance(space, gym.spaces.Discrete) else np.stack(columns, axis=1)


def action_sizes(space: gym.Space[Any]) -> list[int]:
    """How many values each entry of an action has."""
    if isinstance(space, gym.spaces.Discrete):
        return [int(space.n)]
    if isinstance(space, gym.spaces.MultiDiscrete):
        return [int(size) for size in space.nvec]
    raise InvalidInputError(f"an action must be Discrete or MultiDiscrete, but got {space}")


def policy_file(path: str | Path) -> Path:
    """The file of a policy: ``path`` itself, or in a folder ``best.zip``, else ``final.zip``, else ``checkpoint.zip``.

    Raises:
        InvalidInputError: there is none.
    """
    file = Path(path)
    if file.is_dir():
        names = ("best.zip", "final.zip", "checkpoint.zip")
        file = next((file / name for name in names if (file / name).exists()), file / names[0])
    if not file.is_file():
        raise InvalidInputError(
            f"`policy` must be a file that `agenttts train` wrote, or its folder, but {file} is none"
        )
    return file


def read_about(file: str | Path) -> dict[str, Any]:
    """What a policy was trained for, without loading it.

    Raises:
        InvalidInputError: the file was not written by ``agenttts train``.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            about: dict[str, Any] = json.loads(archive.read(ABOUT))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InvalidInputError(
            f"`policy` must be a file that `agenttts train` wrote, but {file} is none: {error}"
        ) from error
    return about


def save_model(model: Any, file: Path, members: Mapping[str, str | bytes]) -> None:
    """Write an algorithm's file with members beside its own, as a whole or not at all."""
    content = io.BytesIO()
    model.save(content)
    with zipfile.ZipFile(content, "a") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    temporary = file.with_name(f"{file.name}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content.getvalue())
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)

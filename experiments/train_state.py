"""What a training has reached: kept inside its checkpoint, from which every other file can be written again."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agenttts_env.errors import RunLogError

STATE = "training.json"
"""The member of ``checkpoint.zip`` that holds it."""


@dataclass(frozen=True)
class Evaluated:
    """One evaluation on held-out data.

    Attributes:
        step: steps taken before it.
        mean: mean return of the episodes: of drawn actions in searches, else of the most probable ones.
        spread: standard deviation of their returns.
    """

    step: int
    mean: float
    spread: float


@dataclass(frozen=True)
class TrainState:
    """A training so far.

    Attributes:
        evaluations: in order.
        seconds: at each evaluation, of wall time since the beginning, not counting interruptions.
        episodes: that were finished in training.
    """

    evaluations: tuple[Evaluated, ...] = ()
    seconds: tuple[float, ...] = ()
    episodes: int = 0

    @property
    def best(self) -> Evaluated | None:
        """The first of the evaluations with the highest mean."""
        return max(self.evaluations, key=lambda each: (each.mean, -each.step), default=None)

    def add(self, evaluated: Evaluated, seconds: float, episodes: int) -> TrainState:
        """With one more evaluation; with the same one again if it was the last already."""
        if self.evaluations and self.evaluations[-1].step == evaluated.step:
            return replace(self, episodes=episodes)
        return TrainState((*self.evaluations, evaluated), (*self.seconds, round(seconds, 3)), episodes)

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, checkpoint: Path) -> TrainState:
        """From a checkpoint.

        Raises:
            RunLogError: it holds none.
        """
        try:
            with zipfile.ZipFile(checkpoint) as archive:
                value: dict[str, Any] = json.loads(archive.read(STATE))
            evaluations = tuple(Evaluated(**each) for each in value["evaluations"])
            return cls(evaluations, tuple(value["seconds"]), value["episodes"])
        except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise RunLogError(f"{checkpoint} is no checkpoint of a training: {error!r}") from error

    def write_tables(self, folder: Path) -> None:
        """Write ``evaluations.jsonl``, the same in every training of the same settings, and ``timings.jsonl``."""
        timings = [
            {"step": each.step, "seconds": seconds}
            for each, seconds in zip(self.evaluations, self.seconds, strict=True)
        ]
        _write_lines(folder / "evaluations.jsonl", [asdict(each) for each in self.evaluations])
        _write_lines(folder / "timings.jsonl", timings)


def _write_lines(file: Path, rows: list[dict[str, Any]]) -> None:
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    temporary.replace(file)

"""A training in TensorBoard, always, and in Weights & Biases, where asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agenttts_env.experiments.tracking import WandbTracker
from agenttts_env.runfolder import RunFolder

if TYPE_CHECKING:
    from agenttts_env.experiments.train_plan import TrainPlan


class TrainTracker:
    """Hands what a learner logs to Weights & Biases, if there is a tracker; ends with the training."""

    def __init__(self, wandb: _Curves | None = None) -> None:
        self._wandb = wandb

    @classmethod
    def start(cls, plan: TrainPlan, folder: RunFolder, settings: Mapping[str, Any]) -> TrainTracker:
        """Begin a W&B run, unless W&B is off; a training that was resumed has several runs in one group.

        Raises:
            MissingExtraError: wandb is not installed.
        """
        options = plan.options
        if options.wandb == "off":
            return cls()
        name = f"{options.env.removeprefix('AgentTTS/')}-{plan.algorithm.name}-{options.seed}"
        wandb = _Curves(options.wandb, folder=folder.path, config=settings, name=name, group=folder.run)
        if wandb.url is not None:
            print(f"W&B: {wandb.url}", file=sys.stderr, flush=True)
        return cls(wandb)

    def log(self, values: Mapping[str, Any], step: int) -> None:
        """Log numbers by name."""
        if self._wandb is not None:
            numbers = {name: value for name, value in values.items() if isinstance(value, (int, float))}
            self._wandb.log({"step": step, **{name: float(value) for name, value in numbers.items()}})

    def finish(self, summary: Mapping[str, Any] | None) -> None:
        """End: with the contents of ``summary.json``, or None if the training was interrupted."""
        if self._wandb is not None:
            self._wandb.finish(summary)


class _Curves(WandbTracker):
    """A W&B run of curves over steps."""

    def log(self, values: Mapping[str, Any]) -> None:
        self._guarded(lambda: self._run.log(dict(values)))

    def finish(self, summary: Mapping[str, Any] | None) -> None:
        def end() -> None:
            self._run.summary.update(dict(summary or {}))
            self._run.finish(exit_code=0 if summary is not None else 1)

        self._guarded(end)


def make_logger(folder: Path, tracker: TrainTracker) -> Any:
    """Stable-Baselines3's logger, which writes TensorBoard's files and hands everything to a tracker.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    from agenttts_env.errors import MissingExtraError

    try:
        from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

        board = TensorBoardOutputFormat(str(folder))
    except (ImportError, AssertionError):
        raise MissingExtraError("tensorboard", "rl") from None

    class Forwarding(KVWriter):  # type: ignore[misc]
        """Hands what is logged to the tracker."""

        def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
            tracker.log(key_values, step)

        def close(self) -> None:
            """The tracker is finished by the training."""

    return Logger(folder=None, output_formats=[board, Forwarding()])

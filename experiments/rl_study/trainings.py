"""The trainings of the study: several seeds for every decision problem and task."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from agenttts_env.baselines.rl.algorithms import make_model
from agenttts_env.baselines.rl.policy import ABOUT, save_model
from agenttts_env.baselines.rl.problems import Kind
from agenttts_env.experiments.compare.launcher import begin_worker
from agenttts_env.experiments.train import FINAL, run_training
from agenttts_env.experiments.train_options import TrainOptions
from agenttts_env.experiments.train_plan import TrainPlan
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.tasks import TASKS

STEPS: dict[Kind, int] = {"stagewise": 100_000, "per-query": 1_000_000, "mixture": 1_200_000}
"""Of a training; each takes less than two minutes of one core."""

EPISODES: dict[Kind, int] = {"stagewise": 256, "per-query": 1024, "mixture": 256}
"""Of an evaluation: a question's score is right or wrong, so that many are needed to select a policy by their mean."""

SECTIONS = 10
"""Evaluations of a training, beside the one before it begins."""


@dataclass(frozen=True)
class Training:
    """One policy.

    Attributes:
        kind: which decision problem.
        task: what it is trained on; for the mixture, the one task that it is not trained on.
        seed: of the training.
    """

    kind: Kind
    task: str
    seed: int

    def options(self, out: Path, scale: float) -> TrainOptions:
        """Its options.

        Args:
            out: folder of the study.
            scale: share of :data:`STEPS` to take.
        """
        steps = max(1, int(STEPS[self.kind] * scale))
        mixture = self.kind == "mixture"
        return TrainOptions(
            env=env_id(self.kind, self.task),
            held_out=(self.task,) if mixture else (),
            steps=steps,
            eval_every=max(1, steps // SECTIONS),
            eval_episodes=EPISODES[self.kind],
            seed=self.seed,
            out=str(self.folder(out)),
        )

    @property
    def name(self) -> str:
        """Its own among all trainings."""
        return f"{self.kind}-{self.task}-{self.seed}"

    def folder(self, out: Path) -> Path:
        """Where it is kept."""
        return out / "trainings" / self.name

    def last(self, out: Path) -> Path:
        """The file of its policy at the end: unlike the best one, it was not selected by any evaluation."""
        return self.folder(out) / FINAL

    def untrained(self, out: Path) -> Path:
        """Write the policy as it was before training; returns its file."""
        file = out / "untrained" / f"{self.name}.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        plan = TrainPlan.of(self.options(out, 1.0))
        with closing(plan.make_training_envs()) as envs:
            model = make_model(plan.algorithm, envs, plan.hyperparameters, seed=self.seed)
            save_model(model, file, {ABOUT: json.dumps(plan.about(steps=0, episodes=0, seconds=0.0))})
        return file


def env_id(kind: Kind, task: str) -> str:
    """The id of a decision problem of a task."""
    ending = {"stagewise": "-Stagewise", "per-query": "-PerQuery", "search": "", "mixture": ""}[kind]
    return "AgentTTS/Mixture-v0" if kind == "mixture" else f"AgentTTS/{TASKS[task].gym_name}{ending}-v0"


def plan(kinds: Iterable[Kind], tasks: Sequence[str], seeds: int) -> list[Training]:
    """All trainings, seed by seed."""
    return [Training(kind, task, seed) for seed in range(seeds) for kind in kinds for task in tasks]


def all_tasks() -> tuple[str, ...]:
    """The tasks that can be simulated."""
    return landscape_names()


def run(trainings: Sequence[Training], out: Path, *, scale: float, jobs: int) -> Iterator[Training]:
    """Train, or go on with what was interrupted; yields each training as it is finished.

    Raises:
        InvalidInputError: an option breaks a rule.
        RunLogError: a folder holds another training.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=begin_worker) as pool:
        futures = {pool.submit(_train, each.options(out, scale)): each for each in trainings}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _train(options: TrainOptions) -> None:
    run_training(options, Console(quiet=True))


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """A training's evaluations, see :class:`~agenttts_env.experiments.train_state.Evaluated`."""
    lines = (folder / "evaluations.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def read_seconds(folder: Path) -> float:
    """Wall time of a training."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return float(summary["training"]["seconds"])

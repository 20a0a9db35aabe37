"""One training from its options to its policy, resumable at any point."""

from __future__ import annotations

import json
import pickle
import time
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from rich.console import Console

from agenttts_env.baselines.rl.algorithms import make_model
from agenttts_env.baselines.rl.episodes import play
from agenttts_env.baselines.rl.global_random import global_random_numbers_kept
from agenttts_env.baselines.rl.policy import ABOUT, TrainedPolicy, save_model
from agenttts_env.baselines.rl.sections import learn_in_sections
from agenttts_env.baselines.rl.vec_env import SB3VecEnv
from agenttts_env.experiments.report import read_summary
from agenttts_env.experiments.train_options import TrainOptions
from agenttts_env.experiments.train_plan import TrainPlan
from agenttts_env.experiments.train_progress import TrainProgress
from agenttts_env.experiments.train_state import STATE, Evaluated, TrainState
from agenttts_env.experiments.train_tracking import TrainTracker, make_logger
from agenttts_env.runfolder import RunFolder

EVALUATION_SEED = 2**20
"""Of evaluation episodes, the same in all trainings, so that their evaluations can be compared."""

CHECKPOINT, BEST, FINAL = "checkpoint.zip", "best.zip", "final.zip"
_REPLAY = "replay_buffer.pkl"


def run_training(options: TrainOptions, console: Console) -> Mapping[str, Any]:
    """Train to the end, or go on with a training that was interrupted.

    The folder then holds ``run.json`` (the settings), ``evaluations.jsonl`` and ``timings.jsonl``, ``best.zip`` (the
    policy that was best on held-out data), ``final.zip`` (the last one), ``summary.json``, ``checkpoint.zip`` (what a
    resumed training goes on from) and ``tensorboard/``. A finished training is reported again.

    Returns:
        The contents of ``summary.json``.

    Raises:
        InvalidInputError: an option breaks a rule; nothing was trained.
        MissingExtraError: a library is not installed.
        RunLogError: the folder holds another run.
    """
    plan = TrainPlan.of(options)
    folder = RunFolder(options.folder)
    settings = plan.settings()
    folder.check(settings)
    summary = read_summary(folder)
    if summary is None:
        with ExitStack() as stack:
            stack.callback(folder.close)
            folder.open(settings)
            console.print(
                f"{options.env} · {plan.algorithm.name} · {plan.backend} · {folder.path}",
                highlight=False,
                soft_wrap=True,
            )
            summary = _Training(plan, folder, settings, console, stack).run()
    best, training = summary["best"], summary["training"]
    console.print(
        f"{training['steps']:,} steps in {training['seconds']:.0f} s ({plan.backend}); best held-out return "
        f"{best['mean']:.4f} at step {best['step']:,} (untrained {summary['untrained']['mean']:.4f}): "
        f"{folder.file(BEST)}",
        highlight=False,
        soft_wrap=True,
    )
    return summary


class _Training:
    """What the parts of a running training share."""

    def __init__(
        self, plan: TrainPlan, folder: RunFolder, settings: Mapping[str, Any], console: Console, stack: ExitStack
    ) -> None:
        import torch

        # Networks this small are slower on several threads, and sums must come out the same on every machine's cores.
        torch.set_num_threads(1)
        self.plan, self.folder = plan, folder
        self.envs = stack.enter_context(closing(plan.make_training_envs()))
        self.held_out = stack.enter_context(closing(plan.make_evaluation_envs()))
        self.model = make_model(plan.algorithm, self.envs, plan.hyperparameters, seed=plan.options.seed)
        self.state = TrainState()
        checkpoint = folder.file(CHECKPOINT)
        if checkpoint.exists():
            self.state = TrainState.read(checkpoint)
            self.model = load_checkpoint(plan, checkpoint, self.model.env)
        self.episodes_before = self.state.episodes
        self.seconds_before = self.state.seconds[-1] if self.state.seconds else 0.0
        self.start = time.monotonic()
        self.tracker = TrainTracker.start(plan, folder, settings)
        self.model.set_logger(make_logger(folder.file("tensorboard"), self.tracker))
        self.progress = stack.enter_context(TrainProgress(console, plan.options.steps, self.model.num_timesteps))

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.start

    @property
    def episodes(self) -> int:
        return self.episodes_before + int(self.model.env.episodes)

    def run(self) -> dict[str, Any]:
        options = self.plan.options
        summary = None
        try:
            learn_in_sections(
                self.model,
                steps=options.steps,
                every=options.section,
                seed=options.seed,
                on_section=self.evaluate,
                on_step=self.progress.step,
            )
            save_model(self.model, self.folder.file(FINAL), {ABOUT: self.about()})
            best, first = self.state.best, self.state.evaluations[0]
            assert best is not None
            summary = {
                "best": vars(best),
                "final": vars(self.state.evaluations[-1]),
                "untrained": vars(first),
                "training": json.loads(self.about())["training"],
            }
            self.folder.write("summary.json", summary)
        finally:
            self.tracker.finish(summary)
        return summary

    def about(self) -> str:
        return json.dumps(
            self.plan.about(steps=int(self.model.num_timesteps), episodes=self.episodes, seconds=self.seconds)
        )

    def evaluate(self) -> None:
        """Evaluate on held-out data, and keep everything: a training that is killed goes on from here."""
        step, about = int(self.model.num_timesteps), self.about()
        policy = TrainedPolicy(self.model, json.loads(about))
        episodes = play(policy, self.held_out, seed=EVALUATION_SEED, stochastic=self.plan.stochastic)
        evaluated = Evaluated(step, episodes.mean, episodes.spread)
        self.state = self.state.add(evaluated, self.seconds, self.episodes)
        best = self.state.best
        assert best is not None
        if best == evaluated:
            save_model(self.model, self.folder.file(BEST), {ABOUT: about})
        members: dict[str, str | bytes] = {ABOUT: about, STATE: self.state.to_json()}
        if getattr(self.model, "replay_buffer", None) is not None:
            members[_REPLAY] = pickle.dumps(self.model.replay_buffer)
        save_model(self.model, self.folder.file(CHECKPOINT), members)
        self.state.write_tables(self.folder.path)
        self.model.logger.record("evaluation/mean", evaluated.mean)
        self.model.logger.record("evaluation/spread", evaluated.spread)
        self.model.logger.dump(step)
        self.progress.evaluated(evaluated.mean, best.mean)


def load_checkpoint(plan: TrainPlan, file: Path, envs: SB3VecEnv) -> Any:
    """The model of a checkpoint, with its optimiser's state and its replay buffer."""
    with global_random_numbers_kept():
        model = plan.algorithm.load().load(file, env=envs, device="cpu")
    with zipfile.ZipFile(file) as archive:
        if _REPLAY in archive.namelist():
            model.replay_buffer = pickle.loads(archive.read(_REPLAY))
    return model

"""The stagewise problem: regret over the range of budgets, of policies, of a bandit and of chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from agenttts_env.baselines.rl.bandit import BudgetBandit, train_bandit
from agenttts_env.baselines.rl.evaluation import StagewiseResult, evaluate_stagewise
from agenttts_env.baselines.rl.policy import RandomPolicy, TrainedPolicy
from agenttts_env.baselines.rl.problems import make_envs
from agenttts_env.experiments.rl_study.trainings import Training, env_id, read_curve, read_seconds
from agenttts_env.stagewise.vector_env import StagewiseVectorEnv

BUDGETS = 24
"""Of a grid over the range of budgets, whose ratios are equal."""

BANDIT_ENVS = 128

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StagewiseFindings:
    """A task's policies, one for each seed.

    Attributes:
        task: its name.
        budgets: the grid, shape (budgets,).
        best: the oracle's expected score, shape (budgets,).
        offered: the best among what the environment offers, shape (budgets,).
        learnt: expected scores of the trained policies, shape (seeds, budgets).
        bandit: of the bandits, with as many episodes each; shape (seeds, budgets).
        random: of any allowed choice at every stage, shape (budgets,).
        chosen: what the first policy allocates at the lowest, the middle and the highest budget.
        steps: at which the policies were evaluated, shape (evaluations,).
        curves: held-out return of each policy then, shape (seeds, evaluations).
        seconds: of each training, shape (seeds,).
    """

    task: str
    budgets: Floats
    best: Floats
    offered: Floats
    learnt: Floats
    bandit: Floats
    random: Floats
    chosen: tuple[str, ...]
    steps: npt.NDArray[np.int64]
    curves: Floats
    seconds: Floats

    def regret(self, scores: Floats) -> Floats:
        """How much less than the oracle's is expected, as a share of it, mean over the budgets; shape (...)."""
        shares: Floats = ((self.best - scores) / self.best).mean(axis=-1)
        return shares


def stagewise_findings(trainings: Sequence[Training], out: Path) -> StagewiseFindings:
    """Evaluate a task's policies, and train its bandits.

    Args:
        trainings: of one task, finished.
        out: folder of the study.
    """
    task = trainings[0].task
    env = env_id("stagewise", task)
    results = [evaluate_stagewise(TrainedPolicy.load(each.folder(out)), env, {}, budgets=BUDGETS) for each in trainings]
    curves = [read_curve(each.folder(out)) for each in trainings]
    first = results[0]
    grid = first.budgets.tolist()
    random = evaluate_stagewise(RandomPolicy(_space(env)), env, {}, budgets=grid, repeats=64, stochastic=True)
    episodes = int(curves[0][-1]["step"]) // len(first.problem.task.stages)
    return StagewiseFindings(
        task,
        first.budgets,
        first.best,
        first.offered,
        np.stack([result.expected for result in results]),
        np.stack([_bandit(env, each.seed, episodes, first) for each in trainings]),
        random.expected,
        tuple(str(first.allocation(index)) for index in (0, BUDGETS // 2, BUDGETS - 1)),
        np.array([each["step"] for each in curves[0]]),
        np.array([[each["mean"] for each in curve] for curve in curves]),
        np.array([read_seconds(each.folder(out)) for each in trainings]),
    )


def _space(env: str) -> Any:
    return make_envs(env, 1, {}).single_action_space


def _bandit(env: str, seed: int, episodes: int, result: StagewiseResult) -> Floats:
    """Expected scores of what a bandit has found best at each budget, shape (budgets,)."""
    made = make_envs(env, BANDIT_ENVS, {"data_seeds": range(64)}, autoreset_mode=AutoresetMode.NEXT_STEP)
    envs = cast("StagewiseVectorEnv", made.unwrapped)
    bandit = BudgetBandit(envs.problem, seed=seed)
    train_bandit(bandit, envs, episodes=episodes, seed=seed)
    chosen = bandit.actions[bandit.best(result.budgets)]
    expected: Floats = envs.oracle.scores[tuple(chosen.T)]
    return expected

"""A trained policy at work, as readable text or as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from rich.console import Console
from rich.table import Table

from agenttts_env.baselines.rl.evaluation import evaluate_stagewise
from agenttts_env.baselines.rl.policy import TrainedPolicy, choose
from agenttts_env.baselines.rl.policy_searcher import PolicySearcher
from agenttts_env.baselines.rl.problems import HELD_OUT, held_out_data, make_envs, task_of
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments.enjoy_options import EnjoyOptions
from agenttts_env.experiments.labels import Labels
from agenttts_env.experiments.tables import PLAIN, trials_table
from agenttts_env.registration import make_env
from agenttts_env.rendering import backend_label, frame
from agenttts_env.search import search

MILLISECONDS = 400
"""That a frame of a moving picture is shown."""


def run_enjoy(options: EnjoyOptions, console: Console) -> None:
    """Show a policy allocate, on data that it was not trained on.

    Raises:
        InvalidInputError: there is no such policy, or an option does not go with it.
        MissingExtraError: a library is not installed.
    """
    policy = TrainedPolicy.load(options.path)
    kind = policy.about["kind"]
    shows: dict[str, Callable[[TrainedPolicy, EnjoyOptions, Console], None]] = {
        "search": _show_searches,
        "mixture": _show_searches,
        "stagewise": _show_allocations,
        "per-query": _show_questions,
    }
    if options.task is not None and kind != "mixture":
        raise InvalidInputError(f"`task` needs a policy of the mixture, but {policy.path} was trained for {kind}")
    if options.frames is not None and kind not in ("search", "mixture"):
        raise InvalidInputError(f"`frames` needs a policy that searches, but {policy.path} was trained for {kind}")
    console.print(
        f"{policy.path}: {policy.about['algo']} on {policy.about['env']}, {policy.about['training']['steps']:,} steps; "
        f"all scores are {backend_label(policy.about['training']['backend'])}",
        highlight=False,
        soft_wrap=True,
    )
    shows[kind](policy, options, console)


def _show_searches(policy: TrainedPolicy, options: EnjoyOptions, console: Console) -> None:
    about = policy.about
    if about["kind"] == "mixture":
        if options.task is None:
            raise InvalidInputError("`task` must be given for a policy of the mixture")
        task = options.task
    else:
        task = task_of(about["env"])
    trials = about["env_options"].get("trials", 50)
    for number in range(options.seed, options.seed + (options.episodes or 1)):
        env = make_env(task, backend="simulated", budget=options.budget, data_seed=HELD_OUT + number, trials=trials)
        search(env, PolicySearcher(options.path), seed=number)
        labels = Labels.of(env.problem, searcher="policy", engine="none", backend="simulated", trials=trials)
        console.print(trials_table(labels, env.trials, limit=trials))
        if options.frames is not None and number == options.seed:
            _write_frames(env, Path(options.frames))
            console.print(f"wrote {options.frames}", highlight=False)


def _write_frames(env: AllocationEnv, file: Path) -> None:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("PIL", "plot") from None
    counts = range(1, len(env.trials) + 1) if file.suffix == ".gif" else [len(env.trials)]
    pictures = [Image.fromarray(frame(env.problem, env.trials[:count], env.evaluator.backend)) for count in counts]
    rest: dict[str, Any] = {}
    if file.suffix == ".gif":
        rest = {"save_all": True, "append_images": pictures[1:], "duration": MILLISECONDS, "loop": 0}
    pictures[0].save(file, **rest)


def _show_allocations(policy: TrainedPolicy, options: EnjoyOptions, console: Console) -> None:
    about = policy.about
    budgets = [options.budget] if options.budget is not None else options.episodes or 12
    result = evaluate_stagewise(policy, about["env"], about["env_options"], budgets=budgets)
    table = Table(
        "budget", "most probable allocation", "cost", "expected score", "best there is", "regret", **PLAIN,
        title=f"{result.problem.task.name}, {backend_label('simulated')}; cost in {result.problem.cost.unit}",
    )  # fmt: skip
    for index, budget in enumerate(result.budgets.tolist()):
        allocation = result.allocation(index)
        regret = result.best[index] - result.expected[index]
        table.add_row(
            f"{budget:.6g}",
            str(allocation),
            f"{result.problem.cost_of(allocation):.6g}",
            f"{result.expected[index]:.4f}",
            f"{result.best[index]:.4f}",
            f"{regret:.4f}",
        )
    console.print(table)
    console.print(f"relative regret over these budgets: {result.relative_regret:.2%}", highlight=False)


def _show_questions(policy: TrainedPolicy, options: EnjoyOptions, console: Console) -> None:
    about = policy.about
    data = held_out_data("per-query", about["training"]["backend"], count=1, num_envs=1)
    held_out = {**about["env_options"], **data, "order": "sequential"}
    envs: Any = make_envs(about["env"], 1, held_out, autoreset_mode=AutoresetMode.NEXT_STEP)
    problem = envs.problem
    for number in range(options.seed, options.seed + (options.episodes or 1)):
        question = np.array([number % len(envs.questions)])
        observations, infos = envs.reset(seed=0, options={"example": question, "price": options.price})
        table = Table(
            "stage", "decision", "paid", "cost so far", "reward", **PLAIN,
            title=f"{problem.task.name}, question {int(infos['example'][0])}, price {options.price:g}, "
            f"{backend_label(envs.backend)}; cost in {problem.cost.unit}",
        )  # fmt: skip
        memory, stage, spent, total, done = policy.start(1), 0, 0.0, 0.0, False
        while not done:
            masks = envs.action_masks()
            probabilities, memory = policy.probabilities(observations, masks, memory)
            actions = choose(probabilities, envs.single_action_space)
            taken = int(envs.moves.nearest(actions, masks.T)[0])  # differs where the policy knows no masks
            observations, rewards, terminations, _, infos = envs.step(actions)
            cost, done = float(infos["cost"][0]), bool(terminations[0])
            table.add_row(
                problem.task.stages[stage].name,
                ("instead: " if infos["replaced"][0] else "") + envs.moves.describe(stage, taken),
                f"{cost - spent:.4g}",
                f"{cost:.4g}",
                f"{rewards[0]:+.4f}",
            )
            spent, total = cost, total + float(rewards[0])
            stage += taken == envs.moves.accept
        console.print(table)
        console.print(
            f"score {float(infos['score'][0]):.4g}, {spent / problem.budget:.1%} of the budget, return {total:.4f}",
            highlight=False,
        )

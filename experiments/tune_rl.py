"""Finds hyperparameters of a learner with Optuna, within a limit of wall time.

Run ``python -m agenttts_env.experiments.tune_rl --env AgentTTS/CWQ-Stagewise-v0 --minutes 60 --out tuned``. Several
environments of one decision problem are trained in one after the other, and the mean of what they reach counts. Trial 0
has the hyperparameters as they are. ``OUT/study.csv`` then has every trial; ``OUT/study.json`` what was run, and the
best trial; ``OUT/hyperparameters.yaml`` a copy of the file of hyperparameters with the best ones in it.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from rich.console import Console

from agenttts_env.baselines.rl.algorithms import read_hyperparameters
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.compare.launcher import begin_worker
from agenttts_env.experiments.train import CHECKPOINT, run_training
from agenttts_env.experiments.train_options import TrainOptions
from agenttts_env.experiments.train_plan import TrainPlan, library_versions
from agenttts_env.experiments.train_state import TrainState

if TYPE_CHECKING:
    import optuna


def suggest(trial: optuna.Trial, start: Mapping[str, Any], keep: Collection[str] = ()) -> dict[str, Any]:
    """Hyperparameters to try.

    Args:
        trial: Optuna's.
        start: those as they are; only what is among them is changed, and the number of sub-environments never is.
        keep: names of those that stay as they are, too.
    """
    found, kept = dict(start), {name: start[name] for name in keep}
    rate = trial.suggest_float("learning_rate", 1e-4, 5e-3, log=True)
    falls = isinstance(start.get("learning_rate"), (list, tuple))
    found["learning_rate"] = [rate, start["learning_rate"][1]] if falls else rate
    width = trial.suggest_categorical("width", [32, 64, 128])
    found["net_arch"] = [width] * len(start.get("net_arch", [64, 64]))
    if "ent_coef" in start:
        found["ent_coef"] = trial.suggest_float("ent_coef", 1e-4, 0.05, log=True)
        found["gamma"] = trial.suggest_categorical("gamma", [0.9, 0.98, 1.0])
        found["gae_lambda"] = trial.suggest_categorical("gae_lambda", [0.9, 0.95, 1.0])
        found["n_steps"] = max(1, int(start["n_steps"] * trial.suggest_categorical("n_steps factor", [0.5, 1.0, 2.0])))
    if "n_epochs" in start:
        found["n_epochs"] = trial.suggest_int("n_epochs", 2, 10)
        batches = trial.suggest_categorical("batches", [2, 4, 8])
        # A last batch that is smaller than the others would weigh more.
        found["batch_size"] = -(-int(found["num_envs"]) * int((found | kept)["n_steps"]) // batches)
    return found | kept


def score(state: TrainState) -> float:
    """How good a training was: mean of the last third of its evaluations, as the best one of many is partly luck."""
    means = [each.mean for each in state.evaluations[1:]]
    return fmean(means[-max(1, len(means) // 3) :])


def tune(
    options: Sequence[TrainOptions],
    *,
    minutes: float,
    most: int | None,
    out: Path,
    console: Console,
    keep: Collection[str] = (),
    jobs: int = 1,
) -> dict[str, Any]:
    """Run a study.

    Args:
        options: of a trial's trainings, of one decision problem; their folders, and the hyperparameters that are
            changed, are set here.
        minutes: no trial begins after them.
        most: how many trials at most.
        out: folder of the results and of every trial's trainings.
        console: where progress is shown.
        keep: names of hyperparameters that stay as they are.
        jobs: how many of a trial's trainings run at once.

    Returns:
        The contents of ``study.json``.

    Raises:
        InvalidInputError: an option breaks a rule, or there are results in the folder already.
        MissingExtraError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("optuna", "baselines") from None
    import yaml

    if (out / "study.json").exists():
        raise InvalidInputError(f"`out` must be a folder without a study, but {out} has one")
    plans = [TrainPlan.of(each) for each in options]
    plan = plans[0]
    if len({(each.kind, each.algorithm.name) for each in plans}) > 1:
        names = ", ".join(each.env for each in options)
        raise InvalidInputError(f"`env` must name environments of one decision problem, but got {names}")
    if unknown := [name for name in keep if name not in plan.hyperparameters]:
        raise InvalidInputError(f"`keep` must be among {', '.join(plan.hyperparameters)}, but got {unknown[0]!r}")
    rows: list[dict[str, Any]] = []
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=plan.options.seed))

    def run(changes: Mapping[str, Any]) -> float:
        number, start = len(rows), time.monotonic()
        folder = out / f"trial-{number}"
        trainings = [
            replace(each, hyperparameter=dict(changes), out=str(folder / str(part)))
            for part, each in enumerate(options)
        ]
        value = fmean(pool.map(_train, trainings))
        rows.append(
            {"trial": number, "value": value, "seconds": round(time.monotonic() - start, 1)}
            | {name: json.dumps(changes[name]) for name in sorted(changes)}
        )
        _write_rows(out / "study.csv", rows)
        console.print(f"trial {number}: {value:.4f}, best {max(row['value'] for row in rows):.4f}", highlight=False)
        return value

    out.mkdir(parents=True, exist_ok=True)
    begin, tried = time.monotonic(), [dict(plan.hyperparameters)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=begin_worker) as pool:
        run(tried[0])
        while (most is None or len(rows) < most) and time.monotonic() - begin < minutes * 60:
            trial = study.ask()
            tried.append(suggest(trial, plan.hyperparameters, keep))
            study.tell(trial, run(tried[-1]))
    best = max(rows, key=lambda row: row["value"])
    values = read_hyperparameters(plan.options.hyperparameters)
    values.setdefault(plan.kind, {})[plan.algorithm.name] = tried[best["trial"]]
    (out / "hyperparameters.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    result = {
        "settings": [each.settings() | {"hyperparameters": "see study.csv"} for each in plans],
        "minutes": minutes,
        "trials": len(rows),
        "as they were": rows[0]["value"],
        "best": {"trial": best["trial"], "value": best["value"], "hyperparameters": tried[best["trial"]]},
        "libraries": library_versions() | {"optuna": optuna.__version__},
    }
    (out / "study.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def _train(options: TrainOptions) -> float:
    run_training(options, Console(quiet=True))
    return score(TrainState.read(options.folder / CHECKPOINT))


def _write_rows(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Tune what is named.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True, action="append", help="as for `agenttts train`; repeatable")
    parser.add_argument("--algo", help="the learner [as for `agenttts train`]")
    parser.add_argument("--env-option", action="append", default=[], help="KEY=VALUE; repeatable")
    parser.add_argument("--keep", action="append", default=[], help="a hyperparameter to leave as it is; repeatable")
    parser.add_argument("--minutes", type=float, default=30.0, help="no trial begins after them [30]")
    parser.add_argument("--trials", type=int, help="how many at most")
    parser.add_argument("--jobs", type=int, default=1, help="how many of a trial's trainings run at once [1]")
    parser.add_argument("--steps", type=int, default=100_000, help="of each training [100000]")
    parser.add_argument("--eval-episodes", type=int, default=256, help="of each evaluation [256]")
    parser.add_argument("--seed", type=int, default=0, help="of the study and of each training [0]")
    parser.add_argument("--out", default="runs/tuned", help="folder [runs/tuned]")
    words = parser.parse_args(argv)
    options = [
        TrainOptions(
            env=env,
            algo=words.algo,
            env_option=parsing.json_values("env_option", words.env_option),
            steps=words.steps,
            eval_every=max(1, words.steps // 12),
            eval_episodes=words.eval_episodes,
            seed=words.seed,
        )
        for env in words.env
    ]
    console = Console()
    result = tune(
        options, minutes=words.minutes, most=words.trials, out=Path(words.out), console=console, keep=words.keep
    )
    console.print(f"{result['as they were']:.4f} as they were, best {result['best']['value']:.4f}: {words.out}")


if __name__ == "__main__":
    main()

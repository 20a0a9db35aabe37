"""The command line of the study."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from agenttts_env.baselines.rl.problems import Kind
from agenttts_env.experiments.rl_study.mixture import mixture_findings
from agenttts_env.experiments.rl_study.page import mixture_section, per_query_section, stagewise_section, write_page
from agenttts_env.experiments.rl_study.per_query import per_query_findings
from agenttts_env.experiments.rl_study.plots import plot_curves, plot_regret, plot_searches, plot_trade_off
from agenttts_env.experiments.rl_study.recorded import TASK, recorded_findings
from agenttts_env.experiments.rl_study.stagewise import stagewise_findings
from agenttts_env.experiments.rl_study.trainings import Training, all_tasks, plan, run
from agenttts_env.experiments.train_plan import library_versions

KINDS: tuple[Kind, ...] = ("stagewise", "per-query", "mixture")


def main(argv: Sequence[str] | None = None) -> None:
    """Train, evaluate and write the page.

    Args:
        argv: the words after the program's name; those of this process if None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    options = _parser().parse_args(words)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out, kinds, tasks = Path(options.out), cast("tuple[Kind, ...]", tuple(options.kinds)), tuple(options.tasks)
    trainings = plan(kinds, tasks, options.seeds)
    recorded = [Training("per-query", TASK, seed) for seed in range(options.seeds)] if "per-query" in kinds else []
    start, everything = time.monotonic(), [*trainings, *recorded]
    for number, training in enumerate(run(everything, out, scale=options.scale, jobs=options.jobs), 1):
        passed = time.monotonic() - start
        left = passed / number * (len(everything) - number)
        print(f"{number}/{len(everything)} {training} · {passed:.0f} s, about {left:.0f} s left", file=sys.stderr)
    page = Path(options.markdown)
    plots = page.parent / page.stem
    plots.mkdir(parents=True, exist_ok=True)
    sections = [_section(kind, trainings, recorded, out, plots, options.jobs) for kind in kinds]
    versions = "Versions: " + ", ".join(f"{name} {version}" for name, version in library_versions().items()) + "."
    command = f"python -m agenttts_env.experiments.rl_study {shlex.join(words)}".strip()
    write_page(page, sections, command, versions)
    print(f"written: {page} and {plots}")


def _section(
    kind: Kind, trainings: Sequence[Training], recorded: Sequence[Training], out: Path, plots: Path, jobs: int
) -> str:
    """A decision problem's part of the page, and its plots."""
    own = [each for each in trainings if each.kind == kind]
    groups = [[each for each in own if each.task == task] for task in dict.fromkeys(each.task for each in own)]
    if kind == "stagewise":
        stagewise = [stagewise_findings(group, out) for group in groups]
        plot_regret(stagewise, plots / "stagewise-regret.png")
        plot_curves(
            {each.task: (each.steps.tolist(), each.curves) for each in stagewise},
            "SIMULATED · stagewise: score on held-out data, mean over the budgets", "score",
            plots / "stagewise-curves.png",
        )  # fmt: skip
        return stagewise_section(stagewise, plots.name)
    if kind == "per-query":
        per_query = [per_query_findings(group, out) for group in groups]
        plot_trade_off(per_query, plots / "per-query-trade-off.png")
        plot_curves(
            {each.task: (each.steps.tolist(), each.returns) for each in per_query},
            "SIMULATED · per query: score less price times cost, on held-out questions", "return",
            plots / "per-query-curves.png",
        )  # fmt: skip
        return per_query_section(per_query, recorded_findings(recorded, out), plots.name)
    mixture = mixture_findings(own, out, jobs)
    plot_searches(mixture, plots / "mixture-searches.png")
    plot_curves(
        {task: (mixture.steps.tolist(), curve) for task, curve in mixture.curves.items()},
        "SIMULATED · search: expected score of the final incumbent, on the left-out task", "return",
        plots / "mixture-curves.png",
    )  # fmt: skip
    return mixture_section(mixture, plots.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agenttts_env.experiments.rl_study",
        description="Train policies for every decision problem, evaluate them, and write docs/rl.md and its plots. "
        "It goes on where it stopped.",
    )
    parser.add_argument("--out", default="runs/rl-study", metavar="DIR", help="folder of the trainings [runs/rl-study]")
    parser.add_argument("--markdown", default="docs/rl.md", metavar="FILE", help="the page [docs/rl.md]")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=get_args(Kind), help="decision problems")
    parser.add_argument("--tasks", nargs="+", default=list(all_tasks()), choices=all_tasks(), help="tasks [all]")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="training seeds [5]")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="share of the steps [1]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes [the cores]")
    return parser


if __name__ == "__main__":
    main()

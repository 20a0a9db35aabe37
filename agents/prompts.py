"""The parts that the prompts of all LLM-driven searchers are made of.

A prompt shows means over the search split, and no example.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from agenttts_env.agents.proposals import Proposal, proposal_json
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Message, Prompt
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

_SYSTEM = (
    "You decide how much inference compute each stage of a language-model pipeline gets. Rely on the measured numbers, "
    "do the arithmetic of costs with care, and be brief."
)
_SHOWN_COUNTS = (1, 2, 5, 10, 20, 50, 100)
_MOST_SHOWN_REJECTIONS = 5


def make_prompt(*parts: str) -> Prompt:
    """One question, of the parts that are not empty."""
    return (Message("system", _SYSTEM), Message("user", "\n\n".join(part for part in parts if part)))


def with_rejections(prompt: Prompt, rejected: Sequence[Proposal]) -> Prompt:
    """The same question, with what was wrong with the last reply to it; unchanged if nothing was."""
    if not rejected:
        return prompt
    lines = [f"- {proposal.text or '(nothing)'}: {proposal.reason}" for proposal in rejected[:_MOST_SHOWN_REJECTIONS]]
    told = "\n".join(["Your last reply could not be used:", *lines, "Reply again without these mistakes."])
    *before, last = prompt
    return (*before, Message(last.role, f"{last.content}\n\n{told}"))


def describe(problem: Problem) -> str:
    """The task, its stages, the budget, and what everything costs."""
    unit, levels = problem.cost.unit, problem.levels
    consecutive = levels == tuple(range(levels[0], levels[-1] + 1))
    on_offer = f"every integer from {levels[0]} to {levels[-1]}" if consecutive else ", ".join(map(str, levels))
    return (
        f"{describe_task(problem)}\n"
        f"Sample counts on offer: {on_offer}.\n"
        f"Budget: {problem.budget:.6g} {unit} per example, for the sum of all stages. A stage pays once for reading "
        "its prompt and for every sample that it writes, at its model's price.\n"
        f"Cost in {unit} by stage, model and samples; and the most samples that the budget pays while all other stages "
        f"take what is cheapest:\n{_cost_table(problem)}"
    )


def describe_task(problem: Problem) -> str:
    """The task and its stages."""
    task = problem.task
    metrics = ", ".join([f"{task.main_metric} (to be maximised)", *task.metrics[1:]])
    stages = "\n".join(
        f"- {stage.name}: reads about {stage.prompt_tokens} tokens, writes about {stage.decode_tokens} per sample"
        for stage in task.stages
    )
    return (
        f"Task {task.name}: {task.description}\n"
        f"Metrics: {metrics}.\n"
        "An allocation gives each stage a model and a number of samples. The model writes so many replies to the "
        f"stage's prompt, and they are merged into one, which the next stage builds on. Stages, in order:\n{stages}"
    )


def table(title: str, trials: Sequence[Trial]) -> str:
    """Trials, one on a line; empty without any."""
    return "\n".join([f"{title} (number, allocation, cost, metrics):", *map(_row, trials)]) if trials else ""


def best_line(problem: Problem, trials: Sequence[Trial]) -> str:
    """Which trial is the best; empty if none is complete."""
    best = best_trial(list(trials))
    return "" if best is None else f"Best of these: number {best.number}, {problem.task.main_metric} {best.score:.3f}."


def request(problem: Problem, count: int, *, after_trials: bool = True) -> str:
    """Asks for allocations, as JSON.

    Args:
        problem: what is searched.
        count: for how many.
        after_trials: whether the prompt shows trials, which are not to be repeated.
    """
    form = json.dumps({"candidates": [proposal_json(problem, _cheapest(problem))]})
    asked = "Propose one allocation for the next trial."
    if count > 1:
        asked = f"Propose {count} allocations for the next trials, all different."
    new = " Do not repeat a trial that is shown above." if after_trials else ""
    return (
        f"{asked}{new} An allocation must stay within the budget: add up the costs of its stages before you write it "
        f"down. Reply with JSON alone. Its form, with a single allocation:\n{form}"
    )


def _cost_table(problem: Problem) -> str:
    shown = [index for index, level in enumerate(problem.levels) if level in _SHOWN_COUNTS] or [0]
    rows = []
    for place, (stage, costs_of) in enumerate(zip(problem.task.stages, problem.cost_tables, strict=True)):
        others = problem.cheapest_cost - float(costs_of.min())
        for model, costs in zip(stage.models, costs_of, strict=True):
            counts = ", ".join(f"x{problem.levels[index]} {costs[index]:.4g}" for index in shown)
            most = problem.most_samples(place, model.name, others)
            rows.append(f"{stage.name} | {model.name} | {counts} | {f'most x{most}' if most else 'never fits'}")
    return "\n".join(rows)


def _row(trial: Trial) -> str:
    """One trial on one line. Only means and costs: a failure's reason may quote what a model wrote."""
    shown = trial.allocation or trial.requested
    cells = [f"{trial.number}. {shown or 'no usable proposal'}"]
    if trial.cost is not None:
        cells.append(f"cost {trial.cost:.4g}")
    if trial.state == "complete":
        cells.append(", ".join(f"{name} {value:.3f}" for name, value in trial.metrics.items()))
    else:
        cells.append("over budget, not run" if trial.state == "infeasible" else "failed")
    if trial.allocation is not None and trial.allocation != trial.requested:
        cells.append(f"in place of {trial.requested}, which is over budget")
    return " | ".join(cells)


def _cheapest(problem: Problem) -> Allocation:
    return problem.decode(
        np.array([i for table in problem.cost_tables for i in divmod(int(table.argmin()), table.shape[1])])
    )

"""What the AgentTTS searcher asks its LLM. A prompt shows means over the search split, and no example."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from agenttts_env.agents.proposals import proposal_json
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Message, Prompt
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

INSIGHT_1 = (
    "Models. Compare trials of about the same cost: which size suits each stage? A large model has to earn its place "
    "with a lead that is more than noise; if the sizes do about equally well, take the small one."
)
INSIGHT_2 = (
    "Samples. Extra samples pay off only up to some count, and past it the score may even drop. For each stage: should "
    "its count go up or down from here, and around which count do you expect the gains to end?"
)
INSIGHT_3 = (
    "Budget. Whatever one stage spends, the others lack. Which stage should be served first, which different splits "
    "deserve a trial, and what balance do you aim at?"
)
NO_INSIGHT = "What do these trials teach, and what should be tried next?"

_SYSTEM = (
    "You decide how much inference compute each stage of a language-model pipeline gets. Rely on the measured numbers, "
    "do the arithmetic of costs with care, and be brief."
)
_SHOWN_COUNTS = (1, 2, 5, 10, 20, 50, 100)
_MOST_GUIDELINE_CHARACTERS = 2000


def first_guideline_prompt(problem: Problem, trials: Sequence[Trial], insights: tuple[bool, bool, bool]) -> Prompt:
    """Asks for advice from the first trials.

    Args:
        problem: what is searched.
        trials: those to show.
        insights: which of the paper's three insights to ask about.
    """
    questions = [text for text, on in zip((INSIGHT_1, INSIGHT_2, INSIGHT_3), insights, strict=True) if on]
    return _guideline_prompt(problem, trials, [_table("Trials so far", trials)], questions)


def later_guideline_prompt(
    problem: Problem, old: Sequence[Trial], recent: Sequence[Trial], insights: tuple[bool, bool, bool]
) -> Prompt:
    """Asks for new advice, with the trials since the last one told apart. The models (Insight 1) are settled by now."""
    questions = [text for text, on in zip((INSIGHT_2, INSIGHT_3), insights[1:], strict=True) if on]
    tables = [_table("Earlier trials", old), _table("Trials since the last advice", recent)]
    return _guideline_prompt(problem, [*old, *recent], tables, questions)


def candidates_prompt(problem: Problem, trials: Sequence[Trial], guidelines: Sequence[str], batch: int) -> Prompt:
    """Asks for the next trials, as JSON.

    Args:
        problem: what is searched.
        trials: those to show.
        guidelines: the advice to follow, oldest first.
        batch: how many allocations to ask for.
    """
    advice = [
        f"Advice {number}:\n{text[:_MOST_GUIDELINE_CHARACTERS].strip()}" for number, text in enumerate(guidelines, 1)
    ]
    form = json.dumps({"candidates": [proposal_json(problem, _cheapest(problem))]})
    request = (
        f"Propose {batch} allocations for the next trials. They must differ from each other and from all trials above, "
        "and each must stay within the budget: add up the costs of its stages before you write it down. Reply with "
        f"JSON alone. Its form, with a single allocation:\n{form}"
    )
    return _prompt([_describe(problem), _table("Trials so far", trials), _best(problem, trials), *advice, request])


def _guideline_prompt(
    problem: Problem, trials: Sequence[Trial], tables: Sequence[str], questions: Sequence[str]
) -> Prompt:
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(questions or [NO_INSIGHT], 1))
    request = f"Give advice for choosing the next trials, in 120 words at most:\n{listed}"
    return _prompt([_describe(problem), *tables, _best(problem, trials), request])


def _prompt(parts: Sequence[str]) -> Prompt:
    return (Message("system", _SYSTEM), Message("user", "\n\n".join(part for part in parts if part)))


def _describe(problem: Problem) -> str:
    task, unit, levels = problem.task, problem.cost.unit, problem.levels
    consecutive = levels == tuple(range(levels[0], levels[-1] + 1))
    on_offer = f"every integer from {levels[0]} to {levels[-1]}" if consecutive else ", ".join(map(str, levels))
    metrics = ", ".join([f"{task.main_metric} (to be maximised)", *task.metrics[1:]])
    stages = "\n".join(
        f"- {stage.name}: reads about {stage.prompt_tokens} tokens, writes about {stage.decode_tokens} per sample"
        for stage in task.stages
    )
    return (
        f"Task {task.name}: {task.description}\n"
        f"Metrics: {metrics}.\n"
        "An allocation gives each stage a model and a number of samples. The model writes so many replies to the "
        f"stage's prompt, and they are merged into one, which the next stage builds on. Stages, in order:\n{stages}\n"
        f"Sample counts on offer: {on_offer}.\n"
        f"Budget: {problem.budget:.6g} {unit} per example, for the sum of all stages. A stage pays once for reading "
        "its prompt and for every sample that it writes, at its model's price.\n"
        f"Cost in {unit} by stage, model and samples; and the most samples that the budget pays while all other stages "
        f"take what is cheapest:\n{_cost_table(problem)}"
    )


def _cost_table(problem: Problem) -> str:
    shown = [index for index, level in enumerate(problem.levels) if level in _SHOWN_COUNTS] or [0]
    rows = []
    for place, (stage, table) in enumerate(zip(problem.task.stages, problem.cost_tables, strict=True)):
        others = problem.cheapest_cost - float(table.min())
        for model, costs in zip(stage.models, table, strict=True):
            counts = ", ".join(f"x{problem.levels[index]} {costs[index]:.4g}" for index in shown)
            most = problem.most_samples(place, model.name, others)
            rows.append(f"{stage.name} | {model.name} | {counts} | {f'most x{most}' if most else 'never fits'}")
    return "\n".join(rows)


def _table(title: str, trials: Sequence[Trial]) -> str:
    return "\n".join([f"{title} (number, allocation, cost, metrics):", *map(_row, trials)]) if trials else ""


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


def _best(problem: Problem, trials: Sequence[Trial]) -> str:
    best = best_trial(list(trials))
    return "" if best is None else f"Best of these: number {best.number}, {problem.task.main_metric} {best.score:.3f}."


def _cheapest(problem: Problem) -> Allocation:
    return problem.decode(
        np.array([i for table in problem.cost_tables for i in divmod(int(table.argmin()), table.shape[1])])
    )

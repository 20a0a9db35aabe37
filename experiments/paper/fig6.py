"""Figure 6: low, medium and high budgets; and the case study at 850."""

from __future__ import annotations

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.paper.conclusions import budget_sentences
from agenttts_env.experiments.paper.labels import backend_of, origin_of
from agenttts_env.experiments.paper.landscape import MULTI_HOP, oracle, short
from agenttts_env.experiments.paper.numbers import Number, Table
from agenttts_env.experiments.paper.page import Page, Plot
from agenttts_env.experiments.paper.preset import Context, Preset
from agenttts_env.experiments.paper.printed import CASE_BUDGET, CASE_COSTS, FEW_BUDGETS
from agenttts_env.experiments.paper.searches import Searches, run_searches, search_settings, searchers_of
from agenttts_env.experiments.paper.style import drawing, legend, line_styles
from agenttts_env.experiments.published import LLAMA, PUBLISHED, QWEN

CONTROL = "insight-rules"
BASELINE = "tpe"


def run(context: Context) -> Page:
    """Search at each budget, and value the published optima."""
    searchers = searchers_of(context)
    found = run_searches(context, "budgets", tasks=(MULTI_HOP,), budgets=FEW_BUDGETS, searchers=searchers)
    problems = {f"{budget:g}": f"{MULTI_HOP} @ {budget:g}" for budget in FEW_BUDGETS}
    leader = "agenttts" if "agenttts" in searchers else CONTROL
    rank = found.comparison.position(leader)
    shares = {
        name: float(found.final(problem).value[rank]) / found.oracles[problem] for name, problem in problems.items()
    }
    backend = backend_of(context)
    plot = Plot("fig6", f"Expected score of the incumbent over trials, mean over seeds with 95% bands; {backend}")
    _draw(context, plot, found, problems, backend)
    return Page(
        title="Figure 6: budgets 500, 900 and 2000, 2WikiMultiHopQA",
        backend=backend,
        origin=origin_of(context)
        + "That the published optima at 500, 850 and 1000 have neighbours within .01 of the oracle was **fitted**; "
        "budgets 900 and 2000, and all that searchers reach, are predictions. Costs are exact.",
        conclusion=budget_sentences(
            {name: found.effect(problem, leader, BASELINE, name) for name, problem in problems.items()},
            shares,
            leader,
            BASELINE,
        ),
        reported=(
            "The methods' curves at budgets 500, at which one stage can have its optimum, 900, and 2000, at which both "
            "can (Figure 6; the text has no numbers of the curves).",
            "Case study at 850: the retrieval stage's own optimum is 72B x1 for 814 units and the answer's is 3B x50 "
            "for 52: both together do not fit, and 72B x1 + 3B x15 for 831 is found; at 500 32B x5 + 3B x20 for 468 "
            "(case study).",
        ),
        contents=(
            plot,
            Table(
                "expected score of the final incumbent [95% over seeds]",
                "searcher",
                tuple(n for name, problem in problems.items() for n in found.numbers(problem, name)),
            ),
            Table(
                "share of runs that came within 1% of the oracle, at any time",
                "searcher",
                tuple(
                    Number(searcher, name, found.share_found(problem, searcher), digits=2)
                    for name, problem in problems.items()
                    for searcher in searchers
                ),
            ),
            Table("published optima on this landscape", "budget and allocation", tuple(_optima())),
            Table(
                "the case study's costs",
                "stage",
                tuple(_case()),
                "By the paper's formula, which has no parameters to fit.",
            ),
        ),
        differences=(
            "The paper's curves are single runs; here every score is a mean over seeds.",
            "With the paper's lengths 72B x1 and 3B x50 cost 866 together: 500 and 850 force a compromise, 900 and "
            "2000 do not.",
            "How far a published optimum is below the oracle here is partly the landscape's doing: several other "
            "allocations score about the same.",
        ),
        settings=search_settings(context, searchers) | {"budgets": ", ".join(problems)},
    )


def _optima() -> list[Number]:
    published = PUBLISHED[MULTI_HOP]
    optima = {**published.optima, published.budgets[0]: published.optimum}
    numbers = []
    for budget, allocation in sorted(optima.items()):
        surface = oracle(MULTI_HOP, budget)
        best = surface.best()
        for what, valued in (("paper", surface.value(allocation)), ("oracle here", best)):
            row = f"{budget:g}, {what}: {short(valued.allocation)}"
            numbers += [
                Number(row, "cost", valued.cost, digits=0),
                Number(row, "expected score", valued.score),
                Number(row, "share of the oracle", valued.score / best.score),
            ]
    return numbers


def _case() -> list[Number]:
    problem = oracle(MULTI_HOP, CASE_BUDGET).problem
    retrieve, answer = problem.task.stages
    costs = {
        "qwen2.5-72b x1": problem.cost.stage_cost(retrieve, retrieve.model(QWEN["72B"]), 1),
        "llama-3.2-3b x50": problem.cost.stage_cost(answer, answer.model(LLAMA["3B"]), 50),
    }
    case = Allocation.of((QWEN["72B"], 1), (LLAMA["3B"], 15))
    return [
        *(
            Number(name, "units", cost, published=CASE_COSTS[name], status="exact", digits=0)
            for name, cost in costs.items()
        ),
        Number("both", "units", sum(costs.values()), published=866, status="exact", digits=0),
        Number(str(case), "units", problem.cost_of(case), published=831, status="exact", digits=0),
    ]


def _draw(context: Context, plot: Plot, found: Searches, problems: dict[str, str], backend: str) -> None:
    searchers = found.comparison.searchers
    styles = line_styles(searchers)
    numbers = np.arange(1, found.comparison.trials + 1)
    with drawing(context.folder / plot.stem, f"2WikiMultiHopQA · {backend}", 3.2, 1, 3, sharex=True) as panels:
        for axes, (name, problem) in zip(panels, problems.items(), strict=True):
            curves = found.curves(problem)
            for rank, searcher in enumerate(searchers):
                axes.plot(numbers, curves.value[rank], label=searcher, **styles[searcher])
                axes.fill_between(
                    numbers,
                    curves.low[rank],
                    curves.high[rank],
                    color=styles[searcher]["color"],
                    alpha=0.08,
                    linewidth=0,
                )
            best = found.oracles[problem]
            low = curves.value[:, min(5, len(numbers) - 1)].min()
            axes.axhline(best, color="black", linewidth=0.8, linestyle=":", label="oracle")
            axes.set_ylim(low - 0.1 * (best - low), best + 0.06 * (best - low))
            axes.set_title(f"budget {name}")
            axes.set_xlabel("trials")
        panels[0].set_ylabel("expected EM of the incumbent")
        legend(panels[0], 4)


PRESET = Preset(
    "fig6", "Figure 6: budgets 500, 900 and 2000, and the case study at 850, 2WikiMultiHopQA", "1 to 2", run
)

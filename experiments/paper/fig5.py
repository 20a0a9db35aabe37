"""Figure 5: guidelines beside what came of them. Needs an LLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.paper.conclusions import GuidelineRun, guideline_sentences
from agenttts_env.experiments.paper.labels import backend_of, llm_name, origin_of
from agenttts_env.experiments.paper.landscape import MULTI_HOP, short
from agenttts_env.experiments.paper.numbers import Number, Table
from agenttts_env.experiments.paper.page import Page, Plot
from agenttts_env.experiments.paper.preset import Context, Preset
from agenttts_env.experiments.paper.printed import BUDGETS
from agenttts_env.experiments.paper.searches import run_searches, search_settings
from agenttts_env.experiments.paper.style import PALETTE, drawing, legend

LEADER = "agenttts"
RUNS = 2
"""As few as a comparison has: every guideline is shown, and an LLM takes its time."""

MOST_CHARACTERS = 900
"""Of a guideline on the page."""


@dataclass(frozen=True)
class Round:
    """One guideline and the trials up to the next one.

    Attributes:
        run: seed of the run.
        number: from 1.
        first: number of its first trial.
        end: number after its last.
        text: of the guideline.
    """

    run: int
    number: int
    first: int
    end: int
    text: str


def run(context: Context) -> Page:
    """Let the agent search, and show what it wrote."""
    searchers = ("random", "init-only", LEADER)
    found = run_searches(
        context, "guidelines", tasks=(MULTI_HOP,), budgets=(BUDGETS[MULTI_HOP],), searchers=searchers, seeds=RUNS
    )
    records = sorted((r for r in found.records if r.searcher == LEADER), key=lambda record: record.seed)
    rounds = {r.seed: rounds_of(r, found.guidelines(LEADER, r.seed)) for r in records}
    backend = backend_of(context)
    plot = Plot("fig5", f"Search scores of the agent's trials; lines: a new guideline; {backend}")
    _draw(context, plot, records, rounds, backend)
    runs = [_summary(record, rounds[record.seed]) for record in records]
    return Page(
        title="Figure 5: guidelines and the trials they led to, 2WikiMultiHopQA",
        backend=backend,
        origin=origin_of(context) + "No published figure is compared here: Figure 5 has words and curves only.",
        conclusion=guideline_sentences(runs, llm_name(context)),
        reported=(
            "The paper's search LLM is o3-mini. Its case study at budget 850 names 72B x1 and 3B x50 as the stages' "
            "own optima, and 5 to 50 as the useful numbers of samples at the answer.",
            "Figure 5 itself holds guidelines in words, which are not repeated here.",
        ),
        contents=(
            plot,
            Table(
                "search score by round",
                "run and round",
                tuple(n for record in records for n in _numbers(record, rounds[record.seed])),
                "Round 0: the initial trials. Scores are means over 50 examples, with a standard error of about .06.",
            ),
        ),
        sections=tuple(
            (f"Run {record.seed}, guideline by guideline", _told(record, rounds[record.seed])) for record in records
        ),
        differences=(
            "The prompts are ours, not the paper's, and the LLM is another one.",
            "What a guideline says and what the next trials do need not have to do with each other; nothing here "
            "measures whether it has.",
        ),
        settings=search_settings(context, searchers)
        | {
            "seeds": f"{RUNS} runs, whatever --seeds says: every guideline is shown",
            "budget": f"{BUDGETS[MULTI_HOP]:g}",
        },
    )


def rounds_of(record: CellRecord, notes: Sequence[Mapping[str, Any]]) -> list[Round]:
    """The guidelines of a run in order, each with the trials before the next."""
    starts = [int(note["trial"]) for note in notes]
    ends = [*starts[1:], len(record.state)]
    return [
        Round(record.seed, number, first, end, str(note["reply"]))
        for number, (note, first, end) in enumerate(zip(notes, starts, ends, strict=True), 1)
    ]


def _first(record: CellRecord, rounds: list[Round]) -> int:
    return rounds[0].first if rounds else len(record.state)


def _best(record: CellRecord, first: int, end: int) -> float:
    return max((score for score in record.score[first:end] if score is not None), default=float("nan"))


def _summary(record: CellRecord, rounds: list[Round]) -> GuidelineRun:
    first, end = _first(record, rounds), len(record.state)
    usable = sum(state == "complete" for state in record.state[first:])
    return GuidelineRun(len(rounds), usable, end - first, _best(record, 0, first), _best(record, first, end))


def _numbers(record: CellRecord, rounds: list[Round]) -> list[Number]:
    spans = [(0, 0, _first(record, rounds)), *((r.number, r.first, r.end) for r in rounds)]
    found = []
    for number, first, end in spans:
        row = f"run {record.seed}, round {number}"
        scores = [score for score in record.score[first:end] if score is not None]
        found += [
            Number(row, "trials", end - first, digits=0),
            Number(row, "complete", len(scores), digits=0),
            Number(row, "mean score", float(np.mean(scores)) if scores else float("nan")),
            Number(row, "best score", max(scores, default=float("nan"))),
        ]
    return found


def _told(record: CellRecord, rounds: list[Round]) -> str:
    parts = []
    for each in rounds:
        text = each.text.strip()
        shown = text[:MOST_CHARACTERS] + (" […]" if len(text) > MOST_CHARACTERS else "")
        # As code: whatever an LLM writes is no Markdown of this page.
        quoted = "\n".join("    " + "".join(c if c.isprintable() else " " for c in line) for line in shown.splitlines())
        rows = [
            f"| {trial} | {_name(record.requested[trial])} | {record.state[trial]} | {_score(record.score[trial])} |"
            for trial in range(each.first, each.end)
        ]
        parts.append(
            f"**Guideline {each.number}**, before trial {each.first}:\n\n{quoted or '    (empty)'}\n\n"
            + "\n".join(["| trial | allocation | state | search score |", "|---|---|---|---|", *rows])
        )
    return "\n\n".join(parts) or "The run ended before the first guideline."


def _name(requested: str | None) -> str:
    return "-" if requested is None else short(requested)


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"


def _draw(
    context: Context, plot: Plot, records: list[CellRecord], rounds: dict[int, list[Round]], backend: str
) -> None:
    with drawing(
        context.folder / plot.stem, f"2WikiMultiHopQA · {backend}", 2.8, 1, len(records), sharey=True
    ) as panels:
        for axes, record in zip(panels, records, strict=True):
            scores = np.array([np.nan if score is None else score for score in record.score])
            numbers = np.arange(len(scores))
            axes.plot(numbers, scores, "o", color=PALETTE[0], label="complete trial")
            lost = numbers[np.isnan(scores)]
            axes.plot(lost, np.full(len(lost), 0.03), "x", color=PALETTE[1], label="infeasible or failed (no score)",
                      transform=axes.get_xaxis_transform())  # fmt: skip
            for each in rounds[record.seed]:
                label = "guideline" if each.number == 1 else None
                axes.axvline(each.first - 0.5, color="black", linewidth=0.7, linestyle=":", label=label)
            axes.set_title(f"run {record.seed}")
            axes.set_xlabel("trial")
        panels[0].set_ylabel("EM on 50 examples")
        legend(panels[0], 3)


PRESET = Preset(
    "fig5", "Figure 5: guidelines and the trials they led to (needs --llm)", "by the LLM", run, needs_llm=True
)

"""Table 2: temperature and number of samples."""

from __future__ import annotations

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.paper.conclusions import temperature_sentences
from agenttts_env.experiments.paper.landscape import MULTI_HOP, ORIGIN, SIMULATED, oracle
from agenttts_env.experiments.paper.numbers import Number, Status, Table
from agenttts_env.experiments.paper.page import Page, Plot
from agenttts_env.experiments.paper.preset import Context, Preset, package_version
from agenttts_env.experiments.paper.style import PALETTE, drawing, legend
from agenttts_env.experiments.published import LLAMA, QWEN, TABLE_2, TEMPERATURES
from agenttts_env.simulation.landscape import REFERENCE_TEMPERATURE

EXAMPLES = 50
"""Of the paper's training set: every printed score is a multiple of .02."""


def run(context: Context) -> Page:
    """Expected scores at each temperature of the answer, beside the printed ones."""
    scores = tuple(_score(samples, temperature) for samples in TABLE_2 for temperature in TEMPERATURES)
    fits = tuple(
        number
        for temperature, name in zip(TEMPERATURES, _columns(), strict=True)
        for number in _fit(name, [s for s in scores if s.column == name], _status(temperature))
    )
    plot = Plot(
        "table2", f"EM over the samples of 3B at three temperatures; lines: {SIMULATED}, circles: the paper's 50"
    )
    _draw(context, plot, scores)
    by_column, printed = (
        {name: [getattr(score, which) for score in scores if score.column == name] for name in _columns()}
        for which in ("value", "published")
    )
    return Page(
        title="Table 2: temperature and number of samples, 2WikiMultiHopQA",
        backend=SIMULATED,
        origin=ORIGIN
        + f"The column T {REFERENCE_TEMPERATURE:g} was fitted; the others are predictions of the mechanism, in which "
        "the log-odds of a right sample are multiplied by 0.9/T.",
        conclusion=temperature_sentences(by_column, printed, scores),
        reported=(
            "EM on the 50 training examples with 72B x1 at retrieval and 3B x1 to x90 at the answer, for T .1, .5 and "
            ".9 (Table 2): 30 scores, from .64 to .80, the highest at T .9 with 60 samples.",
            "All 30 are multiples of .02: one example. The standard error of one such score is about .06.",
        ),
        contents=(
            Table(
                "expected EM, beside the printed one",
                "samples of 3B",
                scores,
                f"In brackets: plus and minus the standard error that a mean over {EXAMPLES} examples would have. An "
                "expected score has no error of its own.",
            ),
            Table("the two compared, by temperature", "", fits),
            plot,
        ),
        differences=(
            "A printed score moves by .02 with a single example; compare columns, not cells.",
            "The paper does not say at which stages the temperature was set. Here it is the answer's. Set at both "
            f"stages, no score of the table would change by more than {_of_both_stages(scores):.3f}.",
            "That a low temperature makes a single sample better is built into the mechanism, and so is that it leaves "
            "less to gain by more samples. The printed scores at T .1 stay lower than that: samples that hardly differ "
            "may miss what the mechanism does not have.",
        ),
        settings={
            "task": f"{MULTI_HOP}, {QWEN['72B']} x1 at retrieve, {LLAMA['3B']} at answer",
            "scores": "expectations over the population, no seeds",
            "version": package_version(),
        },
    )


def _columns() -> tuple[str, ...]:
    return tuple(f"T {temperature:g}" for temperature in TEMPERATURES)


def _status(temperature: float) -> Status:
    return "fitted" if temperature == REFERENCE_TEMPERATURE else "predicted"


def _of_both_stages(scores: tuple[Number, ...]) -> float:
    """The largest change if retrieval, too, samples at the column's temperature."""
    both = [_score(samples, temperature, "*").value for samples in TABLE_2 for temperature in TEMPERATURES]
    return max(abs(score.value - other) for score, other in zip(scores, both, strict=True))


def _score(samples: int, temperature: float, stage: str = "answer") -> Number:
    allocation = Allocation.of((QWEN["72B"], 1), (LLAMA["3B"], samples))
    valued = oracle(MULTI_HOP, temperatures={stage: temperature}).value(allocation)
    error = valued.standard_error(EXAMPLES)
    return Number(
        f"x{samples}",
        f"T {temperature:g}",
        valued.score,
        valued.score - error,
        valued.score + error,
        TABLE_2[samples][TEMPERATURES.index(temperature)],
        _status(temperature),
    )


def _fit(column: str, scores: list[Number], status: Status) -> list[Number]:
    ours, printed = (np.array([getattr(s, name) for s in scores]) for name in ("value", "published"))
    inside = [s.low <= s.published <= s.high for s in scores]
    return [
        Number("mean", column, float(ours.mean()), published=float(printed.mean()), status=status),
        Number(
            "from 1 sample to the mean of 10 to 90",
            column,
            float(ours[1:].mean() - ours[0]),
            published=float(printed[1:].mean() - printed[0]),
            status=status,
        ),
        Number("mean absolute difference", column, float(np.abs(ours - printed).mean())),
        Number("within one standard error, of 10", column, sum(inside), digits=0),
    ]


def _draw(context: Context, plot: Plot, scores: tuple[Number, ...]) -> None:
    counts = np.arange(1, 101)
    title = f"2WikiMultiHopQA, 72B x1 + 3B · lines: {SIMULATED}"
    with drawing(context.folder / plot.stem, title, 2.5, 1, len(TEMPERATURES), sharey=True) as panels:
        for axes, temperature in zip(panels, TEMPERATURES, strict=True):
            found = oracle(MULTI_HOP, temperatures={"answer": temperature})
            first = found.problem.encode(Allocation.of((QWEN["72B"], 1), (LLAMA["3B"], 1)))
            axes.plot(counts, found.scores[first[0], first[1], first[2]], color=PALETTE[0], label="expected, here")
            cells = [score for score in scores if score.column == f"T {temperature:g}"]
            axes.errorbar(
                [int(cell.row[1:]) for cell in cells],
                [cell.published for cell in cells],
                yerr=[cell.high - cell.value for cell in cells],
                fmt="o",
                color=PALETTE[1],
                markerfacecolor="white",
                elinewidth=0.7,
                label="paper, ± standard error of 50 examples",
            )
            axes.set_title(f"T {temperature:g} ({_status(temperature)})")
            axes.set_xlabel("samples of 3B")
        panels[0].set_ylabel("EM")
        legend(panels[0], 2)


PRESET = Preset("table2", "Table 2: temperatures .1, .5, .9 and 1 to 90 samples, 2WikiMultiHopQA", "< 1", run)

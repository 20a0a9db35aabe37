"""Figure 4a to c: fewer training examples."""

from __future__ import annotations

import numpy as np

from agenttts_env.experiments.paper.conclusions import Effect, size_sentences
from agenttts_env.experiments.paper.labels import backend_of, origin_of
from agenttts_env.experiments.paper.landscape import MULTI_HOP
from agenttts_env.experiments.paper.numbers import Number, Table
from agenttts_env.experiments.paper.page import Page, Plot
from agenttts_env.experiments.paper.preset import Context, Preset
from agenttts_env.experiments.paper.printed import BUDGETS, SIZES
from agenttts_env.experiments.paper.searches import Searches, number, run_searches, search_settings, searchers_of
from agenttts_env.experiments.paper.style import drawing, legend, line_styles
from agenttts_env.experiments.statistics import Interval, Resamples, mean, winners_curse

CONTROL = "insight-rules"


def run(context: Context) -> Page:
    """Search with each size of the search split."""
    searchers = searchers_of(context)
    found = {
        size: run_searches(
            context, f"{size}", tasks=(MULTI_HOP,), budgets=(BUDGETS[MULTI_HOP],), searchers=searchers, examples=size
        )
        for size in SIZES
    }
    leader = "agenttts" if "agenttts" in searchers else CONTROL
    first, last = SIZES[0], SIZES[-1]
    changes = [_change(found[first], found[last], name) for name in searchers]
    backend = backend_of(context)
    plot = Plot(
        "fig4-sizes", f"Final expected score by size of the search split, mean over seeds with 95% intervals; {backend}"
    )
    _draw(context, plot, found, backend)
    return Page(
        title="Figure 4a to c: 50, 75 and 100 training examples, 2WikiMultiHopQA",
        backend=backend,
        origin=origin_of(context)
        + "How many examples a search sees was no part of the fit: all numbers below are predictions.",
        conclusion=size_sentences(changes, leader, (first, last)),
        reported=(
            "AgentTTS is stable with 50, 75 and 100 examples; BO and the LLM baselines get worse with fewer (Figure 4a "
            "to c; curves, whose numbers are not in the text).",
        ),
        contents=(
            plot,
            Table(
                "expected score of the final incumbent [95% over seeds]",
                "searcher",
                tuple(n for size in SIZES for n in found[size].numbers(MULTI_HOP, f"{size} examples")),
            ),
            Table(
                f"change from {first} to {last} examples [95%, paired by seed]",
                "searcher",
                tuple(Number(c.name, "change", c.value, c.low, c.high) for c in changes),
                "The larger split of a seed begins with the smaller one's examples.",
            ),
            Table(
                "winner's curse: search score minus expected score of the final incumbent [95%]",
                "searcher",
                tuple(n for size in SIZES for n in _curse(found[size], f"{size} examples")),
            ),
        ),
        differences=(
            "The paper shows one run of each method; here every change is a mean over seeds with an interval.",
            "In the simulation the number of examples acts through noise alone: all are drawn from one population. "
            "Real training sets also differ in kind.",
            "All searchers choose among noisy means, and all but init-only try many: a curse that shrinks with the "
            "number of examples is expected of every one.",
        ),
        settings=search_settings(context, searchers)
        | {"examples": ", ".join(map(str, SIZES)), "budget": f"{BUDGETS[MULTI_HOP]:g} (of the released run commands)"},
    )


def _change(first: Searches, last: Searches, searcher: str) -> Effect:
    rank = first.comparison.position(searcher)
    before, after = (searches.comparison.achieved[0, rank, :, -1] for searches in (first, last))
    change = mean((after - before)[None, None], Resamples.of(1, len(before)))
    return Effect(searcher, float(change.value[0]), float(change.low[0]), float(change.high[0]))


def _curse(found: Searches, column: str) -> list[Number]:
    curse = mean(winners_curse(found.comparison)[..., -1], found.resamples)
    return [number(name, column, curse, rank) for rank, name in enumerate(found.comparison.searchers)]


def _draw(context: Context, plot: Plot, found: dict[int, Searches], backend: str) -> None:
    searchers = found[SIZES[0]].comparison.searchers
    styles = line_styles(searchers)
    finals: list[Interval] = [found[size].final(MULTI_HOP) for size in SIZES]
    with drawing(context.folder / plot.stem, f"2WikiMultiHopQA · {backend}", 3.2) as (axes,):
        for rank, name in enumerate(searchers):
            values, low, high = (np.array([getattr(f, end)[rank] for f in finals]) for end in ("value", "low", "high"))
            x = np.array(SIZES) + 1.6 * (rank - (len(searchers) - 1) / 2)
            axes.errorbar(
                x, values, yerr=[values - low, high - values], elinewidth=0.7, label=name,
                **{**styles[name], "marker": styles[name]["marker"] or "o", "markevery": None},
            )  # fmt: skip
        axes.axhline(found[SIZES[0]].oracles[MULTI_HOP], color="black", linewidth=0.8, linestyle=":", label="oracle")
        axes.set_xticks(SIZES)
        axes.set_xlabel("examples of the search split (points of a size stand side by side)")
        axes.set_ylabel("expected EM of the final incumbent")
        legend(axes, 4)


PRESET = Preset("fig4-sizes", "Figure 4a to c: 50, 75 and 100 training examples, 2WikiMultiHopQA", "1 to 2", run)

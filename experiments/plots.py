"""The picture of a search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from textwrap import fill

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.labels import Labels
from agenttts_env.rendering import backend_label, draw_scores
from agenttts_env.trial import Trial


def plot_search(labels: Labels, trials: Sequence[Trial], path: str | Path, *, test_score: float | None = None) -> None:
    """Draw score against trial, against tokens computed, and against all FLOPs, into a PNG.

    The second axis counts what the trials computed; the third also what the searcher's own LLM computed.

    Args:
        labels: the words.
        trials: all trials so far.
        path: of the PNG, overwritten if it is there.
        test_score: of the best allocation on the sealed test split, if it is known.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    figure = Figure(figsize=(11.0, 4.2), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    columns = {
        "trial": [float(trial.number) for trial in trials],
        "tokens computed by trials (thousands)": [
            tokens / 1000 for tokens in accumulate(trial.ledger.tokens_computed for trial in trials)
        ],
        "FLOPs, searcher included": list(accumulate(trial.ledger.flops + trial.overhead.flops for trial in trials)),
    }
    panels = figure.subplots(1, len(columns), sharey=True)
    for axes, (name, x) in zip(panels, columns.items(), strict=True):
        draw_scores(axes, trials, x, test_score=test_score)
        axes.set_xlabel(name)
    panels[0].xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_ylabel(f"{labels.metric} (search split)")
    title = f"{labels.task} · {labels.searcher} · {backend_label(labels.backend)}, engine {labels.engine}"
    budget = f"budget {labels.budget:.4g} {labels.unit}"
    figure.suptitle(f"{title} · {budget}\n{fill(labels.models_text(), 130)}".replace("$", r"\$"), fontsize=10)
    handles, names = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, names, loc="outside lower center", ncols=len(handles), fontsize=9, frameon=False)
    canvas.print_png(str(path))

"""The pictures of a comparison: one file for each kind, all drawn by :func:`draw_plots` as PNG and as SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.plots.anytime import HIGHEST, LOWEST, draw_anytime, draw_anytime_by_problem
from agenttts_env.experiments.compare.plots.curse import draw_curse
from agenttts_env.experiments.compare.plots.improvement import draw_improvement
from agenttts_env.experiments.compare.plots.profile import draw_profile
from agenttts_env.experiments.compare.plots.ranks import draw_ranks
from agenttts_env.experiments.compare.plots.regret import draw_gains, draw_regret
from agenttts_env.experiments.compare.plots.style import RC, Figure, figure, save

ENDINGS = ("png", "svg")


@dataclass(frozen=True)
class Plot:
    """One picture.

    Attributes:
        name: of its files.
        title: its head.
        caption: what is seen.
        draw: draws it on an empty figure.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[Figure, Findings], None]


def plots_of(findings: Findings) -> list[Plot]:
    """The pictures of a comparison, the most telling first."""
    bands = (
        f"Interquartile means over {len(findings.comparison.seeds)} seeds with 95% bands; dashed: begins with the "
        f"initial trials; regrets above {HIGHEST:g} are cut off, those below {LOWEST:g} drawn there"
    )
    unit = "1 on an axis of tokens is what random search computes in all"
    plots = [
        Plot(
            "regret", "Regret",
            "Normalised regret after the last trial, with 95% intervals: 0 is the oracle, about 1 is random search.",
            draw_regret,
        ),
        Plot(
            "gains", "Gains over the controls",
            "Mean regret saved against random search, the initial trials alone and seeded random search, paired by "
            "seed; right of 0 is better. Filled: the signed-rank test finds a difference (Holm).",
            draw_gains,
        ),
        Plot("anytime", "Anytime regret, all problems", f"{bands}; {unit}.", draw_anytime),
        Plot(
            "profile", "Performance profiles",
            "Share of runs, over all problems, that end with at most so much regret: higher is better.",
            draw_profile,
        ),
        Plot(
            "improvement", "Probability of improvement",
            "Chance that a run of the row's searcher beats an independent run of the column's on a problem drawn from "
            "these.",
            draw_improvement,
        ),
        Plot(
            "ranks", "Critical differences",
            "Mean ranks over runs; a bar joins searchers that the paired tests do not tell apart (signed-rank with "
            "Holm's correction, not Nemenyi's distance).",
            draw_ranks,
        ),
        Plot(
            "curse", "The winner's curse",
            f"Search score minus {findings.wording.true_score} of the final incumbent, with 95% intervals.",
            draw_curse,
        ),
    ]  # fmt: skip
    curves = findings.losses.curves
    axes = {"trials": "trials", "tokens": "tokens", "total_tokens": "all tokens"}
    if np.array_equal(curves["tokens"], curves["total_tokens"]):
        del axes["total_tokens"]  # no searcher has tokens of its own
    if len(findings.parts) > 1:
        for axis, words in axes.items():
            plots.append(
                Plot(
                    f"anytime-{axis.replace('_', '-')}",
                    f"Anytime regret by problem, over {words}",
                    f"{bands}.",
                    partial(draw_anytime_by_problem, axis=axis),
                )
            )
    return plots


@dataclass(frozen=True)
class Drawn:
    """A picture and its files, one for each ending."""

    plot: Plot
    files: tuple[Path, ...]

    def file(self, ending: str) -> Path:
        """The one with this ending."""
        return next(file for file in self.files if file.suffix == f".{ending}")


def draw_plots(findings: Findings, folder: Path, endings: tuple[str, ...] = ENDINGS) -> list[Drawn]:
    """Draw all pictures into a folder.

    Args:
        findings: of the comparison.
        folder: made if missing; files in it are replaced, each as a whole.
        endings: kinds of files.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    wanted = plots_of(findings)
    for old in folder.iterdir():  # of a comparison that had more, whose pictures would be taken for this one's
        if old.stem not in {plot.name for plot in wanted} and old.stem.startswith("anytime-"):
            old.unlink()
    for plot in wanted:
        with rc_context({**RC, "svg.hashsalt": plot.name}):
            canvas = figure()
            plot.draw(canvas, findings)
            canvas.suptitle(f"{plot.title} · {findings.label}".replace("$", r"\$"))
            files = tuple(folder / f"{plot.name}.{ending}" for ending in endings)
            for file in files:
                save(canvas, file)
                canvas.set_layout_engine("none")  # all is in its place now, and finding it takes the longest
        drawn.append(Drawn(plot, files))
    return drawn


__all__ = ["ENDINGS", "Drawn", "Plot", "draw_plots", "plots_of"]

"""How the presets' plots are drawn: in the style of a comparison's plots, as wide as the paper's text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agenttts_env.errors import MissingExtraError
from agenttts_env.experiments.compare.plots.style import PALETTE, RC, figure, grid, save, styles

__all__ = ["LINES", "MARKERS", "PALETTE", "drawing", "legend", "line_styles", "sample_axis"]

WIDTH = 5.5
"""Inches."""

MARKERS = "osD^vPX"
LINES = ("-", "--", "-.")
TICKS = (1, 2, 5, 10, 20, 50, 100)


@contextmanager
def drawing(path: Path, title: str, height: float, rows: int = 1, columns: int = 1, **share: Any) -> Iterator[Any]:
    """A figure's axes, flat; at the end it is written as PNG and SVG.

    Args:
        path: without a suffix.
        title: of the whole; it names the backend.
        height: in inches.
        rows: of axes.
        columns: of axes.
        share: ``sharex`` and ``sharey``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    with rc_context({**RC, "svg.hashsalt": path.name}):
        drawn = figure()
        drawn.set_size_inches(WIDTH, height)
        drawn.suptitle(title.replace("$", r"\$"))
        panels = drawn.subplots(rows, columns, squeeze=False, **share).ravel()
        for axes in panels:
            grid(axes)
        yield panels
        for suffix in (".png", ".svg"):
            save(drawn, path.with_name(path.name + suffix))


def legend(axes: Any, columns: int) -> None:
    """The lines of one of the axes, below all of them."""
    handles, names = axes.get_legend_handles_labels()
    axes.figure.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False)


def line_styles(searchers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What to draw each searcher's line with, by its name."""
    return {
        name: {"color": style.colour, "linestyle": style.line, "marker": style.marker or None, "markevery": 10}
        for name, style in styles(searchers).items()
    }


def sample_axis(axes: Any) -> None:
    """Numbers of samples from 1 to 100, on a logarithmic axis."""
    from matplotlib.ticker import FixedLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(FixedLocator(()))
    axes.set_xlabel("samples S")

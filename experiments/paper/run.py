"""A preset from its options to its page."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as Listing

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.paper.numbers import write_numbers
from agenttts_env.experiments.paper.options import PaperOptions
from agenttts_env.experiments.paper.page import Page
from agenttts_env.experiments.paper.preset import Context, Preset
from agenttts_env.experiments.paper.presets import PRESETS
from agenttts_env.experiments.tables import PLAIN

ALL = "all"


def presets_table() -> Listing:
    """What ``agenttts paper`` lists."""
    table = Listing(title="agenttts paper NAME", caption="minutes on 2 cores; all: every preset in turn", **PLAIN)
    for name in ("name", "of arXiv 2508.00890", "minutes"):
        table.add_column(name)
    for preset in PRESETS.values():
        table.add_row(preset.name, preset.what, preset.minutes)
    return table


def chosen(name: str, options: PaperOptions) -> Sequence[Preset]:
    """The presets of a name: one, or all that can be run.

    Raises:
        InvalidInputError: there is no such preset, or it needs an LLM.
    """
    if name == ALL:
        return [preset for preset in PRESETS.values() if options.llm is not None or not preset.needs_llm]
    if name not in PRESETS:
        raise InvalidInputError(f"a preset is one of {', '.join(PRESETS)} or {ALL}, but got {name!r}")
    preset = PRESETS[name]
    if preset.needs_llm and options.llm is None:
        raise InvalidInputError(
            f"preset {name!r} shows what an LLM writes, and nothing else can stand for that: name one with "
            "--llm ENGINE:MODEL, for example --llm transformers:smollm2-135m"
        )
    return [preset]


def run_presets(name: str, options: PaperOptions, console: Console, progress: Console) -> None:
    """Run a preset, or all of them, and write their folders ``OUT/NAME``: page.md, plots, numbers.csv.

    Args:
        name: of a preset, or ``all``.
        options: of the command.
        console: where the conclusions go.
        progress: where the progress shows.

    Raises:
        InvalidInputError: see :func:`chosen`, or a folder cannot be written.
        RunLogError: a preset's folder holds searches of other settings.
        EngineError: the LLM cannot be reached; the same command goes on.
    """
    for preset in chosen(name, options):
        folder = _made(options.folder / preset.name)
        page = preset.run(Context(options, folder, progress))
        text = page.markdown(options.command(preset.name))
        write_numbers(folder / "numbers.csv", page.tables)
        (folder / "page.md").write_text(text, encoding="utf-8")
        console.print(f"\n{page.title} · {page.backend}", style="bold", markup=False)
        console.print(" ".join(page.conclusion), markup=False, highlight=False)
        console.print(f"written: {folder / 'page.md'}", markup=False, highlight=False, soft_wrap=True)
        if options.markdown is not None:
            console.print(f"written: {_copy(page, folder, preset.name, text, options.markdown)}", soft_wrap=True)


def _copy(page: Page, folder: Path, name: str, text: str, target: str) -> Path:
    """The page and its PNGs, for a repository's documentation."""
    docs = _made(Path(target))
    for plot in page.plots:
        shutil.copyfile(folder / f"{plot.stem}.png", docs / f"{plot.stem}.png")
    path = docs / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"`out` must be a folder that can be made, but {folder}: {error}") from error
    return folder

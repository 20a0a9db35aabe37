"""What is made of a comparison's files: tables, a page, plots, CSV and Parquet. Nothing is run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.experiments.compare.columns import missing_controls
from agenttts_env.experiments.compare.csv_files import write_summary, write_trials
from agenttts_env.experiments.compare.findings import Findings, read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.markdown import write_docs_page
from agenttts_env.experiments.compare.page import write_page
from agenttts_env.experiments.compare.parquet_file import write_parquet
from agenttts_env.experiments.compare.plots import Drawn, draw_plots
from agenttts_env.experiments.compare.result_file import write_result
from agenttts_env.experiments.compare.sentences import seeding, summary, told_difference
from agenttts_env.experiments.compare.tables import LEGEND, results_table, winners_table

SHOWN_ERRORS = 5


def report_comparison(
    folder: ComparisonFolder, console: Console, *, every_problem: bool = False, markdown: str | None = None
) -> list[Path]:
    """Print a comparison's tables and write its files.

    These are ``report.html``, ``summary.csv``, ``trials.csv``, ``trials.parquet``, ``plots/*.png`` and ``*.svg``, and
    of a comparison that is finished ``result.json``. Of one that is not, all is about the seeds that are.

    Args:
        folder: of a finished or a running comparison.
        console: where.
        every_problem: whether every problem's table is printed.
        markdown: a file for the same as Markdown, if that is wanted.

    Returns:
        The files that were written.

    Raises:
        RunLogError: there is no comparison in the folder, or fewer than two seeds are finished.
        InvalidInputError: nothing can be said of it, ``markdown`` names no such file, or a file cannot be written.
        MissingExtraError: ``markdown`` is wanted, and matplotlib is not installed.
    """
    if markdown is not None and Path(markdown).suffix != ".md":
        raise InvalidInputError(f"`markdown` must be a file that ends with .md, but got {markdown!r}")
    findings = read_findings(folder)
    _print(findings, console, every_problem=every_problem)
    try:
        written = _write(findings, folder, console)
        if markdown is not None:
            written += write_docs_page(findings, Path(markdown))
    except OSError as error:
        raise InvalidInputError(f"a report's files must be such that can be written, but: {error}") from error
    pictures = Counter(path.parent for path in written if path.suffix in (".png", ".svg"))
    lines = [str(path) for path in written if path.parent not in pictures]
    lines[0] += " (every table, plot and setting)"
    for line in (*lines, *(f"{count} pictures in {parent}" for parent, count in pictures.items())):
        console.print(f"written: {line}", markup=False, highlight=False, soft_wrap=True)
    return written


def _print(findings: Findings, console: Console, *, every_problem: bool) -> None:
    alone = findings.parts[0] is findings.overall
    if every_problem and not alone:
        for part in findings.parts:
            console.print(results_table(part, findings.title(part), findings.label))
    console.print(results_table(findings.overall, findings.title(findings.overall), findings.label))
    if not alone and not every_problem:
        console.print(winners_table(findings))
    console.print(LEGEND.format(true_score=findings.wording.true_score), highlight=False)
    said = summary(findings.overall, findings.label), seeding(findings.overall), told_difference(findings)
    for line in ("", *filter(None, said)):
        console.print(line, markup=False, highlight=False)
    if missing_controls(findings.overall):
        console.print(missing_controls(findings.overall), markup=False, highlight=False)
    console.print(f"{findings.provenance}. {findings.size}.", markup=False, highlight=False)
    if findings.wording.caution:
        console.print(findings.wording.caution, markup=False, highlight=False)
    if findings.unfinished:
        console.print(findings.unfinished, style="yellow")
    broken = findings.broken
    for record in broken[:SHOWN_ERRORS]:
        line = f"broke down: {record.searcher} on {record.problem}, seed {record.seed}: {record.error}"
        console.print(line, style="red", markup=False, highlight=False)
    if len(broken) > SHOWN_ERRORS:
        console.print(f"and {len(broken) - SHOWN_ERRORS} more runs, see trials.csv", style="red")


def _write(findings: Findings, folder: ComparisonFolder, console: Console) -> list[Path]:
    page, summary_csv, trials, parquet = (
        folder.file(name) for name in ("report.html", "summary.csv", "trials.csv", "trials.parquet")
    )
    write_summary(summary_csv, findings)
    write_trials(trials, findings)
    written = [page, summary_csv, trials]
    try:
        write_parquet(parquet, findings)
        written.append(parquet)
    except MissingExtraError as error:
        console.print(f"no Parquet: {error}", markup=False, highlight=False)
    drawn: list[Drawn] = []
    try:
        drawn = draw_plots(findings, folder.file("plots"))
    except MissingExtraError as error:
        console.print(f"no plots: {error}", markup=False, highlight=False)
    write_page(page, findings, drawn)
    result = write_result(folder)
    written += [] if result is None else [result]
    return [*written, *(file for plot in drawn for file in plot.files)]

"""A comparison as GitHub Markdown, for documentation."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from agenttts_env.experiments.compare import text_tables
from agenttts_env.experiments.compare.columns import COLUMNS, GROUPS, missing_controls
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.plots import Drawn, draw_plots
from agenttts_env.experiments.compare.sentences import seeding, summary, told_difference
from agenttts_env.experiments.compare.text_tables import TextTable
from agenttts_env.experiments.compare.written import whole


def write_docs_page(findings: Findings, target: Path, plots: Path | None = None) -> list[Path]:
    """Write a comparison's tables as Markdown, and its plots as PNG beside it.

    ``write_docs_page(read_findings(ComparisonFolder("runs/compare")), Path("docs/results.md"))`` is what
    ``agenttts report runs/compare --markdown docs/results.md`` does.

    Args:
        findings: of the comparison.
        target: of the Markdown file, replaced as a whole; its folder is made if missing.
        plots: folder of the pictures; by default one beside ``target`` that is called as it is.

    Returns:
        The files that were written.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = draw_plots(findings, target.with_suffix("") if plots is None else plots, ("png",))
    content = "\n\n".join(_page(findings, drawn, target.parent)) + "\n"
    with whole(target) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return [target, *(file for plot in drawn for file in plot.files)]


def _page(findings: Findings, drawn: Sequence[Drawn], folder: Path) -> Iterator[str]:
    found = findings.overall
    yield f"# {len(findings.comparison.searchers)} searchers compared ({text(findings.label)})"
    yield text(summary(found, findings.label))
    yield text(f"{findings.provenance}. {findings.size}.")
    if findings.wording.caution:
        yield text(findings.wording.caution)
    for note in (findings.unfinished, missing_controls(found)):
        if note:
            yield f"**{text(note)}**"
    yield f"```bash\n{findings.command}\n```"
    yield "## All problems"
    for group, title in GROUPS.items():
        yield from table(text_tables.group_table(found, group, title))
    for said in filter(None, (seeding(found), told_difference(findings))):
        yield text(said)
    yield "## Plots"
    for each in drawn:
        path = os.path.relpath(each.file("png"), folder).replace(os.sep, "/")
        yield f"![{text(each.plot.title)}]({path})"
        yield f"**{text(each.plot.title)}.** {text(each.plot.caption)}"
    yield from table(text_tables.winners(findings), level=2)
    if len(findings.parts) > 1:
        for part in findings.parts:
            yield f"### {text(findings.title(part))}"
            for group, title in GROUPS.items():
                yield from table(text_tables.group_table(part, group, title), level=4)
    yield "## How to read it"
    yield from map(text, findings.wording.reading)
    yield "\n".join(f"- **{text(column.name)}**: {text(column.explained(findings.wording))}" for column in COLUMNS)
    yield from table(text_tables.settings(findings), level=2)
    yield from table(text_tables.versions(findings), level=2)
    if findings.broken:
        yield from table(text_tables.broken_runs(findings), level=2)


def table(made: TextTable, level: int = 3) -> Iterator[str]:
    """As Markdown, below a heading."""
    yield f"{'#' * level} {text(made.title)}"
    ruler = ["---", *(["--:" if made.numbers else "---"] * (len(made.head) - 1))]
    lines = [[text(name) for name in made.head], ruler, *([text(cell) for cell in row] for row in made.rows)]
    yield "\n".join(f"| {' | '.join(line)} |" for line in lines)
    yield from map(text, made.notes)


def text(words: str) -> str:
    """Words that mean nothing in Markdown or HTML: on one line, with signs escaped."""
    return re.sub(r"([\\`*_\[\]<>|#~&$])", r"\\\1", " ".join(words.split()))

"""A comparison as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from agenttts_env.experiments.compare import text_tables
from agenttts_env.experiments.compare.columns import COLUMNS, GROUPS, missing_controls
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.plots import Drawn
from agenttts_env.experiments.compare.plots.style import INK, PAPER
from agenttts_env.experiments.compare.results import Results
from agenttts_env.experiments.compare.sentences import seeding, summary, told_difference
from agenttts_env.experiments.compare.text_tables import TextTable
from agenttts_env.experiments.compare.written import whole

SECTIONS = {
    "results": "All problems",
    "plots": "Plots",
    "problems": "Problem by problem",
    "pairs": "Every pair",
    "reading": "How to read it",
    "settings": "Settings, and how to make it again",
}


def write_page(path: Path, findings: Findings, drawn: Sequence[Drawn]) -> None:
    """Write ``report.html``.

    Args:
        path: of the page, replaced as a whole.
        findings: of the comparison.
        drawn: its pictures, of which the SVG files are put into the page; none where matplotlib is missing.
    """
    text = "\n".join(_page(findings, drawn)) + "\n"
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _page(findings: Findings, drawn: Sequence[Drawn]) -> Iterator[str]:
    title = f"{findings.label}: {len(findings.comparison.searchers)} searchers compared"
    style = files("agenttts_env.experiments.compare").joinpath("page.css").read_text(encoding="utf-8")
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>"
    yield f'<p class="label">{escape(findings.label)}</p>'
    yield f"<h1>{escape(f'{len(findings.comparison.searchers)} searchers compared')}</h1>"
    yield f'<p class="summary">{escape(summary(findings.overall, findings.label))}</p>'
    yield f"<p>{escape(findings.provenance)}. {escape(findings.size)}.</p>"
    if findings.wording.caution:
        yield f"<p>{escape(findings.wording.caution)}</p>"
    for warning in _warnings(findings):
        yield f'<p class="warn">{escape(warning)}</p>'
    links = (f'<li><a href="#{key}">{escape(name)}</a></li>' for key, name in SECTIONS.items())
    yield f'<nav aria-label="Sections"><ul>{"".join(links)}</ul></nav>\n</header>\n<main>'
    bodies = {
        "results": _results(findings, findings.overall),
        "plots": _plots(drawn),
        "problems": _problems(findings),
        "pairs": _pairs(findings),
        "reading": _reading(findings),
        "settings": _settings(findings),
    }
    for key, name in SECTIONS.items():
        yield f'<section id="{key}">\n<h2>{escape(name)}</h2>'
        yield from bodies[key]
        yield "</section>"
    yield "</main>\n</body>\n</html>"


def _warnings(findings: Findings) -> list[str]:
    broken = f"{len(findings.broken)} runs broke down: see the errors below" if findings.broken else ""
    return [text for text in (findings.unfinished, broken, missing_controls(findings.overall)) if text]


def _results(findings: Findings, found: Results) -> Iterator[str]:
    for group, title in GROUPS.items():
        yield table(text_tables.group_table(found, group, f"{title} {findings.title(found)}, {findings.label}"))
    groups = [found.ranking.searchers[first : last + 1] for first, last in found.ranking.groups]
    if groups:
        words = "; ".join(", ".join(group) for group in groups)
        yield f'<p class="note">Not told apart (signed-rank tests of all pairs, Holm, 5%): {escape(words)}.</p>'
    if found is findings.overall:
        for said in filter(None, (seeding(findings.overall), told_difference(findings))):
            yield f"<p>{escape(said)}</p>"


def _plots(drawn: Sequence[Drawn]) -> Iterator[str]:
    if not drawn:
        yield "<p>No plots: matplotlib was not installed.</p>"
    for each in drawn:
        plot = each.plot
        yield f'<figure id="plot-{plot.name}">\n<div class="scroll">'
        yield inline_svg(each.file("svg").read_text(encoding="utf-8"), plot.name, plot.title)
        caption = f"<strong>{escape(plot.title)}.</strong> {escape(plot.caption)}"
        yield f"</div>\n<figcaption>{caption}</figcaption>\n</figure>"


def _problems(findings: Findings) -> Iterator[str]:
    yield table(text_tables.winners(findings))
    if len(findings.parts) > 1:
        for part in findings.parts:
            yield f"<h3>{escape(findings.title(part))}</h3>"
            yield from _results(findings, part)


def _pairs(findings: Findings) -> Iterator[str]:
    yield f"<details>\n<summary>All {len(findings.overall.tests)} pairs</summary>"
    yield table(text_tables.pairs(findings.overall))
    yield "</details>\n<details>\n<summary>Probabilities of improvement</summary>"
    yield table(text_tables.improvements(findings))
    yield "</details>"


def _reading(findings: Findings) -> Iterator[str]:
    for paragraph in findings.wording.reading:
        yield f"<p>{escape(paragraph)}</p>"
    yield "<dl>"
    for column in COLUMNS:
        yield f"<dt>{escape(column.name)}</dt><dd>{escape(column.explained(findings.wording))}</dd>"
    yield "</dl>"


def _settings(findings: Findings) -> Iterator[str]:
    yield f"<pre><code>{escape(findings.command)}</code></pre>"
    yield table(text_tables.settings(findings))
    yield table(text_tables.versions(findings))
    yield "<h3>Errors</h3>"
    yield table(text_tables.broken_runs(findings)) if findings.broken else "<p>No searcher broke down.</p>"


def table(made: TextTable) -> str:
    """As HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in made.head)
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for name, *cells in made.rows
    )
    kind = "numbers" if made.numbers else "words"
    notes = "".join(f'\n<p class="note">{escape(note)}</p>' for note in made.notes)
    # A box that scrolls must be reachable by keyboard.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(made.title)}">\n<table class="{kind}">\n'
        f"<caption><span>{escape(made.title)}</span></caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
        f"</div>{notes}"
    )


def inline_svg(text: str, name: str, title: str) -> str:
    """A picture for the inside of a page: its ids are its own, its ink and paper are the page's, its paths are shorter.

    Args:
        text: an SVG file of matplotlib.
        name: unique on the page.
        title: what a screen reader says.
    """
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1).strip()

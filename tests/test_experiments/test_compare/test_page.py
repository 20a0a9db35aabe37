"""``report.html`` and Markdown: complete, self-contained, and safe whatever a log says."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.columns import COLUMNS
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.markdown import text, write_docs_page
from agenttts_env.experiments.compare.page import inline_svg
from agenttts_env.experiments.compare.wording import SIMULATED

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Checks that every element is closed where it must be; keeps tags, ids, links and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        self._keep(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._keep(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"line {self.getpos()[0]}"

    def _keep(self, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        self.references += [str(values[name]) for name in ("href", "xlink:href", "src") if name in values]
        self.references += re.findall(r"url\((.*?)\)", " ".join(str(value) for value in values.values()))


def read(page: Path) -> Reader:
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


def test_a_page_needs_nothing_else(finished: Path) -> None:
    reader = read(finished / "report.html")
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(reader.tags)
    assert reader.tags["svg"] == 9
    assert max(Counter(reader.ids).values()) == 1
    outside = {reference for reference in reader.references if not reference.startswith("#")}
    assert all(reference.startswith("data:image/png;base64,") for reference in outside)
    assert {reference.removeprefix("#") for reference in reader.references if reference not in outside} <= set(
        reader.ids
    )
    style = re.findall(r"<style.*?</style>", (finished / "report.html").read_text(), re.DOTALL)
    assert style
    assert not [part for part in style if "@import" in part or "url(" in part]


def test_a_page_says_everything(finished: Path, findings: Findings) -> None:
    page = unescape((finished / "report.html").read_text(encoding="utf-8"))
    assert "<title>SIMULATED: 5 searchers compared</title>" in page
    assert page.count("SIMULATED") > 10
    for name in (*findings.comparison.searchers, *findings.comparison.tasks, findings.settings["code"]):
        assert name in page
    for column in COLUMNS:
        assert page.count(f">{column.name}</th>") >= 1
        assert page.count(f"<dt>{column.name}</dt><dd>{column.explained(SIMULATED)}</dd>") == 1
    assert "agenttts compare --tasks cwq,webqsp" in page
    assert "No searcher broke down." in page
    assert "prefers-color-scheme: dark" in page
    assert "currentColor" in page


@pytest.fixture
def evil(finished: Path, tmp_path: Path) -> Path:
    """A comparison whose log tries to be a part of the page."""
    out = tmp_path / "evil"
    out.mkdir()
    shutil.copy(finished / "oracles.json", out)
    settings = json.loads((finished / "run.json").read_text())
    settings["searchers"] = [EVIL if name == "evolution" else name for name in settings["searchers"]]
    settings["libraries"] = {**settings["libraries"], EVIL: EVIL}
    (out / "run.json").write_text(json.dumps({**settings, "version": EVIL}))
    lines = []
    for line in (finished / "cells.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["searcher"] == "evolution":
            record |= {"searcher": EVIL, "error": f"[red]{EVIL}| `x` \n# y", "reason": [EVIL] * 6}
        lines.append(json.dumps(record) + "\n")
    (out / "cells.jsonl").write_text("".join(lines))
    return out


def test_nothing_of_a_log_becomes_markup(one_plot: None, evil: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = evil / "docs" / "results.md"
    assert main(["report", str(evil), "--markdown", str(target)]) == 0
    printed = capsys.readouterr().out
    assert EVIL in printed
    assert "[red]" in printed
    page = (evil / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert read(evil / "report.html").tags["script"] == 0
    for picture in (evil / "plots").glob("*.svg"):
        assert "<script" not in picture.read_text(encoding="utf-8")
    markdown = target.read_text(encoding="utf-8")
    outside_code = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", outside_code)
    assert "\n# y" not in markdown


def test_markdown_has_the_tables_and_its_pictures(one_plot: None, findings: Findings, tmp_path: Path) -> None:
    target = tmp_path / "docs" / "results.md"
    written = write_docs_page(findings, target)
    assert written[0] == target
    page = target.read_text(encoding="utf-8")
    assert page.startswith("# 5 searchers compared (SIMULATED)\n")
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", page)
    assert pictures == ["results/regret.png"]
    assert [(target.parent / picture) for picture in pictures] == written[1:]
    assert all((target.parent / picture).read_bytes()[:4] == b"\x89PNG" for picture in pictures)
    columns = 0
    for line in page.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert not cells or not columns or cells == columns
        columns = cells
    for problem in findings.comparison.tasks:
        assert f"### {problem} · budget" in page


def test_markdown_must_be_a_markdown_file(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(finished), "--markdown", "results.txt"]) == 2
    assert "`markdown` must be a file that ends with .md, but got 'results.txt'" in capsys.readouterr().err


def test_signs_of_markdown_are_escaped() -> None:
    assert text("a|b *c* <d>\n# e") == r"a\|b \*c\* \<d\> \# e"


def test_an_inlined_picture_keeps_its_own_ids() -> None:
    svg = (
        '<?xml version="1.0"?>\n<svg id="a"><metadata>m</metadata><path id="b" d="M 1.23456 2" style="fill: #111111"/>'
    )
    svg += '<use xlink:href="#b" clip-path="url(#c)" transform="scale(0.015625)"/></svg>'
    assert inline_svg(svg, "plot", 'A "title"') == (
        '<svg role="img" aria-label="A &quot;title&quot;" id="plot-a"><path id="plot-b" d="M 1.23 2" '
        'style="fill: currentColor"/><use xlink:href="#plot-b" clip-path="url(#plot-c)" transform="scale(0.015625)"/>'
        "</svg>"
    )

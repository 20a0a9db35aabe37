"""Every preset, tiny, through the real command line."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.plots import style as plot_style
from agenttts_env.experiments.paper.presets import PRESETS

TINY = ("--seeds", "2", "--jobs", "1", "--trials")
SCRIPTED = ("--llm", "scripted:smollm2-135m")
ALONE = tuple(name for name, preset in PRESETS.items() if not preset.needs_llm)


def call(*words: str) -> str:
    """What ``agenttts paper`` prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert main(["paper", *words]) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all presets were run: those without an LLM below ``plain``, two with one below ``scripted``."""
    path = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot_style, "DPI", 40)  # most of the time goes into pictures
        _run_all(path)
    return path


def _run_all(path: Path) -> None:
    call("all", *TINY, "4", "--out", str(path / "plain"), "--markdown", str(path / "docs"))
    for name in ("fig4-insights", "fig5"):
        call(name, *TINY, "8", *SCRIPTED, "--out", str(path / "scripted"))


def pages(folder: Path) -> dict[str, Path]:
    """The folder of every page, by ``plain/NAME`` or ``scripted/NAME``."""
    return {str(page.parent.relative_to(folder)): page.parent for page in sorted(folder.glob("*/*/page.md"))}


def test_all_is_every_preset_that_needs_no_llm(folder: Path) -> None:
    names = {f"plain/{name}" for name in ALONE}
    assert set(pages(folder)) == names | {"scripted/fig4-insights", "scripted/fig5"}


def test_a_page_says_how_it_was_made_and_on_what(folder: Path) -> None:
    for name, page in pages(folder).items():
        text = (page / "page.md").read_text(encoding="utf-8")
        commanded = re.findall(r"^```bash\n(.*)\n```$", text, re.MULTILINE)
        assert len(commanded) == 1
        assert commanded[0].startswith(f"agenttts paper {page.name} --seeds 2 --trials ")
        assert "--jobs" not in text
        assert str(folder) not in text
        assert "**SIMULATED" in text
        assert ("SCRIPTED" in text) == name.startswith("scripted")
        for heading in ("Conclusion", "What the paper reports", "What we get", "Settings"):
            assert text.count(f"\n## {heading}\n") == 1
        assert "nan" not in text.split("## Settings")[0].split()


def test_every_number_of_a_page_is_in_its_csv_and_the_other_way_round(folder: Path) -> None:
    for page in pages(folder).values():
        text = (page / "page.md").read_text(encoding="utf-8")
        parts = re.split(r"^\*\*(.+?)\*\* \(([A-Z]+)\)$", text, flags=re.MULTILINE)
        titles, backends, bodies = parts[1::3], parts[2::3], parts[3::3]
        shown = set()
        for title, backend, body in zip(titles, backends, bodies, strict=True):
            lines = [line for line in body.split("\n\n")[1].splitlines() if line.startswith("| ")]
            header, *rows = ([cell.strip() for cell in line[1:-1].split(" | ")] for line in lines)
            for row in rows:
                cells = zip(header[1:], row[1:], strict=True)
                shown |= {(backend, title, row[0], column, cell) for column, cell in cells if cell}
        with (page / "numbers.csv").open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
        assert {(n["backend"], n["table"], n["row"], n["column"], n["shown"]) for n in kept} == shown
        assert len(kept) == len(shown) > 0
        for number in kept:
            first = number["shown"].split()[0]
            if re.fullmatch(r"-?\d+\.\d+", first):
                assert float(first) == pytest.approx(float(number["value"]), abs=0.51 * 10 ** -len(first.split(".")[1]))


def test_plots_are_there_as_png_and_svg_and_named_after_their_page(folder: Path) -> None:
    for page in pages(folder).values():
        drawn = re.findall(r"\]\((.+)\.png\)", (page / "page.md").read_text(encoding="utf-8"))
        assert drawn
        for stem in drawn:
            assert stem.startswith(page.name)
            assert (page / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
            assert "<svg" in (page / f"{stem}.svg").read_text(encoding="utf-8")


def test_documentation_holds_the_same_pages_with_their_pictures(folder: Path) -> None:
    docs = folder / "docs"
    assert {path.stem for path in docs.glob("*.md")} == set(ALONE)
    for name in ALONE:
        text = (docs / f"{name}.md").read_text(encoding="utf-8")
        assert text == (folder / "plain" / name / "page.md").read_text(encoding="utf-8")
        for stem in re.findall(r"\]\((.+)\.png\)", text):
            assert (docs / f"{stem}.png").exists()


def test_guidelines_stand_beside_the_trials_they_led_to(folder: Path) -> None:
    text = (folder / "scripted" / "fig5" / "page.md").read_text(encoding="utf-8")
    assert "a SCRIPTED stand-in (no LLM) wrote" in text
    for run in (0, 1):
        section = text.split(f"## Run {run}, guideline by guideline")[1].split("\n## ")[0]
        assert re.search(r"\*\*Guideline 1\*\*, before trial 5:\n\n    \S", section)
        trials = [int(number) for number in re.findall(r"^\| (\d) \|", section, re.MULTILINE)]
        assert trials == [5, 6, 7]


def test_the_ablation_runs_the_llms_searcher_too(folder: Path) -> None:
    text = (folder / "scripted" / "fig4-insights" / "page.md").read_text(encoding="utf-8")
    for searcher in ("insight-rules", "agenttts"):
        for insight in (1, 2, 3):
            assert f"| {searcher}:insight_{insight}=false |" in text


def test_the_same_command_runs_nothing_again(folder: Path) -> None:
    out = folder / "plain"
    logs = {path: path.read_bytes() for path in out.glob("fig6/searches/*/cells.jsonl")}
    before = (out / "fig6" / "page.md").read_text(encoding="utf-8")
    assert logs
    said = call("fig6", *TINY, "4", "--out", str(out))
    assert "Figure 6" in said
    assert {path: path.read_bytes() for path in logs} == logs
    assert (out / "fig6" / "page.md").read_text(encoding="utf-8") == before


def test_the_list_names_every_preset() -> None:
    said = call()
    assert all(name in said for name in PRESETS)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["fig5"], "preset 'fig5' shows what an LLM writes"),
        (["fig2"], "a preset is one of fig1, fig3, "),
        (["fig6", "--seeds", "1"], "`seeds` must be >= 2, but got 1"),
        (["fig6", "--llm", "smollm2-135m"], "`llm` must read ENGINE:MODEL"),
    ],
)
def test_what_cannot_be_run_is_refused(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["paper", *words, "--out", str(tmp_path / "out")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

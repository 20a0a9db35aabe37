"""Everything that is said of a comparison, from its files alone: what tables, plots, pages and trackers are made of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import product
from math import isfinite
from typing import Any

from agenttts_env.errors import RunLogError
from agenttts_env.experiments.compare.counts import count
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.losses import Losses
from agenttts_env.experiments.compare.options import CompareOptions, backend_of
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.results import Results, results
from agenttts_env.experiments.compare.standing import standing
from agenttts_env.experiments.compare.what_ran import what_ran
from agenttts_env.experiments.compare.wording import Wording, wording
from agenttts_env.experiments.statistics import Comparison, Interval, Resamples, probability_of_improvement
from agenttts_env.rendering import backend_label

ALL = "all"
"""What stands for all problems together."""

PAPER_UNIT = "paper's units"
"""Of a comparison that was made before there were others."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What is found in a comparison's folder.

    Attributes:
        settings: as in ``run.json``.
        records: of the seeds that are finished, in order.
        oracles: by problem the best allocation, its cost and its score.
        losses: of these records.
        parts: the results on each problem.
        overall: those on all problems; where there is but one, on this.
        improvement: (searchers, searchers), over all problems; see
            :func:`~agenttts_env.experiments.statistics.probability_of_improvement`.
    """

    settings: Mapping[str, Any]
    records: Sequence[CellRecord]
    oracles: Mapping[str, Mapping[str, Any]]
    losses: Losses
    parts: tuple[Results, ...]
    overall: Results
    improvement: Interval

    @property
    def comparison(self) -> Comparison:
        """The runs as arrays."""
        return self.losses.comparison

    @cached_property
    def problems(self) -> dict[str, dict[str, Any]]:
        """The settings of every problem by its name."""
        return {problem["name"]: problem for problem in self.settings["problems"]}

    @property
    def found(self) -> tuple[Results, ...]:
        """The results on each problem, and on all where there are several."""
        return self.parts if len(self.parts) == 1 else (*self.parts, self.overall)

    @property
    def label(self) -> str:
        """Where scores come from, and replies of an LLM that is none, in capitals: it stands on all that is shown."""
        label, llm = backend_label(self.settings["backend"]), self.settings.get("llm_backend")
        return label if llm in (None, "live") else f"{label} · LLM {backend_label(llm)}"

    @property
    def provenance(self) -> str:
        """What ran for the scores, in a sentence without its full stop."""
        return f"{what_ran(self.settings)}; {self.wording.scores}"

    @property
    def wording(self) -> Wording:
        """The words for where scores come from."""
        return wording(self.settings)

    @property
    def size(self) -> str:
        """How much was compared."""
        comparison = self.comparison
        return (
            f"{_counted(len(self.parts), 'problem')}, {len(comparison.searchers)} searchers, "
            f"{len(comparison.seeds)} seeds, {comparison.trials} trials a run"
        )

    @property
    def unfinished(self) -> str:
        """That seeds are missing; empty if none is."""
        there, wanted = len(self.comparison.seeds), self.settings["seeds"]
        return "" if there == wanted else f"not finished: this is about the first {there} of {wanted} seeds"

    @property
    def broken(self) -> list[CellRecord]:
        """The runs whose searcher broke down."""
        return [record for record in self.records if record.error]

    @property
    def command(self) -> str:
        """The command that makes the same comparison."""
        words = ["agenttts", "compare"]
        for option in fields(CompareOptions):
            value = backend_of(self.settings) if option.name == "backend" else self.settings.get(option.name)
            unused = option.name.startswith("llm_") and self.settings.get("llm") is None
            if option.metadata["group"] == "run" or unused or value == option.default == "simulated":
                continue
            for word in _words(value):
                words += ["--" + option.name.replace("_", "-"), word]
        return shlex.join(words)

    def title(self, found: Results) -> str:
        """What results are about."""
        return f"all {len(self.parts)} problems" if found.problem is None else self.problem_title(found.problem)

    def problem_title(self, name: str) -> str:
        """A problem and its budget."""
        problem = self.problems[name]
        return f"{name} · budget {problem['budget']:.6g} ({problem.get('unit', PAPER_UNIT)})"


def read_findings(folder: ComparisonFolder) -> Findings:
    """Read a finished or a running comparison; of one that is not finished, the seeds that are.

    Raises:
        RunLogError: there is no comparison in the folder, or fewer than two seeds are finished.
        InvalidInputError: nothing can be said of it.
    """
    settings, records = folder.settings, folder.records()
    oracles = folder.oracles()
    chosen, seeds = _finished(settings, records)
    if seeds < 2:
        raise RunLogError(
            f"a report needs 2 finished seeds, but {folder.path} has {seeds}, with {len(records)} cells in all: "
            "the same command goes on"
        )
    comparison = Comparison.of(record.cell() for record in chosen)
    losses = Losses.of(comparison, {name: oracle["score"] for name, oracle in oracles.items()})
    counts = count(chosen)
    parts = tuple(results(losses.only([problem]), counts) for problem in comparison.tasks)
    overall = results(losses, counts) if len(parts) > 1 else parts[0]
    resamples = Resamples.of(len(comparison.tasks), len(comparison.seeds))
    improvement = probability_of_improvement(losses.regret, resamples)
    return Findings(settings, chosen, oracles, losses, parts, overall, improvement)


def standing_numbers(findings: Findings) -> dict[str, float]:
    """Every standing number that is finite by a name with slashes, ``PROBLEM/SEARCHER/NUMBER``, for a tracker.

    ``all/tpe/regret`` is over all problems; the numbers' names are those of ``summary.csv``.
    """
    return {
        f"{found.problem or ALL}/{row.searcher}/{name}": value
        for found in findings.found
        for row in found.rows
        for name, value in standing(row).items()
        if isfinite(value)
    }


def _finished(settings: Mapping[str, Any], records: Sequence[CellRecord]) -> tuple[list[CellRecord], int]:
    """The records of all seeds that are finished, from the first one on, in order, and how many seeds those are."""
    by_key = {record.key: record for record in records}
    names = [problem["name"] for problem in settings["problems"]]
    chosen: list[CellRecord] = []
    for seed in range(settings["seeds"]):
        row = [by_key.get((problem, searcher, seed)) for problem, searcher in product(names, settings["searchers"])]
        whole = [record for record in row if record is not None]
        if len(whole) < len(row):
            return chosen, seed
        chosen += whole
    return chosen, settings["seeds"]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _words(value: Any) -> list[str]:
    """A setting as an option's words, one for each time that it is given."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [("" if name == "*" else f"{name}=") + _word(entry) for name, entry in value.items()]
    return [_word(value)]


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)

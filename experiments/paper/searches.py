"""Searches through the machinery of ``agenttts compare``, and what a preset asks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from types import MappingProxyType
from typing import Any

import numpy as np

from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.compare.run import finished_comparison
from agenttts_env.experiments.paper.conclusions import Effect
from agenttts_env.experiments.paper.numbers import Number, Status
from agenttts_env.experiments.paper.preset import Context, package_version
from agenttts_env.experiments.statistics import Comparison, Interval, Reference, Resamples, mean, reached
from agenttts_env.surface import Valued

SEARCHERS = ("random", "random+init", "tpe", "tpe+init", "evolution", "cmaes", "init-only", "insight-rules")
"""Of the presets: the paper's two baselines without an LLM (tpe stands for BO), two more, and the controls."""

LLM_SEARCHERS = ("agenttts", "zero-shot", "mlcopilot", "agenthpo")
"""The paper's methods that need an LLM."""

WITHIN = 0.01
"""How close to the oracle's score counts as having found the optimum."""


@dataclass(frozen=True, eq=False)
class Searches:
    """Finished searches.

    Attributes:
        comparison: all of them.
        best: the oracle, by problem.
        records: as they were logged.
        folder: where they are.
    """

    comparison: Comparison
    best: Mapping[str, Valued]
    records: Sequence[CellRecord]
    folder: ComparisonFolder

    def guidelines(self, searcher: str, seed: int) -> list[Mapping[str, Any]]:
        """The notes of a run that hold a guideline: its ``reply``, and the number of the next ``trial``."""
        notes = [note for note in self.folder.notes() if (note["searcher"], note["seed"]) == (searcher, seed)]
        return [note["note"] for note in notes if note["note"]["kind"] == "guideline"]

    @property
    def oracles(self) -> dict[str, float]:
        """The highest expected score, by problem."""
        return {problem: best.score for problem, best in self.best.items()}

    @property
    def resamples(self) -> Resamples:
        """Of one problem's seeds."""
        return Resamples.of(1, len(self.comparison.seeds))

    def curves(self, problem: str) -> Interval:
        """Mean expected score of the incumbent after each trial; (searchers, N)."""
        part = self.comparison.only(tasks=[problem])
        columns = [mean(part.achieved[..., trial], self.resamples) for trial in range(part.trials)]
        return Interval(*(np.stack([getattr(c, end) for c in columns], axis=-1) for end in ("value", "low", "high")))

    def final(self, problem: str) -> Interval:
        """Mean expected score of the last incumbent; (searchers,)."""
        return mean(self.comparison.only(tasks=[problem]).achieved[..., -1], self.resamples)

    def gain(self, problem: str, searcher: str, over: str) -> Interval:
        """By how much one searcher's last incumbent is better than another's, seed by seed; ()."""
        part = self.comparison.only(tasks=[problem], searchers=[searcher, over]).achieved[..., -1]
        return single(mean(part[:, :1] - part[:, 1:], self.resamples))

    def share_found(self, problem: str, searcher: str) -> float:
        """Share of the runs whose incumbent was within :data:`WITHIN` of the oracle at any time."""
        return float(self._reached(problem).share[0, self.comparison.position(searcher)])

    def trials_to_find(self, problem: str, searcher: str) -> Interval:
        """Expected trials until that, with restarts; ()."""
        expected, column = self._reached(problem).expected, self.comparison.position(searcher)
        return Interval(*(getattr(expected, end)[0, column] for end in ("value", "low", "high")))

    def _reached(self, problem: str) -> Any:
        part = self.comparison.only(tasks=[problem])
        return reached(part, Reference.of(part, self.oracles), self.resamples, within=WITHIN)

    def incumbents(self, problem: str, searcher: str) -> list[str | None]:
        """The last incumbent of each seed, as text; None where no trial was completed."""
        found = [record for record in self.records if (record.problem, record.searcher) == (problem, searcher)]
        return [_incumbent(record) for record in sorted(found, key=lambda record: record.seed)]

    def numbers(self, problem: str, column: str, published: Mapping[str, float] = MappingProxyType({})) -> list[Number]:
        """Final scores by searcher, in a column of a table.

        Args:
            problem: which.
            column: its name.
            published: by searcher, what the paper reports.
        """
        final = self.final(problem)
        return [
            number(searcher, column, final, rank, published=published.get(searcher, nan), status="predicted")
            for rank, searcher in enumerate(self.comparison.searchers)
        ]

    def effect(self, problem: str, searcher: str, over: str, name: str = "") -> Effect:
        """The same as :meth:`gain`, for a sentence; named after the problem if not otherwise."""
        gain = self.gain(problem, searcher, over)
        return Effect(name or problem, float(gain.value), float(gain.low), float(gain.high))


def run_searches(context: Context, name: str, **options: Any) -> Searches:
    """Run searches, or read those that are finished.

    Args:
        context: of the preset; its folder keeps them below ``searches``, as a folder of ``agenttts compare``.
        name: of these among the preset's.
        options: of :class:`~agenttts_env.experiments.compare.options.CompareOptions`, where they are not the context's.

    Raises:
        RunLogError: the folder holds other searches.
        EngineError: the LLM cannot be reached.
    """
    given = context.options
    folder = context.folder / "searches" / name
    values = {"seeds": given.seeds, "trials": given.trials, "jobs": given.jobs, "out": str(folder), **options}
    if given.llm is not None:
        values |= given.llm_values
    with finished_comparison(CompareOptions(**values), context.progress) as kept:
        records, order = kept.records(), kept.settings["searchers"]
    records.sort(key=lambda record: (record.seed, order.index(record.searcher)))
    best = {name: Valued.from_json(oracle) for name, oracle in kept.oracles().items()}
    return Searches(Comparison.of(record.cell() for record in records), best, records, kept)


def searchers_of(context: Context) -> tuple[str, ...]:
    """The searchers of a preset, with the LLM's if there is one."""
    return (*SEARCHERS, *(LLM_SEARCHERS if context.options.llm is not None else ()))


def single(interval: Interval) -> Interval:
    """The one entry of an interval, as a number."""
    return Interval(*(np.asarray(getattr(interval, end)).reshape(()) for end in ("value", "low", "high")))


def number(
    row: str,
    column: str,
    interval: Interval,
    index: int | tuple[int, ...] = (),
    *,
    published: float = nan,
    status: Status = "",
    digits: int = 3,
) -> Number:
    """An entry of an interval, for a table."""
    value, low, high = (float(getattr(interval, end)[index]) for end in ("value", "low", "high"))
    return Number(row, column, value, low, high, published, status, digits)


def search_settings(context: Context, searchers: Sequence[str]) -> dict[str, object]:
    """What a page says of its searches."""
    options = context.options
    settings: dict[str, object] = {
        "searchers": ", ".join(searchers),
        "seeds": f"{options.seeds} (0 to {options.seeds - 1}; all searchers see the same data set of a seed)",
        "trials": options.trials,
        "examples": "50 of the search split",
        "backend": "simulated",
        "version": package_version(),
        "further statistics": "`agenttts report` of the folders below `searches`, beside `page.md`",
    }
    if options.llm is not None:
        settings["LLM"] = (
            f"{options.llm}, temperature {options.llm_temperature:g}, {options.llm_max_tokens} tokens a reply"
        )
    return settings


def _incumbent(record: CellRecord) -> str | None:
    """By the rule of :func:`agenttts_env.trial.best_trial`, from what a record keeps."""
    trials = zip(record.requested, record.score, record.cost, strict=True)
    scored = [(-score, cost, name) for name, score, cost in trials if score is not None and cost is not None]
    return min(scored, key=lambda trial: trial[:2], default=(0.0, 0.0, None))[2]

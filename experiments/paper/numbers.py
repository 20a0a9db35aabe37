"""The numbers of a page: every one stands in a table and in ``numbers.csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, isnan, nan
from pathlib import Path
from typing import Literal

Status = Literal["", "fitted", "predicted", "exact", "recorded"]
"""What a published figure is to ours: the landscape was fitted to it; it was not; both follow from one formula. A
recorded number is one that a real model earned."""


@dataclass(frozen=True)
class Number:
    """One number.

    Attributes:
        row: of its table.
        column: of its table.
        value: NaN where there is none, infinite where something never happens.
        low: lower end of its interval; NaN without one.
        high: upper end.
        published: what the paper reports; NaN where it reports nothing.
        status: see :data:`Status`.
        digits: decimals.
    """

    row: str
    column: str
    value: float
    low: float = nan
    high: float = nan
    published: float = nan
    status: Status = ""
    digits: int = 3

    @property
    def text(self) -> str:
        """For example ``0.750 [0.741, 0.758]``."""
        shown = number_text(self.value, self.digits)
        if isnan(self.low) or isnan(self.high):
            return shown
        return f"{shown} [{number_text(self.low, self.digits)}, {number_text(self.high, self.digits)}]"

    @property
    def published_text(self) -> str:
        """With the two or three decimals that it was printed with."""
        if self.digits == 0 or abs(self.published) >= 1e4:
            return number_text(self.published, 0)
        shown = number_text(self.published, 3)
        return shown[:-1] if shown.endswith("0") else shown


def number_text(value: float, digits: int) -> str:
    """A dash for NaN, ``never`` for infinity, an exponent for large numbers."""
    if isnan(value):
        return "-"
    if isinf(value):
        return "never" if value > 0 else "-never"
    return f"{value:.3g}".replace("e+", "e") if abs(value) >= 1e6 else f"{value:.{digits}f}"


@dataclass(frozen=True)
class Table:
    """Numbers with a heading.

    Attributes:
        title: what they are; unique on its page.
        corner: what the rows are.
        numbers: in order; rows and columns stand as they first appear.
        note: what must be known to read them.
        backend: where they come from.
    """

    title: str
    corner: str
    numbers: tuple[Number, ...]
    note: str = ""
    backend: str = "SIMULATED"

    def markdown(self) -> str:
        """As GitHub's Markdown: a cell per number, with the published figure where there is one."""
        columns = tuple(dict.fromkeys(number.column for number in self.numbers))
        cells = {(number.row, number.column): _cell(number) for number in self.numbers}
        lines = [
            f"**{self.title}** ({self.backend})",
            "",
            _line((self.corner, *columns)),
            "|---" * (1 + len(columns)) + "|",
        ]
        for row in dict.fromkeys(number.row for number in self.numbers):
            lines.append(_line((row, *(cells.get((row, column), "") for column in columns))))
        return "\n".join([*lines, *(["", self.note] if self.note else [])])


def _cell(number: Number) -> str:
    if isnan(number.published):
        return number.text
    status = f", {number.status}" if number.status else ""
    return f"{number.text} (paper {number.published_text}{status})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_numbers(path: Path, tables: Sequence[Table]) -> None:
    """Every number of a page as CSV, with all its digits.

    Args:
        path: overwritten if it is there.
        tables: of the page.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("backend", "table", "row", "column", "value", "low", "high", "published", "status", "shown"))
        for table in tables:
            for number in table.numbers:
                values = (number.value, number.low, number.high, number.published)
                rows.writerow(
                    (
                        table.backend,
                        table.title,
                        number.row,
                        number.column,
                        *("" if isnan(value) else repr(float(value)) for value in values),
                        number.status,
                        _cell(number),
                    )
                )

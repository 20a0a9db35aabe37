"""The page of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agenttts_env.experiments.paper.numbers import Table


@dataclass(frozen=True)
class Plot:
    """A picture of a page.

    Attributes:
        stem: of its files ``STEM.png`` and ``STEM.svg``; begins with the preset's name.
        caption: what it shows, with the backend's label.
    """

    stem: str
    caption: str


@dataclass(frozen=True)
class Page:
    """What a preset has found.

    Attributes:
        title: what of the paper it is.
        backend: the label of where its numbers come from, in capitals unless live.
        origin: what that means here, and which of the compared numbers were fitted.
        conclusion: sentences made of the numbers.
        reported: what the paper reports, with where.
        contents: tables and plots, in order.
        differences: where the two differ and why that may be.
        settings: what decides the numbers.
        sections: further headings with Markdown below each.
    """

    title: str
    backend: str
    origin: str
    conclusion: tuple[str, ...]
    reported: tuple[str, ...]
    contents: tuple[Table | Plot, ...]
    differences: tuple[str, ...]
    settings: Mapping[str, object]
    sections: tuple[tuple[str, str], ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables."""
        return tuple(part for part in self.contents if isinstance(part, Table))

    @property
    def plots(self) -> tuple[Plot, ...]:
        """The plots."""
        return tuple(part for part in self.contents if isinstance(part, Plot))

    def markdown(self, command: str) -> str:
        """The page; its plots are expected beside it.

        Args:
            command: that made it.
        """
        parts = [
            f"# {self.title}",
            f"`{command}` wrote this page: change the code, not the page. Paper: arXiv 2508.00890.",
            f"```bash\n{command}\n```",
            f"**{self.backend}.** {self.origin}",
            "## Conclusion",
            " ".join(self.conclusion),
            "## What the paper reports",
            _items(self.reported),
            "## What we get",
        ]
        parts += [
            part.markdown() if isinstance(part, Table) else f"![{part.caption}]({part.stem}.png)\n\n*{part.caption}*"
            for part in self.contents
        ]
        for heading, text in self.sections:
            parts += [f"## {heading}", text]
        parts += ["## Where they differ, and why that may be", _items(self.differences), "## Settings"]
        parts.append(_items(tuple(f"{name}: {value}" for name, value in self.settings.items())))
        return "\n\n".join(parts) + "\n"


def _items(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- {text}" for text in texts)

"""A requirement: what a program shall do, and how one can tell that it does."""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.errors import InvalidInputError


@dataclass(frozen=True)
class Check:
    """One run of a program.

    Attributes:
        stdin: what it reads.
        stdout: what it must print, white space aside (see :meth:`accepts`).
    """

    stdin: str
    stdout: str

    def accepts(self, stdout: str) -> bool:
        """Whether a program printed the right thing: runs of spaces count as one, and blank lines as none."""
        return _squeezed(stdout) == _squeezed(self.stdout)


def _squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Requirement:
    """One record of a software-development data set.

    Attributes:
        id: unique within the data set.
        text: what the program shall do; not blank.
        example: a run that is shown with the requirement, and on which the program is tried; None where the data set
            has none: then the program is tried without any input.
        checks: runs that nobody is shown, for the pass rate; empty where the data set has none.

    Raises:
        InvalidInputError: the text is blank or cannot be written as UTF-8.
    """

    id: str
    text: str
    example: Check | None = None
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidInputError(f"`text` must hold text, but requirement {self.id!r} has {self.text!r}")
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"`text` must be valid Unicode, but in requirement {self.id!r} {error.reason}"
            ) from error

    @property
    def question(self) -> str:
        """The text, under the name that :func:`agenttts_env.tasks.split` asks for."""
        return self.text

"""What became of one run of a generated program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["exited", "timeout", "killed", "refused"]
"""How a run ended.

- ``exited``: the program ended by itself: it returned, raised, or died of a signal of its own.
- ``timeout``: it used up its wall or CPU time.
- ``killed``: it broke another limit, or ended the process that watches over it.
- ``refused``: nothing ran: a file name, the entry or an argument breaks the rules of ``Program``.
"""


@dataclass(frozen=True)
class Execution:
    """One run.

    All texts are the same whenever the same program does the same: they hold no times, process ids or folder names of
    the host, so that a prompt may quote them and still be found in the sample store.

    Attributes:
        status: how it ended.
        reason: the same in words, for people and for an LLM.
        limit: the field of ``Limits`` that was reached, for ``timeout`` and (nearly always) ``killed``.
        exit_code: of a program that exited; -N if signal N ended it. Otherwise None.
        stdout: what it wrote, at most ``Limits.output_bytes``; bytes that are no UTF-8 appear as U+FFFD.
        stderr: likewise.
        seconds: wall time between its start and its end.
    """

    status: Status
    reason: str
    limit: str | None = None
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether it ended with exit code 0 and left no traceback (of a thread, say) behind."""
        return (
            self.status == "exited" and self.exit_code == 0 and "Traceback (most recent call last)" not in self.stderr
        )

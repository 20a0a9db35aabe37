"""Which protections the operating system grants, and what they guarantee together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MECHANISMS = ("namespaces", "user", "landlock", "seccomp", "subreaper", "rlimits")
"""What a system may or may not offer.

``user``: the program does not run as root. ``subreaper``: orphans become children of the launcher, not of process 1.
"""

GUARANTEES = {
    "process": "runs in a process and a session of its own",
    "folder": "gets a private folder, which is removed",
    "environment": "inherits no environment and no open files",
    "limits": "has limits on CPU, memory, file size, open files and cores",
    "processes": "cannot start more than its number of processes",
    "network": "has no network",
    "files": "can change no file outside its folder, and read none but the interpreter's and the system's libraries",
    "signals": "can neither signal nor trace processes of the host",
    "cleanup": "leaves no process behind",
}
"""What a program is held to, by name."""

BASIC = tuple(GUARANTEES)
"""What ``Sandbox`` insists on unless told otherwise: everything."""

_GRANTED_BY: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "process": ((),),
    "folder": ((),),
    "environment": ((),),
    "limits": (("rlimits",),),
    "processes": (("rlimits", "user"),),
    "network": (("namespaces",), ("seccomp",)),
    "files": (("namespaces", "user"), ("landlock", "seccomp", "user")),
    "signals": (("namespaces",), ("seccomp", "landlock")),
    "cleanup": (("namespaces",), ("subreaper",)),
}
"""Guarantee to the sets of mechanisms any of which suffices."""


@dataclass(frozen=True)
class Protections:
    """The outcome of a probe; as a string, one line for the start of a run.

    Attributes:
        mechanisms: each of ``MECHANISMS`` to whether it is on.
        reasons: why a mechanism is off.
    """

    mechanisms: Mapping[str, bool]
    reasons: Mapping[str, str]

    @property
    def plan(self) -> list[str]:
        """The mechanisms that are on."""
        return [name for name, on in self.mechanisms.items() if on]

    @property
    def guarantees(self) -> dict[str, bool]:
        """Each of ``GUARANTEES`` to whether it holds."""
        on = set(self.plan)
        return {name: any(on.issuperset(needed) for needed in _GRANTED_BY[name]) for name in GUARANTEES}

    @property
    def missing(self) -> list[str]:
        """The guarantees that do not hold."""
        return [name for name, holds in self.guarantees.items() if not holds]

    def __str__(self) -> str:
        plan = ", ".join(self.plan) or "nothing"
        off = [f"{name} off ({self.reasons[name]})" for name, on in self.mechanisms.items() if not on]
        missing = f"NOT guaranteed: {', '.join(self.missing)}" if self.missing else "all guarantees hold"
        return "; ".join([f"sandbox: {plan} on", *off, missing])

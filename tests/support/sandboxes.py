"""Sandboxes with and without namespaces."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agenttts_env.errors import SandboxError
from agenttts_env.sandbox import BASIC, Execution, Limits, Sandbox

Run = Callable[..., Execution]

WAYS = {"everything": (), "no-namespaces": ("namespaces",), "user-namespace": ("user",)}
"""The mechanisms left off. Root without ``user`` makes the launcher enter a user namespace, as ordinary users do."""


def sandbox_of(way: str, limits: Limits) -> Sandbox:
    """A sandbox that has all the guarantees that this way leaves it; the test is skipped where the system has fewer."""
    as_root = way == "user-namespace" and os.geteuid() == 0
    require = [name for name in BASIC if not (as_root and name in ("processes", "files"))]
    try:
        return Sandbox(limits, require, without=WAYS[way])
    except SandboxError as error:
        pytest.skip(str(error))


def processes_with(marker: str) -> list[str]:
    """The command lines of this machine's processes that hold a marker."""
    found = []
    for file in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            line = Path(file).read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in line:
            found.append(line)
    return found

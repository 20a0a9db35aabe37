from __future__ import annotations

from collections.abc import Callable

import pytest

from agenttts_env.sandbox import BASIC, Protections
from agenttts_env.sandbox.protections import MECHANISMS


@pytest.fixture
def make() -> Callable[..., Protections]:
    def protections(*off: str) -> Protections:
        return Protections({name: name not in off for name in MECHANISMS}, dict.fromkeys(off, "no such thing"))

    return protections


def test_everything_on(make: Callable[..., Protections]) -> None:
    assert make().missing == []
    assert str(make()) == ("sandbox: namespaces, user, landlock, seccomp, subreaper, rlimits on; all guarantees hold")


@pytest.mark.parametrize(
    ("off", "missing"),
    [
        (["namespaces"], []),
        (["landlock", "seccomp", "subreaper"], []),
        (["namespaces", "landlock"], ["files", "signals"]),
        (["namespaces", "seccomp"], ["network", "files", "signals"]),
        (["namespaces", "subreaper"], ["cleanup"]),
        (["user"], ["processes", "files"]),
        (["rlimits"], ["limits", "processes"]),
        (list(MECHANISMS), ["limits", "processes", "network", "files", "signals", "cleanup"]),
    ],
)
def test_what_is_missing(make: Callable[..., Protections], off: list[str], missing: list[str]) -> None:
    protections = make(*off)
    assert protections.missing == missing
    assert set(protections.missing) <= set(BASIC)
    line = str(protections)
    assert "\n" not in line
    assert all(f"{name} off (no such thing)" in line for name in off)
    assert line.endswith(f"NOT guaranteed: {', '.join(missing)}" if missing else "all guarantees hold")

"""The filter, interpreted here: the machine that runs the tests has one architecture, the filter knows two."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from agenttts_env.sandbox.launcher import seccomp

ALLOW = 0x7FFF0000
KILL = 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(machine: str, call: str | int, *arguments: int, own: bool = True, audit: int | None = None) -> int:
    number = call if isinstance(call, int) else seccomp._NUMBERS[call][list(AUDIT).index(machine)]
    assert number is not None
    memory = {0: number, 4: audit or AUDIT[machine]} | {16 + 8 * n: value for n, value in enumerate(arguments)}
    code = seccomp._instructions(machine, own, own)
    position = value = 0
    while True:
        operation, if_true, if_false, operand = code[position]
        position += 1
        match operation:
            case 0x20:
                value = memory[operand]
            case 0x54:
                value &= operand
            case 0x06:
                return operand
            case _:
                holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
                position += if_true if holds else if_false


@pytest.mark.parametrize("machine", AUDIT)
def test_the_verdicts(machine: str) -> None:
    deny, missing = seccomp.DENY, seccomp.MISSING
    assert verdict(machine, 0 if machine == "x86_64" else 63) == ALLOW  # read
    for call in ("socket", "ptrace", "mount", "unshare", "bpf", "keyctl", "io_uring_setup", "open_by_handle_at"):
        assert verdict(machine, call) == deny
    assert verdict(machine, "socketpair", 1) == ALLOW
    assert verdict(machine, "socketpair", 2) == deny
    assert verdict(machine, "clone", 0x01200011) == ALLOW  # fork
    assert verdict(machine, "clone", 0x10000011) == deny  # CLONE_NEWUSER
    assert verdict(machine, "clone3") == missing
    assert verdict(machine, 463) == missing
    assert verdict(machine, "prlimit64", 0) == ALLOW
    assert verdict(machine, "prlimit64", 1) == deny
    assert verdict(machine, "fcntl", 5, 1) == ALLOW
    assert verdict(machine, "fcntl", 5, 8) == deny
    assert verdict(machine, 0x40000000) == missing  # x32
    assert verdict(machine, "socket", audit=0x40000003) == KILL  # i386 by int 0x80


@pytest.mark.parametrize("machine", AUDIT)
def test_what_namespaces_would_have_hidden(machine: str) -> None:
    for call in ("kill", "tkill", "tgkill"):
        assert verdict(machine, call, 1) == ALLOW
        assert verdict(machine, call, 1, own=False) == seccomp.DENY
        assert verdict(machine, call, 0xFFFFFFFF, own=False) == seccomp.DENY
        assert verdict(machine, call, os.getpid(), own=False) == ALLOW
    assert verdict(machine, "fchmodat", own=True) == ALLOW
    assert verdict(machine, "fchmodat", own=False) == seccomp.PRETEND
    assert verdict(machine, "openat", 0, 0, os.O_RDONLY, own=False) == ALLOW
    assert verdict(machine, "openat", 0, 0, os.O_WRONLY | os.O_TRUNC, own=False) == ALLOW
    assert verdict(machine, "openat", 0, 0, os.O_RDONLY | os.O_TRUNC, own=False) == seccomp.DENY
    assert verdict(machine, "ioctl", 0, 0x5401, own=False) == ALLOW
    assert verdict(machine, "ioctl", 0, 0x40086602, own=False) == seccomp.DENY


@pytest.mark.parametrize(
    ("column", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_the_kernels(column: int, header: str) -> None:
    if not os.path.exists(header):
        pytest.skip(f"{header} is not installed")
    text = Path(header).read_text()
    kernels = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    kernels.setdefault("fchmodat2", 452)  # newer than some headers
    for name, numbers in seccomp._NUMBERS.items():
        assert numbers[column] == kernels.get(name), name

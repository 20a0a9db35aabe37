"""The sandbox: runs programs that an LLM wrote, and is not impressed by what they do."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from agenttts_env.errors import InvalidInputError, SandboxError
from agenttts_env.sandbox.execution import Execution, Status
from agenttts_env.sandbox.folder import private_folder
from agenttts_env.sandbox.launch import Launch, interpreter, launch
from agenttts_env.sandbox.launcher.job import Job
from agenttts_env.sandbox.limits import Limits
from agenttts_env.sandbox.program import Program
from agenttts_env.sandbox.protections import BASIC, GUARANTEES, MECHANISMS, Protections

_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store", "/etc/ld.so.cache")
_TRIAL = Program({"main.py": "import hashlib, json, os, sys\nprint(sys.argv[1], input())"}, "main.py", "in", ("out",))


class Sandbox:
    """Runs untrusted Python programs with the standard library, each in a fresh folder that is gone afterwards.

    Safe to use from several threads. See docs/sandbox.md for what it protects against, and what not.

    Args:
        limits: what a program may use.
        require: the guarantees (see ``GUARANTEES``) without which it refuses to exist.
        without: mechanisms to leave off although the system may offer them: for tests of what is left.

    Attributes:
        limits: as given.
        protections: which protections are on. Print it at start-up.

    Raises:
        SandboxError: a required guarantee cannot be had here.
        InvalidInputError: a name in ``require`` or ``without`` is unknown.
    """

    def __init__(
        self, limits: Limits | None = None, require: Collection[str] = BASIC, *, without: Collection[str] = ()
    ) -> None:
        for option, names, known in (("require", require, GUARANTEES), ("without", without, MECHANISMS)):
            for name in names:
                if name not in known:
                    raise InvalidInputError(f"`{option}` must name some of {', '.join(known)}, but has {name!r}")
        self.limits = limits or Limits()
        self.protections = _probe(frozenset(without))
        missing = [name for name in require if name in self.protections.missing]
        if missing:
            lacks = "; ".join(f"{name}: the program {GUARANTEES[name]}" for name in missing)
            raise SandboxError(
                f"generated programs must not run without guarantees that this system does not give ({lacks}). "
                f"{self.protections}. Use Linux 5.14 or later; in a container, permit user namespaces, Landlock and "
                "seccomp; or, where something else contains the programs (a virtual machine of their own), say so with "
                f"require={tuple(name for name in require if name not in missing)!r}"
            )

    def run(self, files: Mapping[str, str], entry: str, stdin: str = "", arguments: Sequence[str] = ()) -> Execution:
        """Run a program to its end, and end all that it has started.

        Whatever the program is or does becomes an ``Execution``.

        Args:
            files: relative path to text: the whole program.
            entry: the file to run.
            stdin: its standard input; at its end the program reads end-of-file.
            arguments: its command line arguments.

        Raises:
            SandboxError: the sandbox itself failed: a protection that the system granted before is refused now, or
                something cannot be removed.
        """
        program = Program(files, entry, stdin, arguments)
        fault = program.fault(self.limits)
        if fault is not None:
            return Execution("refused", f"nothing was run: {fault}")
        result, top = _run(program, self.limits, self.protections.plan)
        if "failed" in result.news:
            raise SandboxError(
                f"a protection that was on must stay on, but {result.news['failed'] or 'the launcher'} failed: "
                f"{result.news['why']}"
            )
        if "started" not in result.news:
            raise SandboxError(f"the sandbox's launcher must start, but: {_text(result.stderr, top)!r}")
        return _execution(result, top, self.limits)


def _readable() -> list[str]:
    """What a program must be able to read: the interpreter, its standard library, the system's libraries."""
    prefixes = {interpreter(), sys.base_prefix, sys.base_exec_prefix}
    prefixes |= {os.path.realpath(prefix) for prefix in prefixes}
    return [*_SYSTEM, *sorted(prefixes - {"/"})]


def _run(program: Program, limits: Limits, plan: Sequence[str]) -> tuple[Launch, str]:
    """Run a program that has no fault; also returns the folder it ran in, which is gone."""
    with private_folder() as top:
        job = Job(
            plan=list(plan),
            limits=asdict(limits),
            top=top,
            python=interpreter(),
            readable=_readable(),
            files=dict(program.files),
            entry=program.entry,
            stdin=program.stdin,
            arguments=list(program.arguments),
        )
        return launch(job), top


@functools.cache
def _probe(without: frozenset[str]) -> Protections:
    """Try the mechanisms with a harmless program; each that fails is left off, with the system's answer.

    Raises:
        SandboxError: not even the bare launcher works.
    """
    if not hasattr(os, "fork"):
        raise SandboxError(f"the sandbox must be able to fork, which {sys.platform} cannot; on Windows, use WSL 2")
    offered = MECHANISMS if sys.platform == "linux" else ("rlimits",)
    plan = [name for name in offered if name not in without]
    reasons = {name: f"not offered by {sys.platform}" for name in MECHANISMS if name not in offered}
    reasons.update((name, "left off on request") for name in without)
    while True:
        result, top = _run(_TRIAL, Limits(wall_seconds=30, cpu_seconds=30), plan)
        failed = result.news.get("failed")
        if failed in plan:
            plan.remove(failed)
            reasons[failed] = result.news["why"]
        elif result.news.get("code") == 0 and result.stdout == b"out in\n":
            return Protections({name: name in plan for name in MECHANISMS}, reasons)
        else:
            why = result.news.get("why") or _text(result.stderr, top) or result.news
            raise SandboxError(f"a harmless program must run in the sandbox (with {', '.join(plan)}), but: {why}")


def _text(output: bytes, top: str) -> str:
    """Output as text, with the same folder names wherever it ran."""
    return output.decode("utf-8", errors="replace").replace(str(Path(top).resolve()), "").replace(top, "")


_REASONS = {
    "wall_seconds": "it ran longer than the allowed {:g} seconds",
    "cpu_seconds": "it used more CPU time than the allowed {:g} seconds",
    "memory_bytes": "its processes together used more memory than the allowed {} bytes",
    "processes": "it started more processes than the allowed {}",
    "folder_bytes": "its folder holds more than the allowed {} bytes",
    "files": "its folder holds more than the allowed {} files, or folders that hide files",
    "output_bytes": "it wrote more output than the allowed {} bytes",
}


def _execution(result: Launch, top: str, limits: Limits) -> Execution:
    """The launcher's report, in our words."""
    status, code, limit = _ending(result)
    if limit is not None:
        reason = f"the program was killed: {_REASONS[limit].format(getattr(limits, limit))}"
    elif code is None:
        reason = "the program was killed: it ended the process that watches over it"
    elif code < 0:
        names = {number.value: number.name for number in signal.Signals}
        reason = f"the program was ended by signal {names.get(-code, -code)}"
    else:
        reason = f"the program ended with exit code {code}"
    return Execution(
        status=status,
        reason=reason,
        limit=limit,
        exit_code=code,
        stdout=_text(result.stdout, top),
        stderr=_text(result.stderr, top),
        seconds=result.news.get("seconds", 0.0),
    )


def _ending(result: Launch) -> tuple[Status, int | None, str | None]:
    """The status, exit code and limit of a run; too much output outweighs what came after it."""
    limit = "output_bytes" if result.overflow else result.news.get("limit")
    if limit is not None:
        return ("timeout" if limit in ("wall_seconds", "cpu_seconds") else "killed"), None, limit
    code = result.news.get("code")
    return ("killed" if code is None else "exited"), code, None

"""The supervisor: puts the protections in place, watches the program, ends everything, reports."""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress

from agenttts_env.sandbox.launcher import child, libc, namespaces, rlimits, user, watch
from agenttts_env.sandbox.launcher.layout import lay_out
from agenttts_env.sandbox.launcher.mechanism import MechanismError, setting_up

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from agenttts_env.sandbox.launcher.job import Job

_TICK = 0.05  # seconds between two looks at what the kernel does not limit
_ENDING = 10.0  # seconds in which all processes must be gone
_STARTED = struct.Struct("=i")  # the program's process id, as its keeper sees it
_ENDED = struct.Struct("=id")  # the program's wait status and CPU seconds


class Supervisor:
    """One job, from its plan to its report.

    Args:
        job: what to run.
        report: where to write lines of JSON for the host.
        lifeline: as soon as this can be read (the host has closed it, or has died), everything is ended.
    """

    def __init__(self, job: Job, report: int, lifeline: int) -> None:
        self.job = job
        self.plan = job["plan"]
        self.limits = job["limits"]
        self.report = report
        self.lifeline = lifeline
        self.tree = watch.Tree()
        self.program = 0

    def tell(self, **news: Any) -> None:
        """Write a line to the host."""
        os.write(self.report, json.dumps(news).encode() + b"\n")

    def run(self) -> None:
        """Do the job.

        Raises:
            MechanismError: a protection of the plan cannot be had; no program has run.
        """
        os.umask(0o022)  # the host's may be stricter than the program's user can bear
        with suppress(OSError):
            _write("/proc/self/oom_score_adj", "1000")  # should the machine run out of memory, this goes first
        isolated = "namespaces" in self.plan
        if "subreaper" in self.plan:
            with setting_up("subreaper"):
                libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
                if not self.tree.available:
                    raise OSError("/proc does not list the children of processes")
        own_id = None
        if "user" in self.plan:
            with setting_up("user"):
                own_id = user.own_id()
        base = self.job["top"]
        if isolated:
            with setting_up("namespaces"):
                namespaces.enter(
                    base,
                    readable=self.job["readable"],
                    devices=child.DEVICES,
                    files=int(self.limits["files"]),
                    folder_bytes=int(self.limits["folder_bytes"]),
                    user=own_id,
                )
            base = "/"
        elif own_id is not None:
            os.chmod(base, 0o711)  # its user must be able to pass
        stdin = lay_out(base, self.job, own_id)
        if isolated:
            with setting_up("namespaces"):
                namespaces.seal()
        processes = rlimits.headroom(
            counts_namespace=isolated and own_id is None,
            own_id=own_id is not None,
            processes=int(self.limits["processes"]),
        )
        if sys.platform == "linux":
            libc.prctl(libc.PR_SET_DUMPABLE, 0)  # the program may not look into its keeper
        setup, setup_end = os.pipe()
        ended, ended_end = os.pipe()
        keeper = os.fork()
        if keeper == 0:
            _keep(self.job, base, stdin, own_id, processes, setup_end, ended_end)
        os.close(setup_end)
        os.close(ended_end)
        failure = _read_all(setup)
        if failure:
            os.waitpid(keeper, 0)
            name, why = json.loads(failure)
            raise MechanismError(name, why)
        started = time.monotonic()
        self.tell(started=True)
        try:
            (self.program,) = _STARTED.unpack(os.read(ended, _STARTED.size))
            outcome = self._wait(keeper, ended, started, base)
            seconds = time.monotonic() - started
        finally:
            self._end(keeper)
        self.tell(**outcome, seconds=seconds)

    def _wait(self, keeper: int, ended: int, started: float, base: str) -> dict[str, Any]:
        """Wait for the program's end, or for a reason to end it."""
        deadline = started + self.limits["wall_seconds"]
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return {"limit": "wall_seconds"}
            ready = select.select([ended, self.lifeline], [], [], min(left, _TICK))[0]
            if ended in ready:
                return self._ending(ended)
            if self.lifeline in ready:
                return {"stopped": True}
            limit = self._exceeded(keeper, base)
            if limit:
                return {"limit": limit}

    def _ending(self, ended: int) -> dict[str, Any]:
        """How the program ended."""
        news = _read_all(ended)
        if len(news) != _ENDED.size:
            return {"lost": True}  # something has killed the keeper
        status, cpu = _ENDED.unpack(news)
        code = os.waitstatus_to_exitcode(status)
        spent = cpu >= self.limits["cpu_seconds"]
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and spent):
            return {"limit": "cpu_seconds"}
        return {"code": code}

    def _exceeded(self, keeper: int, base: str) -> str | None:
        """The limit that the processes together, or the folder, exceed."""
        if self.tree.available:
            programs = [process for process in self.tree.descendants() if process != keeper]
            if sum(map(self.tree.memory, programs)) > self.limits["memory_bytes"]:
                return "memory_bytes"
            if len(programs) > self.limits["processes"]:
                return "processes"
        if "namespaces" in self.plan:
            return None  # the folder is a file system of limited size
        files, folder_bytes = int(self.limits["files"]), int(self.limits["folder_bytes"])
        return watch.folder_excess(os.path.join(base, "program"), files=files, folder_bytes=folder_bytes)

    def _end(self, keeper: int) -> None:
        """Kill everything that the program has started, and wait until it is gone.

        The keeper is the first process of the pid namespace: the kernel ends all others with it. Without one, orphans
        become children of this process (a "subreaper"), so that none is left as soon as there are no children. A system
        with neither (the host must have agreed to that) has the program's process group killed.
        """
        if self.program and not self.tree.available and "namespaces" not in self.plan:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.program, signal.SIGKILL)
        deadline = time.monotonic() + _ENDING
        victims = [keeper]
        while True:
            for victim in victims:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes outlived SIGKILL for {_ENDING:g} s: {victims}")
            if self.tree.available:
                victims = list(self.tree.descendants())
            time.sleep(0.0005)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _read_all(pipe: int) -> bytes:
    with open(pipe, "rb") as file:
        return file.read()


def _keep(job: Job, base: str, stdin: int, own_id: int | None, processes: int, setup: int, ended: int) -> NoReturn:
    """The keeper: starts the program, waits for it, tells how it ended. It is process 1 of the pid namespace."""
    try:
        if sys.platform == "linux":
            libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
        program = os.fork()
        if program == 0:
            try:
                child.run(job, base, stdin, own_id, processes)
            except MechanismError as error:
                os.write(setup, json.dumps((error.mechanism, error.why)).encode())
            except BaseException:
                os.write(setup, json.dumps(("", _traceback())).encode())
            os._exit(1)
        os.close(setup)
        os.write(ended, _STARTED.pack(program))
        while True:
            process, status, usage = os.wait4(-1, 0)
            if process == program:
                break
        os.write(ended, _ENDED.pack(status, usage.ru_utime + usage.ru_stime))
    finally:
        os._exit(0)


def _traceback() -> str:
    import traceback  # only here: it takes as long to import as everything else

    return traceback.format_exc()


def main() -> None:
    """Read a job from standard input, whose end then is the sign to stop; report to the pipe of the first argument."""
    report = int(sys.argv[1])
    os.set_inheritable(report, False)
    lifeline = os.dup(0)
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(lifeline, 1 << 16)
        if not piece:
            return
        line += piece
    supervisor = Supervisor(json.loads(line), report, lifeline)
    try:
        supervisor.run()
    except MechanismError as error:
        supervisor.tell(failed=error.mechanism, why=error.why)
    except BaseException:
        supervisor.tell(failed="", why=_traceback())

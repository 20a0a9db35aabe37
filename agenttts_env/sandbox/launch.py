"""The host's side of one launcher process: hand it a job, collect what comes out, never wait in vain."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agenttts_env.errors import SandboxError
from agenttts_env.sandbox.launcher.job import Job

# The launcher sees this package's folder, but not its __init__.py, which imports far more than the standard library.
_START = """
import sys, types
for name, folder in (("agenttts_env", sys.argv[2]), ("agenttts_env.sandbox", sys.argv[3])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
from agenttts_env.sandbox.launcher.main import main
main()
"""
_HERE = Path(__file__).resolve().parent
_PATIENCE = 60.0  # seconds beyond the wall limit for the launcher's own work, on the busiest machine


def interpreter() -> str:
    """The interpreter behind this one's virtual environment, without links."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@dataclass
class Launch:
    """What came out of one launcher.

    Attributes:
        news: what it reported, merged.
        stdout: the program's output, up to the limit.
        stderr: likewise.
        overflow: the program wrote more than the limit.
    """

    news: dict[str, Any] = field(default_factory=dict)
    stdout: bytes = b""
    stderr: bytes = b""
    overflow: bool = False


def launch(job: Job) -> Launch:
    """Run a job to its end.

    Raises:
        SandboxError: the launcher cannot be started, or does not end.
    """
    report, report_end = os.pipe()
    command = [interpreter(), "-I", "-S", "-c", _START, str(report_end), str(_HERE.parent), str(_HERE)]
    try:
        # No environment, no descriptors but four, a session of its own; nothing runs between fork and exec.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=(report_end,),
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        os.close(report)
        raise SandboxError(f"the sandbox needs to start {command[0]}, but: {error}") from error
    finally:
        os.close(report_end)
    try:
        return _converse(process, report, job)
    finally:
        _dismiss(process)
        os.close(report)


def _converse(process: subprocess.Popen[bytes], report: int, job: Job) -> Launch:
    """Write the job while reading what comes, until all the launcher's pipes are closed or it is to stop."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    limit = int(job["limits"]["output_bytes"])
    unsent = memoryview(json.dumps(job).encode() + b"\n")
    received = {"report": bytearray(), "stdout": bytearray(), "stderr": bytearray()}
    overflow = False
    deadline = time.monotonic() + job["limits"]["wall_seconds"] + _PATIENCE
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        for name, pipe in (
            ("report", report),
            ("stdout", process.stdout.fileno()),
            ("stderr", process.stderr.fileno()),
        ):
            selector.register(pipe, selectors.EVENT_READ, name)
        # The report's end is the launcher's: it goes last, after all that could hold the other pipes.
        while "report" in {key.data for key in selector.get_map().values()}:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise SandboxError(f"a run must end within its wall limit, but {_PATIENCE:g} s later it has not")
            for key, _ in ready:
                if key.data is None:
                    try:
                        unsent = unsent[os.write(key.fd, unsent) :]
                    except BrokenPipeError:
                        unsent = unsent[:0]
                    if not unsent:
                        selector.unregister(process.stdin)
                    continue
                piece = os.read(key.fd, 1 << 16)
                received[key.data] += piece
                if not piece:
                    selector.unregister(key.fd)
                if key.data != "report" and len(received[key.data]) > limit and not overflow:
                    overflow = True
                    process.stdin.close()  # the sign to stop
                if key.data != "report":
                    del received[key.data][limit + 1 :]
    for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
        os.set_blocking(stream.fileno(), False)  # were a process left over, it could hold the pipe
        while len(received[name]) <= limit and (piece := stream.read(1 << 16) or b""):
            received[name] += piece
        overflow = overflow or len(received[name]) > limit
    news: dict[str, Any] = {}
    for line in received["report"].splitlines():
        news.update(json.loads(line))
    return Launch(news, bytes(received["stdout"][:limit]), bytes(received["stderr"][:limit]), overflow)


def _dismiss(process: subprocess.Popen[bytes]) -> None:
    """See the launcher off, whatever has happened: closing its input makes it end everything."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""The job: what the host asks the launcher to do, as one line of JSON."""

from __future__ import annotations

from typing import TypedDict


class Job(TypedDict):
    """One program, and how to run it.

    Attributes:
        plan: the mechanisms to use; one that fails ends the job before the program starts.
        limits: the fields of ``Limits``.
        top: an empty folder, which only the host's user can change.
        python: the interpreter, an absolute path without links.
        readable: the interpreter's files and the system's libraries.
        files: name to content, checked by the host.
        entry: the name of the file to run.
        stdin: the program's standard input.
        arguments: the program's arguments.
    """

    plan: list[str]
    limits: dict[str, float]
    top: str
    python: str
    readable: list[str]
    files: dict[str, str]
    entry: str
    stdin: str
    arguments: list[str]

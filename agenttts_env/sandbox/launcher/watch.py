"""What the limits of single processes do not bound: all processes together, and the whole folder."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

_PAGE = resource.getpagesize()


class Tree:
    """The processes below this one, as Linux's ``/proc`` shows them.

    Open it before the host's ``/proc`` is out of sight.

    Attributes:
        available: whether the system shows them.
    """

    def __init__(self) -> None:
        self._proc = -1
        self.available = False
        try:
            self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
            self._read(f"{os.getpid()}/task/{os.getpid()}/children")
            self.available = True
        except OSError:
            pass

    def _read(self, path: str) -> str:
        handle = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        try:
            return os.read(handle, 1 << 20).decode()
        finally:
            os.close(handle)

    def descendants(self) -> Iterator[int]:
        """The process ids below this process, parents first; a tree that grows meanwhile may hide some."""
        waiting = [os.getpid()]
        while waiting:
            parent = waiting.pop()
            try:
                folder = os.open(f"{parent}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
            except OSError:
                continue  # it has ended
            try:
                threads = os.listdir(folder)
            except OSError:
                continue
            finally:
                os.close(folder)
            for thread in threads:
                try:
                    children = [int(child) for child in self._read(f"{parent}/task/{thread}/children").split()]
                except OSError:
                    continue
                yield from children
                waiting += children

    def memory(self, process: int) -> int:
        """The bytes of memory that a process shares with nothing but its forks; 0 once it has ended."""
        try:
            _, resident, shared = self._read(f"{process}/statm").split()[:3]
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * _PAGE


def folder_excess(folder: str, *, files: int, folder_bytes: int) -> str | None:
    """The limit that a folder exceeds, if any. Links are not followed.

    A folder that cannot be listed may hide anything: it counts as too many files.
    """
    count = size = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if count > files:
                        return "files"
                    if size > folder_bytes:
                        return "folder_bytes"
        except FileNotFoundError:
            continue  # it went meanwhile
        except OSError:
            return "files"  # a folder without permissions, or too deep
    return None

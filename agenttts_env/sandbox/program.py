"""A program as an LLM wrote it, and the rules that it must keep before anything of it touches the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agenttts_env.sandbox.limits import Limits

_BLOCK = 4096
_NAME_BYTES, _PATH_BYTES = 255, 1000
_ARGUMENT_BYTES = 2**16


@dataclass(frozen=True)
class Program:
    """Files, and how to run them.

    Attributes:
        files: relative path, with ``/`` between folders, to text.
        entry: the file to run.
        stdin: standard input.
        arguments: what follows the entry on the command line.
    """

    files: Mapping[str, str]
    entry: str
    stdin: str = ""
    arguments: Sequence[str] = ()

    def fault(self, limits: Limits) -> str | None:
        """The rule that this program breaks, in words; None if it may run.

        - A name is relative; its parts are neither empty nor ``.`` nor ``..``, and at most 255 bytes each, 1000 in all.
        - No name holds a NUL. Names, contents, input and arguments can be written as UTF-8.
        - No file is the folder of another.
        - The files fit into ``limits``.
        - The entry is one of the files. Arguments hold no NUL and 64 KiB at most.
        """
        folders = {parent for name in self.files for parent in _parents(name)}
        size = 0
        for name, content in self.files.items():
            fault = _name_fault(name)
            if fault is None and name in folders:
                fault = "is a file and a folder"
            if fault is not None:
                return f"the file name {_quoted(name)} {fault}"
            if not _is_text(content):
                return f"the file {_quoted(name)} holds text that is not valid Unicode"
            length = len(content.encode())
            if length > limits.file_bytes:
                return f"the file {_quoted(name)} has {length} bytes; {limits.file_bytes} are allowed"
            size += -(-length // _BLOCK) * _BLOCK
        if len(self.files) + len(folders) > limits.files:
            return f"there are {len(self.files) + len(folders)} files and folders; {limits.files} are allowed"
        if size > limits.folder_bytes:
            return f"the files take {size} bytes; {limits.folder_bytes} are allowed"
        if self.entry not in self.files:
            return f"the file to run, {_quoted(self.entry)}, is not among the files"
        if not _is_text(self.stdin):
            return "the standard input is not valid Unicode"
        if any(not _is_text(argument) or "\0" in argument for argument in self.arguments):
            return "an argument holds a NUL or is not valid Unicode"
        if sum(len(argument.encode()) for argument in self.arguments) > _ARGUMENT_BYTES:
            return f"the arguments take more than {_ARGUMENT_BYTES} bytes"
        return None


def _parents(name: str) -> list[str]:
    """The folders that a name implies: those of ``a/b/c`` are ``a`` and ``a/b``."""
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which a model can write as a JSON escape
        return False
    return True


def _quoted(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:80] + "…")


def _name_fault(name: str) -> str | None:
    """The rule that a file's name breaks."""
    if not _is_text(name):
        return "is not valid Unicode"
    if "\0" in name:
        return "holds a NUL"
    if name.startswith("/"):
        return "is absolute; names are relative to the program's folder"
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has a part that is empty, . or .."
    if len(name.encode()) > _PATH_BYTES or any(len(part.encode()) > _NAME_BYTES for part in parts):
        return f"is too long: {_NAME_BYTES} bytes a part and {_PATH_BYTES} in all are allowed"
    return None

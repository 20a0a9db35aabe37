"""Texts that are slow to make, made once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from agenttts_env.cache import cache_folder


def kept(kind: str, key: Mapping[str, Any], make: Callable[[], str]) -> str:
    """A text from the cache folder; made, and put there, if it is missing or damaged.

    Args:
        kind: what it is, as a folder's name.
        key: everything that the text is a function of; JSON-able.
        make: makes the text.
    """
    name = _digest(json.dumps(key, sort_keys=True).encode())
    path = cache_folder() / kind / f"{name}.json"
    with suppress(OSError):
        digest, _, content = path.read_bytes().partition(b"\n")
        if digest.decode(errors="replace") == _digest(content):
            return content.decode()
    text = make()
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with suppress(OSError):  # a folder that cannot be written costs time only
        path.parent.mkdir(exist_ok=True)
        temporary.write_bytes(f"{_digest(text.encode())}\n{text}".encode())
        temporary.replace(path)
    return text


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

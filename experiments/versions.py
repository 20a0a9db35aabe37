"""Versions of installed libraries."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def installed_version(library: str) -> str | None:
    """A library's version; None if it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def installed_versions(libraries: Iterable[str]) -> dict[str, str]:
    """Versions of those that are installed."""
    return {name: found for name in libraries if (found := installed_version(name)) is not None}

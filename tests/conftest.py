"""What tests of several packages share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_server import Server, servers
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)  # machines are shared and stall at times
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def data_folder() -> Callable[[str], Path]:
    """The folder of a real data set's sample, by name.

    It lies in ``$AGENTTTS_DATA`` or in ``../shared/data`` beside the repository. Without either, the test is skipped;
    with one of them, a sample that is missing there is a failure.
    """
    root = Path(os.environ.get("AGENTTTS_DATA") or Path(__file__).parents[2] / "shared" / "data")

    def folder(name: str) -> Path:
        if not os.environ.get("AGENTTTS_DATA") and not root.is_dir():
            pytest.skip("no real data: set AGENTTTS_DATA, or put the samples into ../shared/data")
        found = root / name
        assert found.is_dir(), f"{root} must hold the sample of {name}"
        return found

    return folder


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    """Starts local servers with scripted faults."""
    with servers() as make:
        yield make

"""The made-up landscape as a fixture."""

from __future__ import annotations

import pytest
from landscapes import toy_landscape

from agenttts_env.simulation.landscape import Landscape


@pytest.fixture
def landscape() -> Landscape:
    """Three stages of two models."""
    return toy_landscape()

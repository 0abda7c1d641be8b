"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings that SOTTO_TEST_DATA names; the test is skipped without it."""
    named = os.environ.get("SOTTO_TEST_DATA")
    if not named:
        pytest.skip("SOTTO_TEST_DATA is not set")
    return Path(named)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The synthesised recordings that ship with the project."""
    return Path(__file__).parent / "audio"

"""Fixtures that many tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assistant.faults.pulse import Pulse, missing, running_pulse

# The same examples in every run, and no clock: a run that fails fails again. To look for new
# ones: HYPOTHESIS_PROFILE=searching make test
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("searching", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    """A sound server without hardware, for this process and its children."""
    if (lack := missing()) is not None:
        pytest.skip(lack)
    with running_pulse() as server:
        yield server

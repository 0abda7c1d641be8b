"""What finds private things in raw text. Each detector keeps `pipeline.ports.Detector`."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.settings import RedactionSettings
from assistant.types import Finding, Transcript
from pipeline.detectors.household import HouseholdWords
from pipeline.detectors.patterns import Patterns
from pipeline.detectors.spoken import SpokenDigits
from pipeline.ports import Detector


def make_detectors(settings: RedactionSettings) -> tuple[Detector, ...]:
    """The detectors that the settings ask for."""
    return (Patterns(), SpokenDigits(), HouseholdWords(settings.words))


def find_all(detectors: Iterable[Detector], transcript: Transcript) -> tuple[Finding, ...]:
    """What all of them find; findings may overlap."""
    return tuple(finding for detector in detectors for finding in detector.find(transcript))

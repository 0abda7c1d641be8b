"""What finds private things in raw text. Each detector keeps `pipeline.ports.Detector`."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.settings import RedactionSettings
from assistant.types import Finding, Transcript
from pipeline.detectors.household import HouseholdWords
from pipeline.detectors.languages import Language
from pipeline.detectors.names import Names
from pipeline.detectors.rules import Rules
from pipeline.ports import Detector


def make_detectors(
    settings: RedactionSettings,
    things: Iterable[str] = (),
    literals: Iterable[str] = (),
    language: Language = "en",
) -> tuple[Detector, ...]:
    """The detectors that the settings ask for.

    `things` are the names of devices and areas, `literals` the commands' fixed words: what a
    command needs. `language` is what the rules read numbers in; the names model knows English.
    Raises ModelError where the names model is missing or damaged.
    """
    return (Rules(language), HouseholdWords(settings.words), Names(things, literals))


def find_all(detectors: Iterable[Detector], transcript: Transcript) -> tuple[Finding, ...]:
    """What all of them find; findings may overlap."""
    return tuple(finding for detector in detectors for finding in detector.find(transcript))

"""Some of what detectors find: the types that are asked for, from a score up."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from assistant.types import Finding, Transcript
from pipeline.ports import Detector, Foreseeing


class Chosen:
    """A detector whose other findings do not count."""

    def __init__(self, detector: Detector, types: Collection[str] | None, threshold: float) -> None:
        """Take findings of any of `types` (None: of all) that score `threshold` or more."""
        self.name = detector.name
        self.types: Collection[str] = tuple(
            kind for kind in detector.types if types is None or kind in types
        )
        self.cost = detector.cost
        self._detector = detector
        self._all = types is None
        self._threshold = threshold

    def find(self, transcript: Transcript) -> list[Finding]:
        """What the detector finds, as far as it was asked for."""
        return [
            finding
            for finding in self._detector.find(transcript)
            if finding.score >= self._threshold and (self._all or finding.type in self.types)
        ]

    def begins(self, text: str) -> int | None:
        """Where the end of the text may be half of something, as the detector itself has it."""
        return self._detector.begins(text) if isinstance(self._detector, Foreseeing) else None


def choose(
    detectors: Iterable[Detector], types: Collection[str] | None = None, threshold: float = 0.0
) -> tuple[Detector, ...]:
    """The same detectors, each narrowed to what is asked for; those with nothing to do are out."""
    if types is None and threshold <= 0:
        return tuple(detectors)
    chosen = (Chosen(detector, types, threshold) for detector in detectors)
    return tuple(detector for detector in chosen if detector.types)

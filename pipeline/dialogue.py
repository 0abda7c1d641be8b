"""The utterances that belong together, redacted as one conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.private import Private
from assistant.types import RedactedTranscript, Transcript, Utterance
from pipeline.detectors import find_all
from pipeline.ports import Detector
from pipeline.reading_needs import Needs
from pipeline.redact import Originals, redact
from pipeline.redactor import Redactor

TOGETHER = 30.0
"""Seconds of the source between two utterances of one conversation, at most."""
_PLACEHOLDER = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_[0-9]+\b")


class Dialogue:
    """Redacts one utterance after the other; those said soon after each other hang together.

    So the second half of a number is known by its first, and the same person keeps a
    placeholder. An utterance is over when it comes here: nothing is held back.
    """

    def __init__(self, detectors: Sequence[Detector], needs: Needs | None = None) -> None:
        self._detectors = detectors
        self._needs = needs
        self._redactor = Redactor(detectors, needs=needs)
        self._ended = 0.0

    def redact(
        self, utterance: Utterance, transcript: Transcript
    ) -> tuple[RedactedTranscript, Originals]:
        """Redact what was heard in the utterance; a long silence before it ends the dialogue."""
        if utterance.start - self._ended > TOGETHER:
            self.forget()
        self._ended = utterance.end
        (redacted,) = self._redactor.close(transcript)
        return redacted, self._redactor.originals(redacted)

    def quote(self, text: str) -> str:
        """A text that may quote what was said, fit to be reported or kept."""
        transcript = Transcript(0, Private(text), 1.0)
        safe = [match.span() for match in _PLACEHOLDER.finditer(text)]
        findings = [
            finding
            for finding in find_all(self._detectors, transcript)
            if not any(finding.start < end and start < finding.end for start, end in safe)
        ]
        redacted, _ = redact(transcript, findings, self._redactor.conversation)
        return redacted.text

    def forget(self) -> None:
        """Drop all that was said; the next utterance begins a conversation."""
        self._redactor.forget()
        self._redactor = Redactor(self._detectors, needs=self._needs)

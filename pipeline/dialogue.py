"""The utterances that belong together, redacted as one conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from threading import RLock

from assistant.private import Private
from assistant.types import Finding, RedactedTranscript, Transcript, Utterance
from pipeline.detectors import find_all
from pipeline.ports import Detector
from pipeline.reading_needs import Needs
from pipeline.redact import Originals, redact
from pipeline.redactor import Redactor
from pipeline.resting import Rest

TOGETHER = 30.0
"""Seconds of the source between two utterances of one conversation, at most."""
_PLACEHOLDER = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_[0-9]+\b")


class Dialogue:
    """Redacts one utterance after the other; those said soon after each other hang together.

    So the second half of a number is known by its first, and the same person keeps a
    placeholder. An utterance is over when it comes here: nothing is held back. Between two of
    them (`rest`) what was said lies in locked memory only. Any thread, one at a time.
    """

    def __init__(
        self, detectors: Callable[[], Sequence[Detector]], needs: Needs | None = None
    ) -> None:
        """Ask for the detectors anew for every utterance."""
        self._detectors = detectors
        self._needs = needs
        self._redactor = Redactor(detectors(), needs=needs)
        self._ended = 0.0
        self._lock = RLock()
        self._rest = Rest()
        self._is_resting = False

    def redact(
        self, utterance: Utterance, transcript: Transcript
    ) -> tuple[RedactedTranscript, Originals]:
        """Redact what was heard in the utterance; a long silence before it ends the dialogue.

        From now on until `rest` the dialogue is awake.
        """
        with self._lock:
            self._wake()
            if utterance.start - self._ended > TOGETHER:
                self.forget()
            self._ended = utterance.end
            self._redactor.detectors = self._detectors()
            (redacted,) = self._redactor.close(transcript)
            return redacted, self._redactor.originals(redacted)

    def quote(self, text: str) -> str:
        """A text that may quote what was said, fit to be reported or kept.

        What has a placeholder in this conversation is found letter by letter.
        """
        with self._lock:
            was_resting = self._is_resting
            self._wake()
            try:
                return self._quote(text)
            finally:
                if was_resting:
                    self.rest()

    def _quote(self, text: str) -> str:
        # What is known first: what is left of the text then reads as speech does.
        told = self._redactor.conversation.told(text)
        text = self._without(text, [Finding(*place, 1.0, "conversation") for place in told])
        return self._without(text, find_all(self._detectors(), Transcript(0, Private(text), 1.0)))

    def _without(self, text: str, findings: Sequence[Finding]) -> str:
        """The text with placeholders for the findings; what is one already stays."""
        safe = [match.span() for match in _PLACEHOLDER.finditer(text)]
        wanted = [
            finding
            for finding in findings
            if not any(finding.start < end and start < finding.end for start, end in safe)
        ]
        transcript = Transcript(0, Private(text), 1.0)
        redacted, _ = redact(transcript, wanted, self._redactor.conversation)
        return redacted.text

    def forget(self) -> None:
        """Drop all that was said; the next utterance begins a conversation."""
        with self._lock:
            self._rest.clear()
            self._is_resting = False
            self._redactor.forget()
            self._redactor = Redactor(self._detectors(), needs=self._needs)

    def rest(self) -> None:
        """An utterance is dealt with: its originals are forgotten, the rest is put away.

        Too much to put away is forgotten, too.
        """
        with self._lock:
            if self._is_resting:
                return
            if self._rest.put(self._redactor.packed()):
                self._redactor.forget()
                self._is_resting = True
            else:
                self.forget()

    def _wake(self) -> None:
        if self._is_resting:
            self._is_resting = False
            put_away = self._rest.take()
            if put_away is not None:
                self._redactor = self._redactor.unpacked(put_away)

"""Redacts speech as it comes: an identifier that a pause cut in two is found all the same."""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.private import Private
from assistant.types import Finding, RedactedTranscript, Transcript
from pipeline.conversation import Conversation
from pipeline.detectors import find_all
from pipeline.detectors.opening import open_from
from pipeline.ports import Detector, Foreseeing
from pipeline.reading_needs import Needs
from pipeline.redact import Originals, Span, merge, replace

WINDOW = 4_000
"""Most characters that are held back; what is longer goes out redacted as far as it is known."""
CONTEXT = 400
"""Characters of what went out that are still looked at, for the cue that stands there."""
MOST_ORIGINALS = 64
"""Segments whose originals a redactor keeps; the oldest are forgotten."""


def redact_utterance(
    detectors: Sequence[Detector],
    transcript: Transcript,
    conversation: Conversation | None = None,
    needs: Needs | None = None,
) -> tuple[RedactedTranscript, Originals]:
    """Redact an utterance that is over: one segment, and nothing to wait for."""
    redactor = Redactor(detectors, conversation, needs)
    (redacted,) = redactor.close(transcript)
    return redacted, redactor.originals(redacted)


@dataclass(frozen=True, slots=True)
class _Window:
    """What a redactor looks at: context and held segments, joined by one space each."""

    text: str
    places: tuple[int, ...]
    """Where each held segment begins."""
    spans: tuple[Span, ...]


class Redactor:
    """Takes the segments of one conversation in order; gives each back once it is safe to use.

    A segment is held back while something in it may go on in the next: a number, a cue ("my
    card number is"), half an address on the net, a finding that touches its end. Detectors see
    the held segments joined, behind the end of what went out before. Segments have ids of their
    own, offsets point into the raw text of their own segment, and all parts of one thing get
    one placeholder. At most `WINDOW` characters are held.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        conversation: Conversation | None = None,
        needs: Needs | None = None,
    ) -> None:
        """Take what finds private things, and who knows which words a command needs."""
        self._needs = needs
        self.conversation = Conversation() if conversation is None else conversation
        self.detectors = detectors
        self._held: list[Transcript] = []
        self._context: Private[str] = Private("")
        self._originals: OrderedDict[int, Originals] = OrderedDict()

    @property
    def holding(self) -> int:
        """How many segments wait for what comes next."""
        return len(self._held)

    def feed(self, segment: Transcript) -> tuple[RedactedTranscript, ...]:
        """Take the next segment; give those that are ready, in order."""
        self._held.append(segment)
        window = self._look()
        opened = self._open_from(window)
        end = len(window.text)
        return self._release(window, end if opened is None else max(opened, end - WINDOW))

    def close(self, segment: Transcript) -> tuple[RedactedTranscript, ...]:
        """Take the last segment; give it and what was held back, in order."""
        self._held.append(segment)
        return self.flush()

    def flush(self) -> tuple[RedactedTranscript, ...]:
        """Give what was held back: nothing more comes."""
        window = self._look()
        return self._release(window, len(window.text))

    def originals(self, redacted: RedactedTranscript) -> Originals:
        """What the placeholders of a segment that was given stand for."""
        return self._originals[redacted.utterance_id]

    def forget(self) -> None:
        """Drop all that was said, and what is held back with it."""
        for originals in self._originals.values():
            originals.forget()
        self._originals.clear()
        self._held.clear()
        self._context = Private("")
        self.conversation.forget()

    def packed(self) -> bytes:
        """What the next segment needs of those before, for `unpacked`; nothing may be held."""
        context = self._context.reveal()
        return json.dumps({"context": context, "conversation": self.conversation.packed()}).encode()

    def unpacked(self, packed: bytes) -> Redactor:
        """A redactor of the same parts that goes on from there."""
        values = json.loads(packed)
        made = Redactor(self.detectors, Conversation.unpacked(values["conversation"]), self._needs)
        made._context = Private(values["context"])
        return made

    def _open_from(self, window: _Window) -> int | None:
        """Where something begins that may go on in the next segment."""
        begins = [open_from(window.text, window.spans)]
        begins += [d.begins(window.text) for d in self.detectors if isinstance(d, Foreseeing)]
        return min((begin for begin in begins if begin is not None), default=None)

    def _look(self) -> _Window:
        """Join what is held behind what went out, and find what is private in it."""
        parts = [self._context.reveal()] if self._context.reveal() else []
        places: list[int] = []
        start = len(parts[0]) + 1 if parts else 0
        for segment in self._held:
            places.append(start)
            parts.append(segment.text.reveal())
            start += len(parts[-1]) + 1
        text = " ".join(parts)
        last = self._held[-1] if self._held else Transcript(0, Private(""), 0.0)
        joined = Transcript(last.utterance_id, Private(text), last.confidence, last.words)
        findings: Sequence[Finding] = find_all(self.detectors, joined)
        if self._needs is not None:
            findings = self._needs.spare(findings, zip(places, self._held, strict=True))
        return _Window(text, tuple(places), tuple(merge(text, findings)))

    def _release(self, window: _Window, until: int) -> tuple[RedactedTranscript, ...]:
        """Give the segments that end before `until` begins."""
        ready: list[RedactedTranscript] = []
        spans = deque(window.spans)
        for place in window.places:
            segment = self._held[0]
            end = place + len(segment.text.reveal())
            if end > until:
                break
            inside = _inside(spans, place, end)
            redacted, originals = replace(segment, inside, self.conversation)
            self._keep(redacted, originals)
            ready.append(redacted)
            self._context = Private(window.text[max(0, end - CONTEXT) : end])
            del self._held[0]
        return tuple(ready)

    def _keep(self, redacted: RedactedTranscript, originals: Originals) -> None:
        self._originals[redacted.utterance_id] = originals
        while len(self._originals) > MOST_ORIGINALS:
            _, oldest = self._originals.popitem(last=False)
            oldest.forget()


def _inside(spans: deque[Span], start: int, end: int) -> list[Span]:
    """The parts of the spans that lie in the segment, with offsets into it."""
    found: list[Span] = []
    while spans and spans[0].end <= start:
        spans.popleft()
    while spans and spans[0].start < end:
        span = spans[0]
        left, right = max(span.start, start) - start, min(span.end, end) - start
        if left < right:
            found.append(Span(left, right, span.type, span.whole, span.finding))
        if span.end > end:
            break
        spans.popleft()
    return found

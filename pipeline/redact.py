"""The seam: raw text goes in, redacted text comes out, and what was taken out stays in hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from assistant.private import Private
from assistant.types import Entity, Finding, RedactedTranscript, Transcript
from pipeline.conversation import Conversation, placeholders

_WORD = re.compile(r"\w+")


class Originals:
    """What the placeholders of one utterance stand for. In memory only, and forgettable."""

    __slots__ = ("_forms", "_pattern")

    def __init__(self, forms: dict[str, list[str]]) -> None:
        self._forms = forms
        self._pattern = placeholders(forms)

    def restore(self, text: str) -> Private[str]:
        """The text with every placeholder replaced by what was said.

        `restore(redacted.text)` is the raw text again, letter by letter: where one placeholder
        stands for "Ada" and then "ada", each gets its own spelling back.
        """
        if self._pattern is None:
            return Private(text)
        seen: dict[str, int] = {}

        def original(match: re.Match[str]) -> str:
            name = match[0]
            forms = self._forms[name]
            seen[name] = seen.get(name, -1) + 1
            return forms[min(seen[name], len(forms) - 1)]

        return Private(self._pattern.sub(original, text))

    def forget(self) -> None:
        """Drop what was said; from now on placeholders stay as they are."""
        self._forms.clear()
        self._pattern = None

    def __len__(self) -> int:
        return len(self._forms)

    def __repr__(self) -> str:
        return f"Originals({len(self)} hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("originals are not pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("originals are not pickled or copied")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one segment that becomes a placeholder."""

    start: int
    end: int
    type: str
    whole: str
    """All of what is hidden, where a part of it was said in another segment."""
    finding: Finding
    """The one that gave the type, with the place of the whole."""


def redact(
    transcript: Transcript, findings: Sequence[Finding], conversation: Conversation | None = None
) -> tuple[RedactedTranscript, Originals]:
    """Put a placeholder in the place of every finding.

    A finding is widened to whole words, so no part of a private word is left. Findings that
    overlap or touch become one, of the type with the higher score, or of the longer one.
    Placeholders count up per type in the order of the text; the same words (whatever their
    case) get the same placeholder, here and in the rest of the conversation. A number whose
    placeholder somebody said is skipped, so nothing that was said looks like a placeholder.
    """
    spans = tuple(merge(transcript.text.reveal(), findings))
    return replace(transcript, spans, Conversation() if conversation is None else conversation)


def replace(
    transcript: Transcript, spans: Sequence[Span], conversation: Conversation
) -> tuple[RedactedTranscript, Originals]:
    """Put placeholders in the place of spans that lie in order and apart."""
    raw = transcript.text.reveal()
    spoken = {word.casefold() for word in _WORD.findall(raw)} if spans else set()
    forms: dict[str, list[str]] = {}
    entities: list[Entity] = []
    parts: list[str] = []
    last = 0
    for span in spans:
        name = conversation.placeholder(span.type, span.whole, spoken)
        if name not in forms:
            entities.append(Entity(span.type, name))
        forms.setdefault(name, []).append(raw[span.start : span.end])
        parts += (raw[last : span.start], name)
        last = span.end
    redacted = RedactedTranscript(
        transcript.utterance_id,
        "".join((*parts, raw[last:])),
        tuple(entities),
        transcript.confidence,
        tuple(_placed(span) for span in spans),
    )
    return redacted, Originals(forms)


def part(transcript: RedactedTranscript, start: int, end: int) -> RedactedTranscript:
    """A part of a redacted text (characters, half-open), with the placeholders that stand in it.

    It has no findings: those are places in the raw text of the whole.
    """
    text = transcript.text[start:end]
    said = set(_WORD.findall(text))
    entities = tuple(entity for entity in transcript.entities if entity.placeholder in said)
    return RedactedTranscript(transcript.utterance_id, text, entities, transcript.confidence)


def merge(raw: str, findings: Sequence[Finding]) -> Iterator[Span]:
    """Whole words, in order, apart from each other. Looks at each letter once."""
    placed = [(*place, finding) for finding in findings if (place := _trim(raw, finding))]
    placed.sort(key=lambda item: item[:2])
    group: list[Finding] = []
    start = end = 0
    for left, right, finding in placed:
        begin = left
        while begin > end and _is_word(raw[begin - 1]):
            begin -= 1
        if group and begin > end:
            yield _span(raw, start, end, group)
            group = []
        if not group:
            start, end = begin, right
            group = [finding]
        else:
            group.append(finding)
            end = max(end, right)
        while end < len(raw) and _is_word(raw[end]):
            end += 1
    if group:
        yield _span(raw, start, end, group)


def _span(raw: str, start: int, end: int, group: Sequence[Finding]) -> Span:
    best = max(group, key=lambda finding: (finding.score, finding.end - finding.start))
    kind = re.sub(r"[^A-Z0-9_]", "_", best.type.upper()) or "PRIVATE"
    return Span(start, end, kind, raw[start:end], best)


def _placed(span: Span) -> Finding:
    best = span.finding
    return Finding(span.start, span.end, span.type, best.score, best.detector, best.rule)


def _trim(raw: str, finding: Finding) -> tuple[int, int] | None:
    """Where the finding lies: inside the text, without spaces around it."""
    start, end = max(finding.start, 0), min(finding.end, len(raw))
    while start < end and raw[start].isspace():
        start += 1
    while end > start and raw[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"

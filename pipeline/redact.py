"""The seam: raw text goes in, redacted text comes out, and what was taken out stays in hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from assistant.private import Private
from assistant.types import Entity, Finding, RedactedTranscript, Transcript

_WORD = re.compile(r"\w+")


class Originals:
    """What the placeholders of one utterance stand for. In memory only, and forgettable."""

    __slots__ = ("_forms", "_pattern")

    def __init__(self, forms: dict[str, list[str]]) -> None:
        self._forms = forms
        names = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)") if names else None

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
class _Span:
    start: int
    end: int
    type: str


def redact(
    transcript: Transcript, findings: Sequence[Finding]
) -> tuple[RedactedTranscript, Originals]:
    """Put a placeholder in the place of every finding.

    A finding is widened to whole words, so no part of a private word is left. Findings that
    overlap or touch become one, of the type with the higher score, or of the longer one.
    Placeholders count up per type in the order of the text; the same words (whatever their
    case) get the same placeholder. A number whose placeholder somebody said is skipped, so
    nothing that was said looks like a placeholder.
    """
    raw = transcript.text.reveal()
    spoken = {word.casefold() for word in _WORD.findall(raw)}
    forms: dict[str, list[str]] = {}
    names: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    entities: list[Entity] = []
    parts: list[str] = []
    last = 0
    for span in _merge(raw, findings):
        original = raw[span.start : span.end]
        identity = (span.type, original.casefold())
        if identity not in names:
            names[identity] = _name(span.type, counts, spoken)
            entities.append(Entity(span.type, names[identity]))
        forms.setdefault(names[identity], []).append(original)
        parts += (raw[last : span.start], names[identity])
        last = span.end
    text = "".join((*parts, raw[last:]))
    redacted = RedactedTranscript(
        transcript.utterance_id, text, tuple(entities), transcript.confidence
    )
    return redacted, Originals(forms)


def _name(kind: str, counts: dict[str, int], spoken: set[str]) -> str:
    while True:
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind}_{counts[kind]}"
        if name.casefold() not in spoken:
            return name


def _merge(raw: str, findings: Sequence[Finding]) -> Iterator[_Span]:
    """Whole words, in order, apart from each other."""
    placed = [(place, finding) for finding in findings if (place := _place(raw, finding))]
    placed.sort(key=lambda item: item[0])
    group: list[Finding] = []
    start = end = -1
    for (left, right), finding in placed:
        if group and left > end:
            yield _Span(start, end, _type(group))
            group = []
        start, end = (start, max(end, right)) if group else (left, right)
        group.append(finding)
    if group:
        yield _Span(start, end, _type(group))


def _place(raw: str, finding: Finding) -> tuple[int, int] | None:
    """Where the finding lies: inside the text, without spaces around it, in whole words."""
    start, end = max(finding.start, 0), min(finding.end, len(raw))
    while start < end and raw[start].isspace():
        start += 1
    while end > start and raw[end - 1].isspace():
        end -= 1
    if start >= end:
        return None
    while start > 0 and _is_word(raw[start - 1]):
        start -= 1
    while end < len(raw) and _is_word(raw[end]):
        end += 1
    return start, end


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _type(group: Sequence[Finding]) -> str:
    best = max(group, key=lambda finding: (finding.score, finding.end - finding.start))
    return re.sub(r"[^A-Z0-9_]", "_", best.type.upper()) or "PRIVATE"

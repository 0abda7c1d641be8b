"""Leaves alone what a command can't do without, whatever a detector takes it for.

Raw text is parsed here, on the redactor's side, only to learn which places its intent needs; what
comes out are findings. "Set a timer for four minutes" needs its four; "remind me to call four one
five" needs nothing of what follows "to": that is free speech.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from assistant.types import Finding, Transcript

CHOSEN = "household"
"""The detector of the words that somebody called private in the settings: it has the last word."""
PRIVATE = frozenset({"PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "ADDRESS", "USERNAME", "SECRET"})
"""Types that stay private in values of own sentences: those may be of contacts, or a PIN."""


class Needed(Protocol):
    """A place that an intent needs; see `pipeline.intents.Needed`."""

    @property
    def start(self) -> int:
        """Its first character."""
        ...

    @property
    def end(self) -> int:
        """Just past its last character."""
        ...

    @property
    def is_own(self) -> bool:
        """Whether it is a value of an own list, or a number in an own sentence."""
        ...


class Knowing(Protocol):
    """Who knows what an intent needs: the parser."""

    def needed(self, text: str) -> Sequence[Needed]:
        """The places in a raw text that its intent needs; none: it is no command."""
        ...


class Needs:
    """Takes out of findings what the intent of their segment needs."""

    def __init__(self, parser: Knowing) -> None:
        self._parser = parser

    def spare(
        self, findings: Iterable[Finding], segments: Iterable[tuple[int, Transcript]]
    ) -> list[Finding]:
        """The findings without what is needed, cut where a part of one is.

        `segments` are utterances with their place in the text that the findings lie in. A finding
        that reaches over the begin of its segment is left whole.
        """
        found = list(findings)
        for offset, segment in segments:
            text = segment.text.reveal()
            end = offset + len(text)
            inside = [one for one in found if one.start >= offset and one.end <= end]
            if inside:
                places = self._parser.needed(text)
                rest = [one for one in found if one.start < offset or one.end > end]
                found = rest + [part for one in inside for part in _without(one, places, offset)]
        return found


def _without(finding: Finding, places: Sequence[Needed], offset: int) -> list[Finding]:
    """What is left of a finding, in order."""
    if finding.detector == CHOSEN:
        return [finding]
    left: list[Finding] = []
    start = finding.start
    for place in places:
        if place.is_own and finding.type in PRIVATE:
            continue
        begin, end = place.start + offset, place.end + offset
        if begin < finding.end and end > start:
            if begin > start:
                left.append(replace(finding, start=start, end=begin))
            start = max(start, end)
    if start < finding.end:
        left.append(replace(finding, start=start))
    return left

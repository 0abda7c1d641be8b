"""Several commands in one breath: "turn off the lights and set a timer for five minutes"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Protocol, TypeVar

from assistant.types import RedactedIntent, RedactedTranscript, Words
from pipeline.intents import Needed
from pipeline.redact import part

MOST = 4
"""Commands in one breath, and places where it is tried to cut them apart."""
NEVER_MIND = "HassNevermind"
WHOLE = frozenset({"HassBroadcast"})
"""Intents whose free words are a message, in which anything may stand."""

_BETWEEN = re.compile(
    r"(?:\s*[,;.]\s*(?:and\s+)?|\s+and\s+)(?:(?:then|also)\s+)?|\s+(?:then|also)\s+", re.IGNORECASE
)
_Made = TypeVar("_Made")


class Knowing(Protocol):
    """The parser of single commands: `pipeline.intents.IntentParser`."""

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        """Give the intent, or None where no sentence fits."""
        ...

    def needed(self, text: str) -> Sequence[Needed]:
        """The places in a raw text that its intent needs; none: it is no command."""
        ...


class Several:
    """Cuts a sentence into commands where it is none as a whole.

    A sentence that fits as a whole stays whole ("add salt and pepper to my list"), unless its
    free words hold an "and" after which a command without free words follows. It is cut into as
    many commands as can be, so that none is taken for idle words beside another, and all of it
    must be commands: else it is none.
    """

    def __init__(self, parser: Knowing) -> None:
        self._parser = parser

    def parse(
        self, transcript: RedactedTranscript, whole: RedactedIntent | None
    ) -> tuple[RedactedIntent, ...]:
        """The commands, in order; empty where there are not several. `whole`: what all of it is.

        One "never mind" among them is about all of them.
        """
        if whole is not None and not _is_open(whole):
            return ()
        cuts = _cut(
            transcript.text,
            lambda start, end: self._parser.parse(part(transcript, start, end)),
        )
        if whole is not None and any(_free(intent) for intent in cuts[1:]):
            return ()
        given_up = [intent for intent in cuts if intent.name == NEVER_MIND]
        return tuple(given_up[:1] or cuts)

    def needed(self, text: str) -> tuple[Needed, ...]:
        """The places in a raw text that its intents need, as the parser of single ones says."""
        alone = self._parser.needed(text)
        if alone:
            return tuple(alone)
        places = _cut(text, lambda start, end: self._needed(text, start, end) or None)
        return tuple(place for each in places for place in each)

    def _needed(self, text: str, first: int, last: int) -> tuple[Needed, ...]:
        return tuple(
            replace(one, start=one.start + first, end=one.end + first)
            for one in self._parser.needed(text[first:last])
        )


def _cut(text: str, made: Callable[[int, int], _Made | None]) -> list[_Made]:
    """What is made of the parts, the most of which something is made each; none: empty."""
    between = [match.span() for match in _BETWEEN.finditer(text.rstrip(" .;,"))][:MOST]
    known: dict[tuple[int, int], _Made | None] = {}
    for count in range(min(len(between), MOST - 1), 0, -1):
        for chosen in combinations(between, count):
            edges = [(0, 0), *chosen, (len(text), len(text))]
            parts: list[_Made] = []
            for (_, start), (end, _) in pairwise(edges):
                if (start, end) not in known:
                    known[start, end] = made(start, end)
                one = known[start, end]
                if one is None:
                    break
                parts.append(one)
            else:
                return parts
    return []


def _free(intent: RedactedIntent) -> list[str]:
    return [slot.value for slot in intent.slots.values() if isinstance(slot, Words)]


def _is_open(intent: RedactedIntent) -> bool:
    """Whether a command may stand in the free words of another."""
    return intent.name not in WHOLE and any(_BETWEEN.search(words) for words in _free(intent))

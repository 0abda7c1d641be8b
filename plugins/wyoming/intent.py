"""What a text means, for peers. Nothing is done here: who asks, acts."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from assistant.errors import outline
from assistant.private import Private
from assistant.skill import plain
from assistant.types import (
    Confirm,
    Grant,
    RedactedIntent,
    RedactedTranscript,
    Refusal,
    Transcript,
)
from pipeline.ports import Parser
from pipeline.worker import Worker
from plugins.wyoming.info import intent_info
from plugins.wyoming.messages import Said, read
from plugins.wyoming.server import Line
from plugins.wyoming.wire import Frame

log = logging.getLogger(__name__)

LIMIT = 20.0
"""Seconds in which an answer must be there."""
Told: TypeAlias = tuple[str, dict[str, Any]]
"""A frame's type and its data."""
NOT_UNDERSTOOD: Told = ("not-recognized", {"text": "Sorry, I didn't understand that."})
NEEDS_A_YES: Told = (
    "not-recognized", {"text": "That needs a yes. Please say it to Sotto itself."},
)  # fmt: skip
NOT_ALLOWED: Told = ("not-recognized", {"text": "I'm not allowed to do that."})


class Intents:
    """Understands as the assistant does: redacted first, then parsed, then decided about.

    What the policy refuses, or asks a yes for, is not recognized: the peer could not ask.
    """

    name = "intent"
    patience: float | None = 60.0

    def __init__(
        self,
        redact: Callable[[Transcript], RedactedTranscript],
        parser: Parser,
        decide: Callable[[RedactedIntent], Grant | Confirm | Refusal],
        is_stopped: Callable[[], bool],
        worker: Worker,
        program: str,
    ) -> None:
        """`is_stopped`: whether nothing is shared now. `worker` has room for every peer."""
        self._redact = redact
        self._parser = parser
        self._decide = decide
        self._is_stopped = is_stopped
        self.worker = worker
        self._program = program
        self._numbers = itertools.count(1)

    def info(self) -> Mapping[str, Any]:
        """One program with one model."""
        return intent_info(self._program)

    def meet(self, line: Line) -> IntentTalk:
        """Begin to speak with a peer."""
        return IntentTalk(self, line)

    def understand(self, text: Private[str]) -> Told:
        """What is answered to a text."""
        if self._is_stopped():
            return NOT_ALLOWED
        redacted = self._redact(Transcript(next(self._numbers), text, 1.0))
        intent = self._parser.parse(redacted)
        if intent is None:
            return NOT_UNDERSTOOD
        match self._decide(intent):
            case Grant():
                entities = [
                    {"name": name, "value": plain(slot)} for name, slot in intent.slots.items()
                ]
                return "intent", {"name": intent.name, "entities": entities}
            case Confirm():
                return NEEDS_A_YES
            case Refusal():
                return NOT_ALLOWED


class IntentTalk:
    """What is said to one peer: `recognize`, or `transcript` as Home Assistant asks; an answer."""

    def __init__(self, intents: Intents, line: Line) -> None:
        self._intents = intents
        self._line = line

    async def take(self, frame: Frame) -> None:
        """Answer a text."""
        if frame.type in ("recognize", "transcript"):
            text = Private(read(frame, Said).text)
            kind, data = await self._told(text)
            context = frame.data.get("context")
            await self._line.send(kind, {**data, "context": context} if context else data)

    async def _told(self, text: Private[str]) -> Told:
        """The answer, also where the parser failed or took too long."""
        try:
            async with asyncio.timeout(LIMIT):
                return await self._intents.worker.run(self._intents.understand, text)
        except TimeoutError:
            log.error("wyoming intent: a text was dropped: the parser took too long")
        except Exception as error:  # there is always an answer
            log.error("wyoming intent: a text was dropped: %s", outline(error))
        return NOT_UNDERSTOOD

    async def leave(self) -> None:
        """It keeps nothing."""

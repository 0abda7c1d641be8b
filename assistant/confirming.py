"""Confirms risky acts by a spoken PIN, or by a button. Silence, or anything else, is a no.

What answers the question for the PIN is heard, compared and dropped: it is in no store, no log
and no event, where a placeholder of the type PIN stands for all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from assistant.errors import AssistantError
from assistant.events import Redacted, Report
from assistant.private import Private
from assistant.skill import Reply
from assistant.types import ConfirmBy, Entity, Transcript
from pipeline.digits import LONGEST, SHORTEST, spoken_digits
from pipeline.listen import Heard
from pipeline.ports import Expected
from pipeline.worker import Worker
from storage.pin import FREE, Pin

log = logging.getLogger(__name__)

RECOGNITION = 20.0
"""Seconds after which an answer that is still being recognized is none."""
PRESS_WITHIN = 20.0
"""Seconds in which a button has to be pressed."""
PIN = "PIN"
"""The type that stands for whatever answers the question for the PIN."""

Hears: TypeAlias = Callable[[Reply, Expected], Awaitable[Heard | None]]
"""Asks a question and gives what was said after it; None: nothing."""
Says: TypeAlias = Callable[[Reply], Awaitable[None]]


class Button:
    """Waits for a press, one question at a time. It belongs to the event loop.

    A press counts only while somebody is asked: none is kept for later.
    """

    def __init__(self, seconds: float = PRESS_WITHIN) -> None:
        """`seconds`: in which it has to be pressed."""
        self._seconds = seconds
        self._pressed: asyncio.Future[bool] | None = None
        self._followers: list[Callable[[bool], None]] = []

    @property
    def is_there(self) -> bool:
        """Whether somebody who has a button was told to follow."""
        return bool(self._followers)

    @property
    def is_waiting(self) -> bool:
        """Whether a press would be a yes now."""
        return self._pressed is not None

    def follow(self, tell: Callable[[bool], None]) -> Callable[[], None]:
        """Have somebody told when a press is waited for, and when no longer; ends it by what
        is given back.
        """
        self._followers.append(tell)
        return lambda: self._followers.remove(tell)

    def press(self) -> bool:
        """It was pressed; whether that was waited for."""
        return self._settle(yes=True)

    def refuse(self) -> bool:
        """Something else happened: a wake word, another button. That is a no."""
        return self._settle(yes=False)

    async def wait(self) -> bool:
        """Whether it is pressed in time."""
        self._pressed = asyncio.get_running_loop().create_future()
        self._tell(waits=True)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._pressed
        except TimeoutError:
            return False
        finally:
            self._pressed = None
            self._tell(waits=False)

    def _settle(self, *, yes: bool) -> bool:
        if self._pressed is None or self._pressed.done():
            return False
        self._pressed.set_result(yes)
        return True

    def _tell(self, *, waits: bool) -> None:
        for tell in tuple(self._followers):
            tell(waits)


class Confirming:
    """Asks for the PIN or the button, and says what it was."""

    def __init__(
        self,
        pin: Pin | None = None,
        button: Button | None = None,
        note: Callable[[str, str], None] = lambda _actor, _what: None,
    ) -> None:
        """`note` puts what came of it into the audit log; without a part its kind is a no."""
        self._pin = pin
        self.button = button or Button()
        self._note = note

    async def confirmed(
        self, by: ConfirmBy, said: str, hear: Hears, say: Says, mind: Worker, report: Report
    ) -> bool:
        """Whether somebody said yes in the way that is asked for. `said`: what was understood."""
        if by == "pin":
            return await self.by_pin(said, hear, say, mind, report)
        return by == "button" and await self.by_button(said, say)

    async def by_button(self, said: str, say: Says) -> bool:
        """Wait for a press of the button. `said`: what was understood, redacted."""
        if not self.button.is_there:
            await say(Reply("That takes a button, and there is none."))
            return False
        await say(Reply(f"You said: {said}. Press the button to confirm."))
        pressed = await self.button.wait()
        self._note("button", "confirmed" if pressed else "no-press")
        return pressed

    async def by_pin(self, said: str, hear: Hears, say: Says, mind: Worker, report: Report) -> bool:
        """Ask for the PIN until it is right, is no PIN, or was wrong too often."""
        pin = self._pin
        if pin is None or pin.source is None:
            await say(Reply("That takes a PIN, and none is set."))
            return False
        question = f"You said: {said}. Please say the PIN."
        for _ in range(FREE):
            try:
                if wait := pin.wait():
                    self._note("pin", "locked")
                    await say(Reply(f"The PIN was wrong too often. Try again in {_length(wait)}."))
                    return False
                heard = await hear(Reply(question), "pin")
                verdict = None if heard is None else await _checked(pin, heard, mind, report)
            except AssistantError as error:
                log.error("the PIN can't be checked: %s", error)
                self._note("pin", "unusable")
                await say(Reply("I can't check the PIN."))
                return False
            self._note("pin", "none" if verdict is None else verdict)
            if verdict != "wrong":
                return verdict == "right"
            question = "That was not it. Please say the PIN again."
        await say(Reply(f"The PIN was wrong too often. Try again in {_length(pin.wait())}."))
        return False


async def _checked(
    pin: Pin, heard: Heard, mind: Worker, report: Report
) -> Literal["right", "wrong", "none", "locked"]:
    """Recognize what was said, and compare it; nothing of it goes further than this."""
    async with asyncio.timeout(RECOGNITION):
        transcript = await mind.run(heard.decoding.finish, heard.utterance)
    report(_hidden(transcript))
    digits = spoken_digits(transcript.text.reveal())
    if digits is None or not SHORTEST <= len(digits) <= LONGEST:
        return "none"
    return await mind.run(pin.check, Private(digits))


def _hidden(transcript: Transcript) -> Redacted:
    """What is reported of an answer: that there was one. Not even `raw` has more."""
    said = bool(transcript.text.reveal())
    entities = (Entity(PIN, f"{PIN}_1"),) if said else ()
    return Redacted(transcript.utterance_id, f"{PIN}_1" if said else "", entities, 1.0)


def _length(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(minutes / 60)} hours"

"""A question whose answer is the next utterance, heard without a wake word."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine

from pipeline.listen import Event, Heard, Listener, Lost, NoSpeech
from pipeline.ports import Expected

LONGEST = 20.0
"""Seconds after which an answer is given up, whatever the microphone does."""
SPEAKING = 4.0
"""Seconds that an answer may last after the time in which it has to begin."""


class Asking:
    """Between the task that asks and the ear's thread that listens for the answer.

    `wait` belongs to the event loop, `open_if_asked` and `is_answer` to the ear.
    """

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._opened = False
        self._expect: Expected = "answer"
        self._answer: asyncio.Future[Heard | None] | None = None
        self.asked = asyncio.Event()
        """Set while an answer is waited for."""

    async def wait(self, expect: Expected = "answer", seconds: float = LONGEST) -> Heard | None:
        """Listen for an answer, for `seconds` at most; None: there was none."""
        self._expect = expect
        self._answer = asyncio.get_running_loop().create_future()
        self._wanted.set()
        self.asked.set()
        try:
            async with asyncio.timeout(min(seconds + SPEAKING, LONGEST)):
                return await self._answer
        except TimeoutError:
            return None
        finally:
            self._answer = None
            self._wanted.clear()
            self.asked.clear()

    def answer(self, event: Event | None) -> None:
        """Hand over what was heard; anything but an utterance is no answer."""
        heard = event if isinstance(event, Heard) else None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(heard)
            self.asked.clear()
        elif heard is not None:
            heard.decoding.abandon()

    def open_if_asked(self, listener: Listener) -> None:
        """Begin the answer's utterance, once for each question."""
        if self._wanted.is_set():
            self._wanted.clear()
            self._opened = True
            listener.open(self._expect)

    def is_answer(self, event: Event) -> bool:
        """Whether this ends the utterance that a question began."""
        ends = self._opened and isinstance(event, Heard | NoSpeech | Lost)
        if ends:
            self._opened = False
        return ends


class Turn:
    """One utterance that is dealt with while its recording waits."""

    def __init__(self, asking: Asking) -> None:
        """An event belongs to the loop that first waits for it: each turn has a new one."""
        asking.asked = asyncio.Event()
        self._asking = asking
        self._task: asyncio.Task[None] | None = None

    async def begin(self, handling: Coroutine[None, None, None]) -> bool:
        """Deal with an utterance; whether that is done, or waits for an answer."""
        self._task = asyncio.create_task(handling)
        return await self._settle()

    async def answer(self, event: Event | None) -> bool:
        """Hand over the answer (None: there is none), and go on."""
        self._asking.answer(event)
        return await self._settle()

    async def _settle(self) -> bool:
        if self._task is None:
            return True
        asked = asyncio.create_task(self._asking.asked.wait())
        await asyncio.wait({self._task, asked}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            asked.cancel()
            await self._task
            return True
        asked.result()
        return False

    async def stop(self) -> None:
        """Let go of an utterance that is not dealt with yet."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

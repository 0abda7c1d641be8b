"""Speaks replies, one after the other, and falls silent when somebody speaks to us meanwhile."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Sequence

from assistant.errors import AssistantError
from assistant.skill import Reply
from pipeline.ports import Voice
from pipeline.worker import Worker

log = logging.getLogger(__name__)

ECHO = 0.3
"""Seconds that we stay deaf after we spoke."""
_PLACEHOLDER = re.compile(r"\b([A-Z]+(?:_[A-Z]+)*)_[0-9]+\b")


class Mouth:
    """Says replies through a voice; `busy` is set while the microphone would hear them."""

    def __init__(self, voice: Voice | None, wake_phrases: Sequence[str] = ()) -> None:
        self._voice = voice
        self._voices = 0
        self._turn = 0
        """Goes on with every hush: what was to be said before it is not said."""
        self._ours = [_letters(phrase) for phrase in wake_phrases]
        self._waking = 0
        self.busy = threading.Event()

    @property
    def says_wake_word(self) -> bool:
        """Whether what is said now sounds like a wake word, so that we would wake ourselves."""
        return self._waking > 0

    def hush(self) -> bool:
        """Fall silent, and drop what was to be said; whether there was anything. Any thread."""
        self._turn += 1
        if self._voice is None or not self._voices:
            return False
        self._voice.stop()
        return True

    async def say(self, reply: Reply, worker: Worker) -> None:
        """Speak, deaf to ourselves meanwhile. A voice that fails is logged."""
        if self._voice is None or not reply.text:
            return
        self._voices += 1
        waking = any(phrase in _letters(reply.text) for phrase in self._ours)
        self._waking += waking
        self.busy.set()
        try:
            await worker.run(self._say, self._voice, _spoken(reply.text), self._turn)
        except AssistantError as error:
            log.warning("the reply was not spoken: %s", error)
        except asyncio.CancelledError:
            self._voice.stop()
            raise
        finally:
            # The room and the sound server go on for a moment.
            asyncio.get_running_loop().call_later(ECHO, self._hear_again, waking)

    def _say(self, voice: Voice, text: str, turn: int) -> None:
        if turn == self._turn:
            voice.say(text)

    def _hear_again(self, waking: bool) -> None:
        self._voices -= 1
        self._waking -= waking
        if not self._voices:
            self.busy.clear()


def _letters(text: str) -> str:
    """Nothing but the letters, so that "hey, Jarvis" is hey_jarvis."""
    return "".join(letter for letter in text.casefold() if letter.isalpha())


def _spoken(text: str) -> str:
    """A reply as it is said aloud: PHONE_NUMBER_1 is "the phone number"."""
    return _PLACEHOLDER.sub(lambda match: f"the {match[1].replace('_', ' ').lower()}", text)

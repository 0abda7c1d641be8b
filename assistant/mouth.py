"""Speaks replies, one after the other, and says meanwhile that we would hear ourselves."""

from __future__ import annotations

import asyncio
import logging
import re
import threading

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

    def __init__(self, voice: Voice | None) -> None:
        self._voice = voice
        self._voices = 0
        self.busy = threading.Event()

    async def say(self, reply: Reply, worker: Worker) -> None:
        """Speak, deaf to ourselves meanwhile. A voice that fails is logged."""
        if self._voice is None or not reply.text:
            return
        self._voices += 1
        self.busy.set()
        try:
            await worker.run(self._voice.say, _spoken(reply.text))
        except AssistantError as error:
            log.warning("the reply was not spoken: %s", error)
        except asyncio.CancelledError:
            self._voice.stop()
            raise
        finally:
            # The room and the sound server go on for a moment.
            asyncio.get_running_loop().call_later(ECHO, self._hear_again)

    def _hear_again(self) -> None:
        self._voices -= 1
        if not self._voices:
            self.busy.clear()


def _spoken(text: str) -> str:
    """A reply as it is said aloud: PHONE_NUMBER_1 is "the phone number"."""
    return _PLACEHOLDER.sub(lambda match: f"the {match[1].replace('_', ' ').lower()}", text)

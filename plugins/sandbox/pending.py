"""One intent that a skill is busy with, and the time that it has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from assistant.skill import Ask, Reply
from plugins.sandbox.wire import Answer, Fetched

Errand: TypeAlias = Awaitable[Answer | Fetched]


async def nobody(_text: str, _expect: tuple[str, ...], _seconds: float) -> str | None:
    """Where nobody can be asked."""
    return None


class Pending:
    """Waits for a reply. Its clock stands still while the person or the network is waited for."""

    def __init__(self, ask: Ask, seconds: float, late: Callable[[], None]) -> None:
        """`late` is called when it has used up its `seconds`."""
        self.ask = ask
        self.errands = 0
        """Questions and fetches so far."""
        self._loop = asyncio.get_running_loop()
        self.reply: asyncio.Future[Reply] = self._loop.create_future()
        self._late = late
        self._left = seconds
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._errand: asyncio.Task[None] | None = None
        self._run()

    @property
    def is_out(self) -> bool:
        """A question or a fetch is under way."""
        return self._errand is not None

    def send_out(self, errand: Errand, back: Callable[[Answer | Fetched], None]) -> None:
        """Wait for somebody else on the skill's behalf; `back` gets the answer."""
        self._stop()
        self.errands += 1
        self._errand = self._loop.create_task(self._wait(errand, back))

    def succeed(self, reply: Reply) -> None:
        """It answered."""
        self._end()
        if not self.reply.done():
            self.reply.set_result(reply)

    def fail(self, error: Exception) -> None:
        """It won't answer."""
        self._end()
        if not self.reply.done():
            self.reply.set_exception(error)
            self.reply.exception()  # whoever asked may be gone

    def call_back(self) -> None:
        """Nobody waits for the reply any longer: the errand ends, the time goes on."""
        self.ask = nobody
        if self._errand is not None:
            self._errand.cancel()

    async def _wait(self, errand: Errand, back: Callable[[Answer | Fetched], None]) -> None:
        answer = await errand
        self._errand = None
        self._run()
        back(answer)

    def _end(self) -> None:
        self._stop()
        if self._errand is not None:
            self._errand.cancel()

    def _run(self) -> None:
        self._since = self._loop.time()
        self._timer = self._loop.call_later(max(0.0, self._left), self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._left -= self._loop.time() - self._since

"""The messages that are kept: which wait, which are under way, which were sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from assistant.errors import AssistantError, outline
from assistant.types import Permit, Release
from pipeline.worker import Worker
from plugins.door.backoff import Backoff
from plugins.door.outgoing import Outbox, Outgoing, kept, read_kept
from plugins.door.wire import Send

log = logging.getLogger(__name__)
T = TypeVar("T")

WAITING = 1000
"""Calls of the outbox that may wait."""
LAST = 2.0
"""Seconds for the outbox when everything ends."""
FIRST_WAIT = 0.5
"""Seconds a destination is left alone at first."""


class Postbag:
    """The outbox on a thread of its own, and what of it is known here.

    What waits is read again before it is tried again, because rows end while they wait: their
    time is over, a consent was withdrawn, somebody erased them.
    """

    def __init__(self, outbox: Outbox, longest_wait: float) -> None:
        """`longest_wait`: seconds a destination is left alone at most."""
        self._outbox = outbox
        self._keeper = Worker("outbox", waiting=WAITING)
        self._longest_wait = longest_wait
        self.changed = asyncio.Event()
        """There may be something to hand over."""
        self._dealt_with = asyncio.Event()
        self._stale = True
        self._looks = 0
        self._fresh: dict[int, Outgoing] = {}
        self._waiting: dict[int, Outgoing] = {}
        self._under_way: dict[str, Outgoing] = {}
        self._finished: set[int] = set()
        self._held: dict[str, float] = {}
        self._backoffs: dict[str, Backoff] = {}

    async def keep(
        self, permit: Permit, message: Send, release: Release, *, soon: bool
    ) -> Outgoing:
        """Keep a message; durable when this returns. Raises what the outbox raises.

        `soon`: it can be handed over now, and need not be read again.
        """
        looks = self._looks
        put = partial(self._outbox.put, permit, kept(message), release=release)
        outgoing = Outgoing(await self._keeper.run(put), message)
        if soon and looks == self._looks:
            self._fresh[outgoing.number] = outgoing
        else:
            self._stale = True
        self.changed.set()
        return outgoing

    @property
    def is_stale(self) -> bool:
        """Whether what is known of the outbox may be over: nothing of it is handed over then."""
        return self._stale

    def look_again(self) -> None:
        """Read what waits before anything else is handed over."""
        self._looks += 1
        self._fresh.clear()
        self._stale = True
        self.changed.set()

    def drop_connection(self) -> None:
        """Nothing is under way any longer: what was waits again."""
        self._under_way.clear()
        self._stale = True
        if self._finished:
            self._dealt_with.set()  # it may have been dropped half-way

    async def ready(self) -> list[Outgoing]:
        """What waits, the oldest first."""
        if self._stale:
            await self._read()
        self._waiting |= self._fresh
        self._fresh = {}
        return list(self._waiting.values())

    def begin(self, outgoing: Outgoing) -> None:
        """It is handed over."""
        self._waiting.pop(outgoing.number, None)
        self._under_way[outgoing.message.id] = outgoing

    @property
    def under_way(self) -> int:
        """How many are handed over and not answered for."""
        return len(self._under_way)

    def end(self, message_id: str) -> Outgoing | None:
        """It was answered for; None where nobody waits for that."""
        return self._under_way.pop(message_id, None)

    def finish(self, outgoing: Outgoing) -> None:
        """It is dealt with for good: it is taken out next."""
        self._finished.add(outgoing.number)
        self._dealt_with.set()

    def is_held(self, outgoing: Outgoing) -> bool:
        """Whether its destination is left alone for now."""
        now = asyncio.get_running_loop().time()
        return self._held.get(outgoing.message.destination, 0.0) > now

    def hold(self, destination: str) -> float | None:
        """Leave a destination alone, longer each time; the seconds, or None where it is already."""
        loop = asyncio.get_running_loop()
        if self._held.get(destination, 0.0) > loop.time():
            return None
        backoff = self._backoffs.setdefault(destination, Backoff(FIRST_WAIT, self._longest_wait))
        seconds = backoff.next()
        self._held[destination] = loop.time() + seconds
        loop.call_later(seconds, self.look_again)
        return seconds

    def is_well(self, destination: str) -> None:
        """A message got there: the next wait is short again."""
        self._backoffs.pop(destination, None)

    async def keep_tidy(self) -> None:
        """Take out what is dealt with. What can't be now is later, and is not sent again."""
        while True:
            await self._dealt_with.wait()
            self._dealt_with.clear()
            numbers = sorted(self._finished)
            if await self._call(partial(self._outbox.done, numbers)):
                self._finished.difference_update(numbers)
            else:
                asyncio.get_running_loop().call_later(self._longest_wait, self._dealt_with.set)

    async def tidy_up(self) -> None:
        """Take out what is dealt with, if that can be done soon, and end the thread."""
        try:
            if self._finished:
                async with asyncio.timeout(LAST):
                    await self._call(partial(self._outbox.done, sorted(self._finished)))
        except TimeoutError:
            log.debug("door: what was sent last is taken out next time")
        finally:
            self.close()

    def close(self) -> None:
        """End the thread."""
        self._keeper.close()

    async def _read(self) -> None:
        self._stale = False
        found: list[Outgoing] = []
        if not await self._call(lambda: found.extend(self._read_all())):
            asyncio.get_running_loop().call_later(self._longest_wait, self.look_again)
            return
        busy = {outgoing.number for outgoing in self._under_way.values()} | self._finished
        self._waiting = {each.number: each for each in found if each.number not in busy}

    def _read_all(self) -> Iterator[Outgoing]:
        for row in self._outbox.due():
            outgoing = read_kept(row)
            if outgoing is None:
                log.error("door: row %d of the outbox is no message for the door", row.facts.id)
            else:
                yield outgoing

    async def _call(self, function: Callable[[], None]) -> bool:
        """Whether the outbox did it; a disk that fails now may work later."""
        try:
            await self._keeper.run(function)
        except (AssistantError, OSError) as error:
            log.error("door: the outbox failed: %s", outline(error))
            return False
        return True

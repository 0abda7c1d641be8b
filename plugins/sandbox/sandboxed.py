"""One skill in its process: started, asked, watched, ended when it misbehaves, started again.

Nothing that comes from the process is trusted: a message that was not asked for, or that breaks
the wire's rules, ends it. Whoever waits for it gets a SkillError, and no other skill notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from assistant.errors import BusyError, SandboxError, SkillError, outline
from assistant.skill import Ask, Intent, Reply
from plugins.sandbox.brokered import Files
from plugins.sandbox.closed import WireError
from plugins.sandbox.known import known
from plugins.sandbox.line import Line
from plugins.sandbox.nursery import Born, Nursery
from plugins.sandbox.orders import NOT_CONFINED, Order
from plugins.sandbox.pending import Pending, nobody
from plugins.sandbox.wire import (
    Answer,
    Asks,
    Broken,
    DoIntent,
    Failed,
    Fetch,
    Fetched,
    FromSkill,
    Ready,
    Said,
    frame,
)

log = logging.getLogger(__name__)

START_LIMIT: Final = 5.0
"""Seconds for a skill to be imported."""
STRIKES: Final = 3
"""Misdeeds after which a skill is put aside."""
HUNG_UP: Final = 0.05
"""Seconds between the end of a wire and the end of its process."""
FORGIVEN: Final = 3600.0
"""Seconds without a misdeed after which the ones before don't count."""
MOST_PENDING: Final = 8
"""Intents that one skill answers at a time."""
MOST_ERRANDS: Final = 10
"""Questions and fetches for one intent."""

Fetcher: TypeAlias = Callable[[Fetch], Awaitable[Fetched]]
"""Fetches for a skill what its manifest allows; never raises for what the skill asked wrongly."""


class Sandboxed:
    """A skill and, most of the time, its process. `run` keeps it alive; `handle` asks it."""

    def __init__(
        self,
        order: Order,
        seconds: float,
        nursery: Nursery,
        proxy: Fetcher,
        backoff: tuple[float, ...] = (1.0, 10.0),
    ) -> None:
        """`backoff`: seconds to wait after the first misdeed, the second, ..."""
        self.name = order.name
        self.intents: tuple[str, ...] = ()
        """Those it has handlers for, once it was loaded."""
        self.aside = False
        """It misbehaved too often, and won't be started again."""
        self.is_up = False
        """It is loaded and can be asked."""
        self.strikes = 0
        self.start_seconds = 0.0
        """What its last start took, from the order to its first word."""
        self._order = order
        self._seconds = seconds
        self._nursery = nursery
        self._proxy = proxy
        self._backoff = backoff
        self._born: Born | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._files = Files(order, self._lied)
        self._ready: asyncio.Future[None] | None = None
        self._ended = asyncio.Event()
        self._pending: dict[int, Pending] = {}
        self._numbers = 0
        self._why = ""
        self._anew = False
        """It was ended because it had read what is private, and is being started again."""
        self._is_back = asyncio.Event()

    @property
    def process(self) -> int | None:
        """The id of its process, while there is one."""
        return self._born.process if self._born is not None else None

    async def run(self) -> None:
        """Start it, and again after each misdeed, until it is put aside or this is cancelled."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        try:
            while True:
                try:
                    await self.start()
                    await self._ended.wait()
                    if self._anew:
                        continue
                except SandboxError as error:
                    self._why = str(error)
                if loop.time() - last > FORGIVEN:
                    self.strikes = 0
                last = loop.time()
                self.strikes += self._nursery.is_up  # else it is not this skill's doing
                if self.strikes >= STRIKES:
                    self.aside = True
                    log.error("skill %s is put aside: %s", self.name, self._why)
                    return
                pause = self._backoff[min(max(self.strikes, 1), len(self._backoff)) - 1]
                log.warning("skill %s starts again in %g s: %s", self.name, pause, self._why)
                await asyncio.sleep(pause)
        finally:
            self.end("the host ends")

    async def start(self) -> None:
        """Have its process made and wait until it is loaded. Raises SandboxError."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._ended.clear()
        self._ready = loop.create_future()
        ours, its = socket.socketpair()
        handed = [its, *self._files.open()]
        try:
            self._born = await self._nursery.fork(self._order, handed)
        except BaseException:
            ours.close()
            self._files.close()
            raise
        finally:
            for end in handed:
                end.close()
        line = Line(self._heard, self._lied, self._lost)
        transport, _ = await loop.create_connection(lambda: line, sock=ours)
        self._transport = transport
        try:
            async with asyncio.timeout(START_LIMIT):
                await self._ready
        except TimeoutError:
            self.end(f"was not loaded after {START_LIMIT:g} s")
            raise SandboxError(f"skill {self.name} {self._why}") from None
        self.start_seconds = loop.time() - began

    async def handle(
        self, intent: Intent, opened: Mapping[str, str] | None = None, ask: Ask | None = None
    ) -> Reply:
        """Its reply. Raises SkillError (no speech in it), BusyError if it has too much to do.

        A process to which something was opened ends with its reply; another one takes its place.
        """
        if self._anew:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(START_LIMIT):
                    await self._is_back.wait()
        if self._transport is None or not self.is_up:
            raise SkillError(f"skill {self.name} {'is put aside' if self.aside else 'is not up'}")
        if len(self._pending) >= MOST_PENDING:
            raise BusyError(f"skill {self.name}: {MOST_PENDING} intents wait for it")
        self._numbers += 1
        number = self._numbers
        message = DoIntent(number, intent.name, intent.slots, intent.response, opened or {})
        self._send(message)
        pending = Pending(ask or nobody, self._seconds, lambda: self.end("took too long"))
        self._pending[number] = pending
        try:
            return await pending.reply
        except asyncio.CancelledError:
            pending.call_back()
            raise
        finally:
            if opened and self._born is not None:
                self._anew = True
                self._is_back.clear()
                self.end("had read what is private")

    def end(self, why: str) -> None:
        """Kill its process; whoever waits for it gets a SkillError with this reason."""
        if self._born is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._born.handle, signal.SIGKILL)
        os.close(self._born.handle)
        self._born = None
        self.is_up = False
        self._why = why
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._files.close()
        for pending in self._pending.values():
            pending.fail(SkillError(f"skill {self.name} {why}"))
        self._pending.clear()
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(SandboxError(f"skill {self.name} {why}"))
            self._ready.exception()  # who waited for it may be gone
        self._ended.set()

    def gone(self, status: int) -> None:
        """Its process ended on its own, with this exit status (a signal's is negative)."""
        if status == NOT_CONFINED:
            self.end("could not be confined")
        elif status == -signal.SIGSYS:
            self.end("made a system call that no skill may make")
        else:
            self.end(f"ended by itself, status {status}")

    def _heard(self, message: FromSkill) -> None:
        match message:
            case Ready() | Broken() if self._ready is not None and not self._ready.done():
                self._begin(message)
            case Said(number, text) if number in self._pending:
                self._pending.pop(number).succeed(Reply(text))
            case Failed(number, error) if number in self._pending:
                failure = SkillError(f"skill {self.name}: {known(error, self._order.origin)}")
                self._pending.pop(number).fail(failure)
            case Asks(number) | Fetch(number) if self._may_ask(number):
                pending = self._pending[number]
                pending.send_out(self._errand(message, pending), self._send)
            case _:
                self._lied("it was not asked")

    def _begin(self, message: Ready | Broken) -> None:
        assert self._ready is not None
        if isinstance(message, Broken):
            self.end(f"was not loaded: {known(message.error, self._order.origin)}")
            return
        self.intents = message.intents
        self.is_up = True
        self._anew = False
        self._is_back.set()
        self._ready.set_result(None)

    def _may_ask(self, number: int) -> bool:
        pending = self._pending.get(number)
        return pending is not None and not pending.is_out and pending.errands < MOST_ERRANDS

    async def _errand(self, message: Asks | Fetch, pending: Pending) -> Answer | Fetched:
        """Do for the skill what it may not do itself."""
        try:
            if isinstance(message, Fetch):
                return await self._proxy(message)
            return Answer(
                message.id, await pending.ask(message.text, message.expect, message.seconds)
            )
        except asyncio.CancelledError:
            return Answer(message.id, None)
        except Exception as error:  # the skill goes on without an answer
            log.warning("skill %s asked in vain: %s", self.name, outline(error))
            return Answer(message.id, None)

    def _send(self, message: DoIntent | Answer | Fetched) -> None:
        if self._transport is None:
            return
        try:
            self._transport.write(frame(message))
        except WireError as error:
            raise SkillError(f"skill {self.name}: {error}") from None

    def _lied(self, rule: str) -> None:
        self.end(f"broke a rule of the wire: {rule}")

    def _lost(self) -> None:
        """It hung up. Its exit status follows at once, if it ended; a moment later it is killed."""
        born = self._born
        asyncio.get_running_loop().call_later(
            HUNG_UP, lambda: self.end("hung up") if self._born is born else None
        )

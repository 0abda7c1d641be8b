"""A bounded box between a thread that must not wait and a task that may."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class MailboxClosed(Exception):  # noqa: N818 - the end of a stream, not a fault
    """The mailbox is closed and everything in it was taken."""


class Mailbox(Generic[T]):
    """Holds the newest `size` items, in order; the oldest is dropped and counted.

    `put` and `close` are safe from any thread and never wait. `get` belongs to an event
    loop; cancelling it loses nothing.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a mailbox holds at least one item")
        self._size = size
        self._items: deque[T] = deque()
        self._lock = threading.Lock()
        self._waiters: list[asyncio.Future[None]] = []
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items were dropped because newer ones came, or because it was closed."""
        return self._dropped

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: T) -> T | None:
        """Add an item; return the one dropped for it, so that its owner can let go of it.

        A closed mailbox drops the item itself.
        """
        with self._lock:
            if self._closed:
                self._dropped += 1
                return item
            oldest = self._items.popleft() if len(self._items) >= self._size else None
            self._dropped += oldest is not None
            self._items.append(item)
            waiters, self._waiters = self._waiters, []
        _wake(waiters)
        return oldest

    async def get(self) -> T:
        """Wait for the oldest item; raise MailboxClosed at the end."""
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                if self._closed:
                    raise MailboxClosed
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
            try:
                await waiter
            finally:
                self._forget(waiter)

    def __aiter__(self) -> Mailbox[T]:
        """Go through the items until the mailbox is closed."""
        return self

    async def __anext__(self) -> T:
        """Give the next item."""
        try:
            return await self.get()
        except MailboxClosed:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Take no more; what waits can still be taken."""
        with self._lock:
            self._closed = True
            waiters, self._waiters = self._waiters, []
        _wake(waiters)

    def _forget(self, waiter: asyncio.Future[None]) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._waiters.remove(waiter)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    """Let every waiter look again: one of them may be cancelled on its way."""
    for waiter in waiters:
        with contextlib.suppress(RuntimeError):  # its loop is closed
            waiter.get_loop().call_soon_threadsafe(_resolve, waiter)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)

"""The event loop of a skill's process: one socket, one thread, nothing else to wake it."""

from __future__ import annotations

import asyncio
import selectors


class SkillLoop(asyncio.SelectorEventLoop):
    """An event loop that the zygote can make once for all: it holds no descriptor of its own.

    asyncio's loops hold a pair of sockets, for threads and signals that wake them, and an epoll
    descriptor. Both would be shared between the zygote's children. A skill has no threads.
    """

    _ssock = None
    _csock = None

    def __init__(self) -> None:
        super().__init__(selectors.PollSelector())

    def _make_self_pipe(self) -> None:
        """Nothing wakes this loop from outside."""

    def _close_self_pipe(self) -> None:
        """There is none."""

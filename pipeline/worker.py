"""One named thread that runs blocking calls, one after another."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from assistant.errors import BusyError

P = ParamSpec("P")
T = TypeVar("T")

AGAIN = 0.05
"""Seconds after which a thread that had no memory left tries again."""


class Worker:
    """Runs calls in the order they came, on a thread of its own.

    At most `waiting` calls queue behind the one that runs; one more is refused, because
    work on old speech is worth less than an answer. A call cancelled while it waits never
    runs; one that runs is not interrupted, but nobody waits for it any longer.
    """

    def __init__(self, name: str, *, waiting: int = 8) -> None:
        self._name = name
        self._waiting = waiting
        self._calls: deque[_Call] = deque()
        self._changed = threading.Condition()
        self._closed = False
        # A daemon, so that an engine that hangs cannot keep the process from ending.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; raise BusyError where too many wait or the worker is closed."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise BusyError(f"worker {self._name} is closed")
            self._forget_cancelled()
            if len(self._calls) >= self._waiting:
                raise BusyError(f"worker {self._name} is busy: {self._waiting} calls wait")
            self._calls.append(_Call(future, function, args, kwargs))
            self._changed.notify()
        return future

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Queue a call and wait for it; cancelling the wait takes it out of the queue."""
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def close(self, seconds: float = 1.0) -> bool:
        """Cancel what waits, let what runs end, and say whether it did within `seconds`."""
        with self._changed:
            self._closed = True
            waiting = list(self._calls)
            self._calls.clear()
            self._changed.notify()
        for call in waiting:
            call.future.cancel()
        if threading.current_thread() is not self._thread:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def __enter__(self) -> Worker:
        """Use the worker and close it afterwards."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the worker."""
        self.close()

    def _forget_cancelled(self) -> None:
        alive = [call for call in self._calls if not call.future.cancelled()]
        if len(alive) < len(self._calls):
            self._calls = deque(alive)

    def _serve(self) -> None:
        while True:
            try:
                call = self._next()
            except MemoryError:  # even to wait takes some: nothing was taken, so it is tried again
                time.sleep(AGAIN)
                continue
            if call is None:
                return
            call.run()
            # An idle thread must not hold the last call's audio or text.
            del call

    def _next(self) -> _Call | None:
        with self._changed:
            while not self._calls and not self._closed:
                self._changed.wait()
            return self._calls.popleft() if self._calls else None


class _GaveUpError(Exception):
    """What ran wanted to end the process."""

    def __init__(self, error: SystemExit) -> None:
        super().__init__()
        self.__cause__ = error


class _Call:
    """A call and the future that its result goes to."""

    __slots__ = ("args", "function", "future", "kwargs")

    def __init__(
        self,
        future: Future[Any],
        function: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> None:
        self.future = future
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.function(*self.args, **self.kwargs)
        except SystemExit as error:  # a library gives up, and may say over what: we don't
            self.future.set_exception(_GaveUpError(error))
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

"""What runs beside an assistant while it is entered."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType


class Beside:
    """Several things, begun in order and ended the other way round."""

    def __init__(self, *parts: AbstractAsyncContextManager[object] | None) -> None:
        """None: a part that this assistant does without."""
        self._parts = [part for part in parts if part is not None]
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Beside:
        """Begin them; where one can't begin, those before it end."""
        async with AsyncExitStack() as begun:
            for part in self._parts:
                await begun.enter_async_context(part)
            self._running = begun.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End them."""
        await self._running.__aexit__(kind, error, traceback)

"""The host's end of a skill's wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from plugins.sandbox.closed import WireError
from plugins.sandbox.wire import Frames, FromSkill, from_skill


class Line(asyncio.Protocol):
    """Hands over what a skill says, message by message, until it breaks a rule or is cut."""

    def __init__(
        self,
        heard: Callable[[FromSkill], None],
        lied: Callable[[str], None],
        lost: Callable[[], None],
    ) -> None:
        """`lied` gets the rule that was broken; `lost` is called once, whatever the reason."""
        self._heard, self._lied, self._lost = heard, lied, lost
        self._frames = Frames()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read what is whole; stop at the first message that ends the skill."""
        try:
            for message in self._frames.feed(data):
                self._heard(from_skill(message))
                if self._transport is None or self._transport.is_closing():
                    return
        except WireError as error:
            self._lied(str(error))

    def connection_lost(self, _error: Exception | None) -> None:
        """The process is gone, or we cut it off."""
        self._lost()

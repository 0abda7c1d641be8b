"""Opens files for a skill's process, where nothing else can fence them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from plugins.sandbox.broker import Broker
from plugins.sandbox.closed import WireError
from plugins.sandbox.orders import Order


class Files:
    """The host's end of the line over which one process asks for files."""

    def __init__(self, order: Order, lied: Callable[[str], None]) -> None:
        """`lied` is told the rule that the process broke."""
        self._order = order
        self._lied = lied
        self._socket: socket.socket | None = None

    def open(self) -> list[socket.socket]:
        """Begin to serve; the process's end of the line. Empty where it needs none."""
        if not self._order.fences.brokered:
            return []
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        readable = tuple(Path(path) for path in self._order.readable)
        broker = Broker(ours, readable, Path(self._order.own))
        self._socket = ours

        def serve() -> None:
            try:
                if not broker.serve():
                    self.close()
            except WireError as error:
                self._lied(str(error))

        asyncio.get_running_loop().add_reader(ours, serve)
        return [its]

    def close(self) -> None:
        """Serve no longer."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

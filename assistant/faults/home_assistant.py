"""A house that speaks Home Assistant's websocket protocol and has one light.

https://developers.home-assistant.io/docs/api/websocket
"""

from __future__ import annotations

import contextlib
import json
import threading
from types import TracebackType
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

VERSION = "2026.1.0"
_STATES = {
    "light.kitchen_light": {"s": "off", "a": {"friendly_name": "Kitchen Light"}},
}
_ANSWERS: dict[str, Any] = {
    "get_config": {"state": "RUNNING"},
    "config/entity_registry/list": [],
    "config/device_registry/list": [],
    "config/area_registry/list": [],
    "subscribe_events": None,
    "subscribe_entities": None,
    "call_service": {},
}


class HomeAssistant:
    """It is there, on a port of loopback, while it is entered and has not left."""

    def __init__(self) -> None:
        self.port = 0
        self.switched = 0
        """How many services were called."""
        self._connections: set[ServerConnection] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> HomeAssistant:
        """Begin."""
        self.come_back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        self.leave()

    def come_back(self) -> None:
        """Be there, at the same port as before."""
        server = serve(self._talk, "127.0.0.1", self.port, compression=None)
        self.port = server.socket.getsockname()[1]
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Hang up on everybody, and let nobody in."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server = None
        for connection in list(self._connections):
            connection.close()

    def _talk(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        with contextlib.suppress(ConnectionClosed, OSError):
            _say(connection, {"type": "auth_required", "ha_version": VERSION})
            connection.recv()
            _say(connection, {"type": "auth_ok", "ha_version": VERSION})
            for text in connection:
                self._answer(connection, json.loads(text))
        self._connections.discard(connection)

    def _answer(self, connection: ServerConnection, asked: dict[str, Any]) -> None:
        number, kind = asked["id"], asked["type"]
        result: dict[str, Any] = {"id": number, "type": "result", "success": kind in _ANSWERS}
        if kind in _ANSWERS:
            result["result"] = _ANSWERS[kind]
        else:
            result["error"] = {"code": "unknown_command", "message": "Unknown command."}
        self.switched += kind == "call_service"
        _say(connection, result)
        if kind == "subscribe_entities":
            _say(connection, {"id": number, "type": "event", "event": {"a": _STATES}})


def _say(connection: ServerConnection, message: dict[str, Any]) -> None:
    connection.send(json.dumps(message))

"""A small Home Assistant that says what a real one said (scripts/record_home_assistant.py)."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

RECORDED = json.loads((Path(__file__).parent / "home_assistant" / "recorded.json").read_text())
QUIET = logging.getLogger("fake home")
QUIET.disabled = True
"""The other side may log what it likes: only our own log is looked at."""
TOKEN = "a-long-lived-access-token-of-a-test"


@dataclass
class FakeHome:
    """Answers as recorded, and does services to its states."""

    said: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(RECORDED))
    token: str = TOKEN
    called: list[tuple[str, list[str], dict[str, Any]]] = field(default_factory=list)
    shown_tokens: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    misbehave: dict[str, Callable[[ServerConnection], Any]] = field(default_factory=dict)
    """By what is asked: what is done in the place of an answer."""
    port: int = 0
    connections: set[ServerConnection] = field(default_factory=set)
    _events: dict[ServerConnection, dict[str, int]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def states(self) -> dict[str, Any]:
        return self.said["entities"]["a"]

    async def answer(self, socket: ServerConnection) -> None:
        self.connections.add(socket)
        self._events[socket] = {}
        with contextlib.suppress(ConnectionClosed):
            await self._talk(socket)
        self.connections.discard(socket)

    async def _talk(self, socket: ServerConnection) -> None:
        await self._say(socket, self.said["auth_required"])
        shown = json.loads(await socket.recv())["access_token"]
        self.shown_tokens.append(shown)
        if shown != self.token:
            await self._say(socket, self.said["auth_invalid"])
            return
        await self._say(socket, self.said["auth_ok"])
        async for text in socket:
            message = json.loads(text)
            kind = message["type"]
            self.asked.append(kind)
            if kind in self.misbehave:
                await self.misbehave[kind](socket)
            elif kind == "call_service":
                await self._serve(socket, message)
            else:
                await self._result(socket, message, self._result_of(message))
            if kind == "subscribe_entities":
                self._events[socket]["entities"] = message["id"]
                event = {"id": message["id"], "type": "event", "event": self.said["entities"]}
                await self._say(socket, event)
            if kind == "subscribe_events":
                self._events[socket][message["event_type"]] = message["id"]

    def _result_of(self, message: dict[str, Any]) -> Any:
        result = self.said.get(message["type"], self.said["unknown_command"])
        if message["type"] != "config/entity_registry/get_entries":
            return result
        entries = result["result"]
        some = {name: entries.get(name) for name in message["entity_ids"]}
        return {**result, "result": some}

    async def _serve(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        name = f"{message['domain']}.{message['service']}"
        entities = message["target"]["entity_id"]
        self.called.append((name, entities, message["service_data"]))
        state = {"turn_on": "on", "turn_off": "off", "unlock": "unlocked", "lock": "locked"}
        if message["service"] in state:
            for entity in entities:
                await self.change(entity, state[message["service"]])
        await self._result(socket, message, self.said["call_service"])

    async def change(self, entity: str, state: str) -> None:
        """An entity has another state: everybody who listens is told."""
        self.states[entity]["s"] = state
        await self.tell("entities", {"c": {entity: {"+": {"s": state}}}})

    async def tell(self, kind: str, event: Any) -> None:
        for socket in list(self.connections):
            number = self._events[socket].get(kind)
            if number is not None:
                await self._say(socket, {"id": number, "type": "event", "event": event})

    async def rename(self, entity: str, name: str) -> None:
        """Somebody gives an entity another name, at Home Assistant's pages."""
        self.states[entity]["a"]["friendly_name"] = name
        diff = {"+": {"a": {"friendly_name": name}}}
        await self.tell("entities", {"c": {entity: diff}})
        await self.tell("entity_registry_updated", {"event_type": "entity_registry_updated"})

    async def hang_up(self) -> None:
        for socket in list(self.connections):
            await socket.close()

    async def _result(self, socket: ServerConnection, message: Any, result: Any) -> None:
        await self._say(socket, {"id": message["id"], **result})

    async def _say(self, socket: ServerConnection, message: Any) -> None:
        await socket.send(json.dumps(message))


@contextlib.asynccontextmanager
async def fake_home(home: FakeHome | None = None) -> AsyncIterator[FakeHome]:
    """A fake on a free port of loopback."""
    home = home or FakeHome()
    async with serve(home.answer, "127.0.0.1", home.port, max_size=None, logger=QUIET) as server:
        home.port = server.sockets[0].getsockname()[1]
        yield home


async def eventually(is_so: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  # it may be on another thread
            await asyncio.sleep(0.005)

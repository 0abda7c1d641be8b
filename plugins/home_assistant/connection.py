"""One connection to Home Assistant's WebSocket API.

https://developers.home-assistant.io/docs/api/websocket: the server asks for the token, then every
command has a number, and its result and events come under that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from assistant.private import Private
from plugins.home_assistant.alarms import Alarm, LostError

_SILENT = logging.getLogger(f"{__name__}.websocket")
_SILENT.disabled = True
"""The library's log would show every message, the token among them."""

Json: TypeAlias = Any
"""What the other side sent: of any type until it is checked."""
LARGEST_MESSAGE = 48 << 20
"""Bytes: the states of a very large house."""
PATIENCE = 20.0
"""Seconds for a result."""
OLDEST = (2024, 3)
"""The oldest version that this is tested with."""
_VERSION = re.compile(r"^(\d{4})\.(\d{1,2})\.[0-9A-Za-z.]{1,20}$")


class CommandError(Exception):
    """Home Assistant did not do a command."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        """not_found, unauthorized, invalid_format, home_assistant_error, ...; nothing else."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where Home Assistant is."""

    url: str
    """ws://... or wss://..., with the path of the API."""
    shown: str
    """As the settings have it, for people."""
    context: ssl.SSLContext | None


class _Straight(connect):
    """Follows no redirection: who is redirected to gets no token."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Connection:
    """Commands and events over one WebSocket that has let us in."""

    def __init__(self, socket: ClientConnection, version: str) -> None:
        self._socket = socket
        self.version = version
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._subscribed: dict[int, Callable[[Json], None]] = {}
        self.lost: asyncio.Future[Alarm] = asyncio.get_running_loop().create_future()
        """Set when it is over."""

    async def command(self, kind: str, seconds: float = PATIENCE, **fields: Json) -> Json:
        """The result of a command. Raises CommandError, TimeoutError or LostError."""
        _, result = await self._command(kind, seconds, fields, None)
        return result

    async def subscribe(self, kind: str, heard: Callable[[Json], None], **fields: Json) -> None:
        """Have `heard` called with every event of a subscription, from now on."""
        await self._command(kind, PATIENCE, fields, heard)

    async def _command(
        self,
        kind: str,
        seconds: float,
        fields: Mapping[str, Json],
        heard: Callable[[Json], None] | None,
    ) -> tuple[int, Json]:
        if self.lost.done():
            raise LostError(self.lost.result())
        self._number += 1
        number = self._number
        result: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = result
        if heard is not None:
            self._subscribed[number] = heard
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send(json.dumps({"id": number, "type": kind, **fields}))
                return number, await result
        except ConnectionClosed:
            raise LostError(_closed(self._socket)) from None
        finally:
            del self._waiting[number]

    async def read(self) -> None:
        """Take what comes, until it is over."""
        try:
            async for text in self._socket:
                self._take(text)
            alarm = _closed(self._socket)
        except ConnectionClosed:
            alarm = _closed(self._socket)
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            alarm = Alarm("nonsense", "it sent what is no message of Home Assistant's")
        self.lost.set_result(alarm)
        for result in self._waiting.values():
            if not result.done():
                result.set_exception(LostError(alarm))

    def _take(self, text: str | bytes) -> None:
        taken = json.loads(text)
        for message in taken if isinstance(taken, list) else [taken]:
            number, kind = message.get("id"), message.get("type")
            waiting = self._waiting.get(number)
            if kind == "event" and number in self._subscribed:
                self._subscribed[number](message.get("event"))
            elif kind == "result" and waiting is not None and not waiting.done():
                if message.get("success") is True:
                    waiting.set_result(message.get("result"))
                else:
                    waiting.set_exception(CommandError(_code(message.get("error"))))


@contextlib.asynccontextmanager
async def connected(address: Address, token: Private[str]) -> AsyncIterator[Connection]:
    """A connection that let us in. Raises LostError with the reason where none can be made."""
    try:
        socket = await _Straight(
            address.url,
            ssl=address.context,
            compression=None,
            proxy=None,
            max_size=LARGEST_MESSAGE,
            max_queue=64,
            open_timeout=10.0,
            close_timeout=1.0,
            user_agent_header="sotto",
            logger=_SILENT,
        )
    except (OSError, WebSocketException, TimeoutError, ValueError) as error:
        raise LostError(_unreachable(address, error)) from None
    try:
        connection = Connection(socket, await _let_in(socket, token))
        reading = asyncio.create_task(connection.read())
        try:
            yield connection
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    finally:
        await socket.close()


async def _let_in(socket: ClientConnection, token: Private[str]) -> str:
    """Show the token; gives the version of Home Assistant."""
    try:
        async with asyncio.timeout(10.0):
            await _expect(socket, "auth_required")
            await socket.send(json.dumps({"type": "auth", "access_token": token.reveal()}))
            answer = await _expect(socket, "auth_ok", "auth_invalid")
    except TimeoutError:
        raise LostError(Alarm("stalled", "it does not let us in")) from None
    except ConnectionClosed:
        raise LostError(_closed(socket)) from None
    if answer["type"] == "auth_invalid":
        detail = "Home Assistant does not accept the token; make a new one in your profile"
        raise LostError(Alarm("token-refused", detail))
    version = answer.get("ha_version")
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None:
        raise LostError(Alarm("nonsense", "it names no version of Home Assistant"))
    if (int(match[1]), int(match[2])) < OLDEST:
        wanted = f"{OLDEST[0]}.{OLDEST[1]}"
        raise LostError(Alarm("too-old", f"it is {match[0]}; Sotto needs {wanted} or newer"))
    return match[0]


async def _expect(socket: ClientConnection, *kinds: str) -> dict[str, Json]:
    try:
        message = json.loads(await socket.recv())
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or message.get("type") not in kinds:
        raise LostError(Alarm("nonsense", "what answers there is no Home Assistant"))
    return message


def _unreachable(address: Address, error: Exception) -> Alarm:
    """Why there is no connection: a reason of the system's, never what the other side wrote."""
    where = address.shown
    if isinstance(error, ssl.SSLCertVerificationError):
        return Alarm("certificate", f"{where}: {error.verify_message} (home_assistant.ca)")
    if isinstance(error, ssl.SSLError):
        return Alarm("certificate", f"{where}: it does not speak TLS: try http://")
    if isinstance(error, InvalidStatus):
        code = error.response.status_code
        return Alarm("away", f"{where}: HTTP {code}: no Home Assistant is there")
    if isinstance(error, TimeoutError):
        return Alarm("away", f"{where}: it does not answer")
    if isinstance(error, OSError):
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such name"
        return Alarm("away", f"{where}: {reason}")
    return Alarm("away", f"{where}: what answers there is no Home Assistant")


def _closed(socket: ClientConnection) -> Alarm:
    code = socket.close_code
    if code == 1011 and socket.protocol.close_rcvd is None:
        return Alarm("stalled", "it did not answer a ping")
    if code == 1009:
        return Alarm("nonsense", f"a message of more than {LARGEST_MESSAGE >> 20} MB")
    return Alarm("dropped", "it hung up")


def _code(error: Json) -> str:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and re.match(r"^[a-z_]{1,40}$", code) else "unknown"

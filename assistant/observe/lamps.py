"""The event socket: lamps are told the mood, buttons say what was pressed. Lines of JSON.

To a client: {"state": "idle"} at once and after every change, of `State`'s moods; {"did": ...} or
{"error": ...} after a line of its own; {"confirm": true} to a button while a press would be a yes.
From a client: {"do": "press" | "listen" | "mute" | "unmute" | "button"}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.confirming import Button
from assistant.observe.sockets import Listening, place
from assistant.observe.state import Mood, Snapshot, State

log = logging.getLogger(__name__)

NAME: Final = "events.sock"
VARIABLE: Final = "SOTTO_EVENTS_SOCKET"
"""Names the place at which a group may connect to the service (systemd/sotto-core.service)."""
CLIENTS = 8
LONGEST = 256
"""Bytes of a line."""
UNREAD = 16 * 1024
"""Bytes that a client may leave unread."""
OFTEN = 20
"""Lines of one client that are taken in a second."""
Do: TypeAlias = Literal["press", "listen", "mute", "unmute", "button"]
"""press: whatever a press means now (yes, be quiet, listen); button: tell me when it means yes."""


class Wish(BaseModel):
    """A line from a client."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Do


class Ears(Protocol):
    """The runtime, as far as a button reaches."""

    @property
    def waiting(self) -> int:
        """Utterances that wait to be understood."""
        ...

    def press(self) -> bool:
        """Listen now; whether anybody may be heard."""
        ...

    def hush(self) -> bool:
        """Fall silent; whether anything was said."""
        ...


class Mutes(Protocol):
    """`assistant.pausing.Pause`: it survives a restart."""

    def pause(self, seconds: float | None) -> None:
        """Hear nobody, until told."""
        ...

    def end(self) -> bool:
        """Hear again; whether it did not before."""
        ...


class Lamps:
    """Serves the socket. It belongs to the event loop."""

    def __init__(self, state: State, ears: Ears, mutes: Mutes, button: Button) -> None:
        self._state = state
        self._ears = ears
        self._mutes = mutes
        self._button = button

    def listening(self, directory: Path) -> Listening:
        """The socket, in this directory or where the service's group may enter; to be entered."""
        return Listening(place(VARIABLE, directory / NAME), self.serve, CLIENTS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it goes, says what no client says, or does not read."""
        loop = asyncio.get_running_loop()
        writer.transport.set_write_buffer_limits(high=UNREAD)
        last: list[Mood] = []

        def tell(now: Snapshot) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(show, now.mood)

        def show(mood: Mood) -> None:
            if last[-1:] != [mood]:
                last[:] = [mood]
                _say(writer, "state", mood)

        with contextlib.ExitStack() as stack:
            stack.callback(self._state.subscribe(tell))
            await self._obey(reader, writer, stack)

    async def _obey(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stack: contextlib.ExitStack,
    ) -> None:
        has_button = False
        while line := await reader.readline():
            wish = _read(line)
            if wish == "button" and not has_button:
                has_button = True
                stack.callback(self._button.follow(lambda is_on: _say(writer, "confirm", is_on)))
            did = wish if wish == "button" else await self._do(wish)
            _say(writer, "error" if did == "muted" else "did", did)
            await asyncio.sleep(1 / OFTEN)

    async def _do(self, wish: Do) -> str:
        """Do it, and say what that was."""
        match wish:
            case "mute":
                await asyncio.to_thread(self._mutes.pause, None)
                self._state.mute("pause", on=True)
                return wish
            case "unmute":
                await asyncio.to_thread(self._mutes.end)
                self._state.mute("pause", on=False)
                return wish
            case "press" if self._button.press():
                return "confirm"
            case "press" if self._ears.hush():
                return "hush"
            case _:
                return "listen" if self._ears.press() else "muted"


def _read(line: bytes) -> Do:
    """What a line wants. Raises ValueError where it is no line of ours."""
    if len(line) > LONGEST:
        raise ValueError("a line too long")
    try:
        return Wish.model_validate_json(line).do
    except ValidationError:  # its text quotes the line
        raise ValueError("no line of ours") from None


def _say(writer: asyncio.StreamWriter, key: str, value: str | bool) -> None:
    """Tell a client; one that does not read is hung up on."""
    if writer.is_closing():
        return
    writer.write(json.dumps({key: value}).encode() + b"\n")
    if writer.transport.get_write_buffer_size() > UNREAD:
        writer.transport.abort()

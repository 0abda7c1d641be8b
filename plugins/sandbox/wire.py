"""What the host and a skill's process say to each other: closed JSON, length first, capped.

A frame is four bytes of length, most significant first, and as many bytes of UTF-8 JSON, at most
64 KiB. Every key of a message is known and typed; anything else is a lie, and ends the process.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from assistant.types import Choice, Number, Placeholder, Slot, Words
from plugins.sandbox.closed import Message, WireError

MOST_BYTES: Final = 64 * 1024
"""Of a frame's JSON."""
MOST_REPLY: Final = 1_000
"""Letters of a reply or a question."""
MOST_ADDRESS: Final = 2_000
"""Letters of an address to fetch."""
MOST_SENT: Final = 8 * 1024
"""Bytes of a request's body."""
MOST_FETCHED: Final = 45_000
"""Bytes of a fetched body: it fits into a frame as base64."""
MOST_EXPECTED: Final = 20
MOST_WAITED: Final = 60.0
"""Seconds for an answer."""
MOST_ID: Final = 2**53 - 1

_ERROR = re.compile(r"[A-Za-z_]\w{0,63} at [\w.<>-]{1,80}:\d{1,6}")


@dataclass(frozen=True, slots=True)
class DoIntent:
    """Host: answer this intent."""

    id: int
    name: str
    slots: Mapping[str, Slot] = field(repr=False)
    response: str
    opened: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What placeholders stand for, those that the policy opens to this skill."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Host: what the person answered to a question; None: nothing in time, or no."""

    id: int
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Host: what a request brought, or in a few words why it brought nothing."""

    id: int
    status: int = 0
    body: bytes = field(default=b"", repr=False)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """Skill: it is loaded. `intents` are those it has handlers for."""

    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """Skill: it could not be loaded."""

    error: str


@dataclass(frozen=True, slots=True)
class Said:
    """Skill: the reply to an intent, its last word on it."""

    id: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asks:
    """Skill: a question to the person, with the answers it can use (none: any)."""

    id: int
    text: str = field(repr=False)
    expect: tuple[str, ...] = field(repr=False)
    seconds: float
    """For which it waits."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Skill: its handler raised. Type and line, never the text."""

    id: int
    error: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Skill: ask the host's proxy for something."""

    id: int
    url: str = field(repr=False)
    method: Literal["GET", "POST"] = "GET"
    body: bytes = field(default=b"", repr=False)


FromHost: TypeAlias = DoIntent | Answer | Fetched
FromSkill: TypeAlias = Ready | Broken | Said | Asks | Failed | Fetch


def frame(message: FromHost | FromSkill) -> bytes:
    """The message as it goes over the wire. Raises WireError if it is too long."""
    try:
        text = json.dumps(_fields(message), ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeEncodeError, ValueError):
        raise WireError("text that is no UTF-8, or a number that is none") from None
    if len(text) > MOST_BYTES:
        raise WireError(f"a message of {len(text)} bytes; the most is {MOST_BYTES}")
    return len(text).to_bytes(4, "big") + text


class Frames:
    """Cuts what arrives into the JSON of messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, give every message that is whole. Raises WireError."""
        self._buffer += data
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if not 2 <= size <= MOST_BYTES:
                raise WireError(f"a message of {size} bytes; the most is {MOST_BYTES}")
            if len(self._buffer) < 4 + size:
                return
            message = bytes(self._buffer[4 : 4 + size])
            del self._buffer[: 4 + size]
            yield message


def from_host(data: bytes) -> FromHost:
    """Read a message in the skill's process. Raises WireError."""
    message = Message(data)
    match message.text("do", 20), message.whole("id", MOST_ID):
        case "intent", number:
            slots = {name: _slot(value) for name, value in message.map("slots").items()}
            opened = {name: str(value) for name, value in message.map("opened").items()}
            name, response = message.text("name", 100), message.text("response", 100)
            return message.end(DoIntent(number, name, slots, response, opened))
        case "answer", number:
            return message.end(Answer(number, message.optional("text", MOST_REPLY)))
        case "fetched", number:
            status, body = message.whole("status", 999), message.data("body", MOST_FETCHED)
            return message.end(Fetched(number, status, body, message.text("error", 200)))
    raise WireError("do: no such thing")


def from_skill(data: bytes) -> FromSkill:
    """Read a message in the host, which trusts none of it. Raises WireError."""
    message = Message(data)
    match message.text("say", 20), message.whole("id", MOST_ID):
        case "ready", 0:
            return message.end(Ready(message.texts("intents", 500, 100)))
        case "broken", 0:
            return message.end(Broken(message.matching("error", _ERROR)))
        case "reply", number:
            return message.end(Said(number, message.text("text", MOST_REPLY)))
        case "ask", number:
            text = message.text("text", MOST_REPLY)
            expect = message.texts("expect", MOST_EXPECTED, 100)
            return message.end(Asks(number, text, expect, message.number("seconds", MOST_WAITED)))
        case "failed", number:
            return message.end(Failed(number, message.matching("error", _ERROR)))
        case "fetch", number:
            url, body = message.text("url", MOST_ADDRESS), message.data("body", MOST_SENT)
            match message.text("method", 4):
                case "GET" | "POST" as method:
                    return message.end(Fetch(number, url, method, body))
            raise WireError("method: neither GET nor POST")
    raise WireError("say: no such thing")


def _fields(message: FromHost | FromSkill) -> dict[str, Any]:
    """The message as JSON's values, beginning with its verb and number."""
    match message:
        case DoIntent(number, name, slots, response, opened):
            shown = {key: _slot_fields(slot) for key, slot in slots.items()}
            head = {"do": "intent", "id": number, "name": name, "slots": shown}
            fields = {**head, "response": response, "opened": dict(opened)}
        case Answer(number, text):
            fields = {"do": "answer", "id": number, "text": text}
        case Fetched(number, status, body, error):
            head = {"do": "fetched", "id": number, "status": status, "error": error}
            fields = {**head, "body": base64.b64encode(body).decode()}
        case Ready(intents):
            fields = {"say": "ready", "id": 0, "intents": list(intents)}
        case Broken(error):
            fields = {"say": "broken", "id": 0, "error": error}
        case Said(number, text):
            fields = {"say": "reply", "id": number, "text": text}
        case Asks(number, text, expect, seconds):
            head = {"say": "ask", "id": number, "text": text, "expect": list(expect)}
            fields = {**head, "seconds": seconds}
        case Failed(number, error):
            fields = {"say": "failed", "id": number, "error": error}
        case Fetch(number, url, method, body):
            head = {"say": "fetch", "id": number, "url": url, "method": method}
            fields = {**head, "body": base64.b64encode(body).decode()}
    return fields


def _slot_fields(slot: Slot) -> dict[str, Any]:
    match slot:
        case Choice(value):
            return {"choice": value}
        case Number(value):
            return {"number": value}
        case Placeholder(name, kind):
            return {"placeholder": name, "type": kind}
        case Words(value):
            return {"words": value}


def _slot(value: object) -> Slot:
    match value:
        case {"choice": str(choice), **rest} if not rest:
            return Choice(choice)
        case {"number": (int() | float()) as number, **rest} if not rest:
            return Number(number)
        case {"placeholder": str(name), "type": str(kind), **rest} if not rest:
            return Placeholder(name, kind)
        case {"words": str(words), **rest} if not rest:
            return Words(words)
    raise WireError("slots: no such kind")

"""Wyoming's frames: a line of JSON, then data in JSON and a payload of bytes, each with a cap.

The format is that of https://github.com/rhasspy/wyoming (protocol 1.x). A frame's data may stand
in the line, behind it (`data_length`), or in both; what stands behind counts. Nothing is read or
parsed of data and payload before their lengths are known to be small.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from assistant.errors import WyomingError

VERSION = "1.5.3"
"""Of the protocol: the oldest that has all we say; a newer peer knows all of it."""
LONGEST_TYPE = 40
LINE = 8 * 1024
"""Bytes of a header."""
DATA = 32 * 1024
"""Bytes of data behind it."""
PAYLOAD = 128 * 1024
"""Bytes of a payload: four seconds of our sound."""
FRAME_SECONDS = 10.0
"""Seconds from a frame's first byte to its last."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of the protocol."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    payload: bytes = field(default=b"", repr=False)


def packed(frame: Frame) -> bytes:
    """A frame as it is sent. Its data stands behind the line, as every version reads it."""
    # Never without any: peers of 1.5.3 take missing data for None, and fail on it.
    data = json.dumps(dict(frame.data), ensure_ascii=False).encode()
    header: dict[str, object] = {
        "type": frame.type,
        "version": VERSION,
        "data_length": len(data),
    }
    if frame.payload:
        header["payload_length"] = len(frame.payload)
    return b"".join((json.dumps(header).encode(), b"\n", data, frame.payload))


class Reader:
    """Reads frames from a stream whose limit is LINE."""

    def __init__(self, stream: asyncio.StreamReader, *, seconds: float = FRAME_SECONDS) -> None:
        self._stream = stream
        self._seconds = seconds

    async def frame(self, patience: float | None) -> Frame | None:
        """The next frame; None: the peer has hung up, between two frames or in one.

        `patience` is how many seconds its first byte may take; None: any time. Raises WyomingError,
        which quotes nothing of the peer's, where it is no frame, too large or too slow.
        """
        try:
            async with asyncio.timeout(patience):
                first = await self._stream.readexactly(1)
        except asyncio.IncompleteReadError:
            return None
        except TimeoutError:
            raise WyomingError("said nothing for too long") from None
        try:
            async with asyncio.timeout(self._seconds):
                return await self._rest(first)
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            raise WyomingError(f"a header of more than {LINE} bytes") from None
        except TimeoutError:
            raise WyomingError("a frame that did not end in time") from None

    async def _rest(self, first: bytes) -> Frame:
        line = first if first == b"\n" else first + await self._stream.readuntil(b"\n")
        header = _object(line, "a header")
        kind = header.get("type")
        if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_TYPE:
            raise WyomingError("a header without a type")
        data_length = _length(header, "data_length", DATA)
        payload_length = _length(header, "payload_length", PAYLOAD)
        data = header.get("data")
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise WyomingError("data that is no object")
        if data_length:
            data = {**data, **_object(await self._stream.readexactly(data_length), "data")}
        payload = await self._stream.readexactly(payload_length) if payload_length else b""
        return Frame(kind, data, payload)


def _length(header: Mapping[str, Any], key: str, most: int) -> int:
    value = header.get(key)
    if value is None:
        return 0
    if type(value) is not int or value < 0:
        raise WyomingError(f"a {key} that is no count")
    if value > most:
        raise WyomingError(f"a {key} of more than {most}")
    return value


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # of which UnicodeDecodeError is one
        raise WyomingError(f"{what} that is no JSON") from None
    if not isinstance(value, dict):
        raise WyomingError(f"{what} that is no object")
    return value


def _no_constant(_name: str) -> NoReturn:
    raise ValueError

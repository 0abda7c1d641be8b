"""Frames for every socket of Sotto's, and what may become of them on the way: bits that turn, bytes
that come twice or not at all, lengths that lie, values of another kind, JSON that does not end.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

Corpus = Sequence[bytes]

_SOUND = {"rate": 16_000, "width": 2, "channels": 1, "timestamp": 0}


def _frame(
    kind: str, data: Mapping[str, Any], payload: bytes = b"", *, inline: bool = False
) -> bytes:
    header: dict[str, Any] = {"type": kind, "version": "1.10.2"}
    body = b"" if inline else json.dumps(data).encode()
    if inline:
        header["data"] = data
    else:
        header["data_length"] = len(body)
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header).encode() + b"\n" + body + payload


_PCM = bytes(range(256)) * 8
_COMMON = (
    _frame("describe", {}),
    _frame("ping", {"text": "hello"}),
    _frame("ping", {"text": "hello"}, inline=True),
    _frame("audio-start", _SOUND),
    _frame("audio-chunk", _SOUND, _PCM),
    _frame("audio-chunk", {**_SOUND, "rate": 44_100, "width": 4, "channels": 2}, _PCM, inline=True),
    _frame("audio-stop", {"timestamp": 1000}),
    _frame("audio-start", _SOUND) + _frame("audio-chunk", _SOUND, _PCM) + _frame("audio-stop", {}),
)
WYOMING: Mapping[str, Corpus] = {
    "asr": (*_COMMON, _frame("transcribe", {"name": "sotto-en", "language": "en"})),
    "wake": (*_COMMON, _frame("detect", {"names": ["alexa"]}), _frame("detect", {"names": None})),
    "intent": (
        *_COMMON,
        _frame("recognize", {"text": "turn on the kitchen light", "context": {"id": "1"}}),
        _frame("transcript", {"text": "what time is it"}, inline=True),
    ),
    "satellite": (
        *_COMMON,
        _frame("run-satellite", {}),
        _frame("pause-satellite", {}),
        _frame("voice-stopped", {"timestamp": 12}),
        _frame("transcript", {"text": "lights on"}),
        _frame("error", {"text": "no", "code": "no"}),
    ),
}


_MIC = {"name": "far", "mic_format": _SOUND, "installed": True}
MICROPHONE: Corpus = (
    *_COMMON,
    _frame("info", {"mic": [_MIC]}),
    _frame("info", {"satellite": {"name": "far"}}) + _frame("audio-chunk", _SOUND, _PCM),
    _frame("info", {"mic": [_MIC]}) + _frame("audio-chunk", _SOUND, _PCM),
    _frame("info", {"mic": [_MIC]}) + _frame("ping", {"text": "hello"}),
)


def a_microphone(sound: bytes) -> bytes:
    """What a microphone says that is one, until its first sound is over."""
    return _frame("info", {"mic": [_MIC]}) + _frame("audio-chunk", _SOUND, sound)


def _lines(*values: object) -> Corpus:
    return tuple(json.dumps(value).encode() + b"\n" for value in values)


def _packets(*values: object) -> Corpus:
    return tuple(json.dumps(value).encode() for value in values)


_ID = "0123456789abcdef" * 2
_HOUSE = _packets(
    {"do": "call", "id": 1, "service": "light.turn_on", "entities": ["light.kitchen"]},
    {"do": "look", "id": 2, "entities": ["sensor.bedroom"]},
)
UNIX: Mapping[str, Corpus] = {
    "wyoming-satellite.sock": (
        *_packets({"say": "woken", "phrase": "alexa"}, {"say": "over"}, {"say": "played"}),
        b"\0" + _PCM,
    ),
    "wyoming-microphone.sock": _packets({"say": "nothing"}),
    "door.sock": _packets(
        {"do": "tell", "id": _ID, "destination": "weather", "intent": "GetWeather", "slots": {}},
        {"do": "ask", "id": _ID, "destination": "weather", "intent": "GetForecast",
         "slots": {"city": {"choice": "rome"}, "hours": {"number": 3}}},
    ),
    "home.sock": _HOUSE,
    "names.sock": _HOUSE,
    "presence.sock": _packets(
        {"say": "shown", "mood": "idle", "muted": False, "policy": "usual", "utterances": 3},
        {"say": "happened", "what": "done", "intent": "HassTurnOn"},
    ),
    "control": _lines(
        {"command": "status"}, {"command": "hush"}, {"command": "keys", "action": "status"},
        {"command": "data", "action": "status", "json": True}, {"command": "listen-again"},
    ),
    "events.sock": _lines(
        {"do": "press"}, {"do": "listen"}, {"do": "mute"}, {"do": "unmute"}, {"do": "button"},
        {"do": "hush"},
    ),
    "metrics.sock": (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"),
}  # fmt: skip
_VALUES = (
    b"null", b"true", b"[]", b"{}", b"-1", b"1e999", b"NaN", b"-Infinity", b"1.5", b'""',
    b'"\\ud800"', b"99999999999999999999999999", b"4294967296", b"[" * 3000, b'{"a":' * 1500,
    b"9" * 5000, b'"' + b"x" * 9000 + b'"', b"\xff\xfe", b"\\u0000",
)  # fmt: skip


def mutated(chance: random.Random, corpus: Corpus) -> bytes:
    """One frame of the corpus after a few mishaps; now and then as it was."""
    frame = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        _MISHAPS[chance.randrange(len(_MISHAPS))](chance, frame, corpus)
    return bytes(frame)


def garbage(chance: random.Random, size: int) -> bytes:
    """Bytes that mean nothing, of several kinds."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(size)
    if kind == 1:
        return b"[" * size
    if kind == 2:
        return b"\n" * size
    return b'{"type":"x","payload_length":99999999}\n'.ljust(size, b"A")


def _place(chance: random.Random, frame: bytearray) -> int:
    return chance.randrange(len(frame) + 1)


def _flip(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    if frame:
        frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)


def _insert(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    at = _place(chance, frame)
    frame[at:at] = chance.randbytes(chance.choice((1, 2, 40)))


def _delete(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    at = _place(chance, frame)
    del frame[at : at + chance.choice((1, 2, 20, 1000))]


def _double(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    at = _place(chance, frame)
    frame[at:at] = frame[at : at + chance.choice((1, 10, 200))]


def _splice(chance: random.Random, frame: bytearray, corpus: Corpus) -> None:
    other = chance.choice(corpus)
    frame[_place(chance, frame) :] = other[chance.randrange(len(other) + 1) :]


def _append(chance: random.Random, frame: bytearray, corpus: Corpus) -> None:
    frame += chance.choice(corpus)


def _value(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    """Put another value behind a colon."""
    colons = [at for at, letter in enumerate(frame[:2000]) if letter == ord(":")]
    if colons:
        at = chance.choice(colons) + 1
        end = next((i for i in range(at, len(frame)) if frame[i] in b",}\n"), len(frame))
        frame[at:end] = chance.choice(_VALUES)


def _number(chance: random.Random, frame: bytearray, _corpus: Corpus) -> None:
    """Make a number another one: a length that lies."""
    digits = [at for at, letter in enumerate(frame[:2000]) if letter in b"0123456789"]
    if digits:
        at = chance.choice(digits)
        frame[at : at + 1] = str(chance.choice((0, 1, 9, 255, 4096, 10**6, 2**31, 2**63))).encode()


_MISHAPS = (_flip, _insert, _delete, _double, _splice, _append, _value, _number)

"""PortAudio through PyAudio: lists what can hear, and opens one of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from assistant.errors import MicrophoneError
from assistant.types import FRAME_SECONDS, SAMPLE_RATE

INSTALL = (
    "PyAudio is missing: pip install 'sotto-voice[mic]' "
    "(it needs: apt install portaudio19-dev python3-dev gcc)"
)
LONGEST_HUSH = 2.0
"""Seconds after which standard error speaks again, even if the audio system hangs."""
NOISE = (
    *(b"ALSA lib", b"Expression '", b"jack server is not", b"JackShm", b"connect(2) call to"),
    *(b"Cannot connect to server", b"attempt to connect to server failed"),
)
"""How the lines begin that ALSA, JACK and PortAudio print where a device is merely absent."""

Hear = Callable[[bytes, bool], None]
"""Takes 16-bit samples, channels interleaved, and whether some before them were lost."""
_Untyped: TypeAlias = Any
"""PyAudio has no types: its objects go no further than this file."""
_hushing = threading.Lock()


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something that can hear."""

    index: int
    name: str
    channels: int
    rate: int
    """Its own samples a second."""
    is_default: bool

    def answers_to(self, wanted: str | int | None) -> bool:
        """Whether it is meant by an index, a part of its name, or None for the default."""
        if wanted is None:
            return self.is_default
        if isinstance(wanted, int):
            return self.index == wanted
        return wanted.casefold() in self.name.casefold()


class PortAudioStream:
    """An open device. PortAudio itself is let go of with it, or it never sees a new device."""

    def __init__(
        self, audio: _Untyped, stream: _Untyped, device: InputDevice, rate: int, channels: int
    ) -> None:
        self._audio = audio
        self._stream = stream
        self.name = device.name
        self.rate = rate
        self.channels = channels

    def is_alive(self) -> bool:
        """Whether PortAudio still listens; it may say so of a device that is stuck."""
        try:
            return bool(self._stream.is_active())
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the device. May block where the audio system hangs."""
        with _hushed():
            try:
                self._stream.close()
            except OSError:
                pass  # the device is gone: there is nothing left to close
            finally:
                self._audio.terminate()


def input_devices() -> list[InputDevice]:
    """List what can hear; raise MicrophoneError where PyAudio is missing."""
    with _hushed():
        audio = _initialized()
        try:
            return _devices(audio)
        finally:
            audio.terminate()


def open_stream(wanted: str | int | None, hear: Hear, *, native_rate: bool) -> PortAudioStream:
    """Open a device, at 16 kHz unless it refuses or `native_rate`; `hear` gets 80 ms at a time.

    `hear` is called on PortAudio's thread. Raises MicrophoneError, also where none is there.
    """
    with _hushed():
        audio = _initialized()
        try:
            device = _choose(_devices(audio), wanted)
            return _open(audio, device, hear, native_rate=native_rate)
        except BaseException:
            audio.terminate()
            raise


def _portaudio() -> _Untyped:
    # PulseAudio would collect up to two seconds of sound before it hands them over.
    os.environ.setdefault("PULSE_LATENCY_MSEC", "40")
    try:
        import pyaudio  # noqa: PLC0415  # an extra
    except ImportError:
        raise MicrophoneError(INSTALL) from None
    return pyaudio


def _initialized() -> _Untyped:
    try:
        return _portaudio().PyAudio()
    except OSError as problem:
        raise MicrophoneError(f"PortAudio does not start ({problem.args[0]})") from None


def _devices(audio: _Untyped) -> list[InputDevice]:
    try:
        default = int(audio.get_default_input_device_info()["index"])
    except OSError:
        default = -1
    infos = [audio.get_device_info_by_index(index) for index in range(audio.get_device_count())]
    return [
        InputDevice(
            index=int(info["index"]),
            name=str(info["name"]),
            channels=int(info["maxInputChannels"]),
            rate=int(info["defaultSampleRate"]),
            is_default=int(info["index"]) == default,
        )
        for info in infos
        if info["maxInputChannels"] > 0
    ]


def _choose(devices: list[InputDevice], wanted: str | int | None) -> InputDevice:
    """The device meant: one of exactly that name before one that has it in its name."""
    meant = [device for device in devices if device.answers_to(wanted)]
    exact = [device for device in meant if device.name == wanted]
    if meant:
        return (exact or meant)[0]
    if not devices:
        raise MicrophoneError("no microphone was found; plug one in, then see `sotto check`")
    names = ", ".join(f"{device.index}: {device.name}" for device in devices)
    asked = "is the default" if wanted is None else f"answers to {wanted!r}"
    raise MicrophoneError(f"no microphone {asked}; set microphone.device to one of {names}")


def _open(
    audio: _Untyped, device: InputDevice, hear: Hear, *, native_rate: bool
) -> PortAudioStream:
    rates = [device.rate] if native_rate else list(dict.fromkeys((SAMPLE_RATE, device.rate)))
    # Bare hardware may refuse mono; then its channels are averaged here.
    ways = [(rate, channels) for channels in dict.fromkeys((1, device.channels)) for rate in rates]
    for rate, channels in ways:
        try:
            stream = _start(audio, device, hear, rate, channels)
        except (OSError, ValueError):
            continue
        return PortAudioStream(audio, stream, device, rate, channels)
    raise MicrophoneError(
        f"microphone {device.index}: {device.name} can't be opened: it is gone, or in use elsewhere"
    )


def _start(audio: _Untyped, device: InputDevice, hear: Hear, rate: int, channels: int) -> _Untyped:
    pyaudio = _portaudio()

    def heard(pcm: bytes, _frames: int, _time: object, flags: int) -> tuple[None, int]:
        hear(pcm, bool(flags & pyaudio.paInputOverflow))
        return None, pyaudio.paContinue

    return audio.open(
        rate=rate,
        channels=channels,
        format=pyaudio.paInt16,
        input=True,
        input_device_index=device.index,
        frames_per_buffer=round(rate * FRAME_SECONDS),
        stream_callback=heard,
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep ALSA's and JACK's remarks about absent devices off standard error.

    Lines of anybody else that were written meanwhile come afterwards.
    """
    if not _hushing.acquire(blocking=False):
        yield  # it is quiet already
        return
    hush = _Hush()
    timer = threading.Timer(LONGEST_HUSH, hush.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        hush.end()
        _hushing.release()


class _Hush:
    """Standard error, led into memory until `end`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._memory = os.memfd_create("stderr")
        self._stderr: int | None = os.dup(2)
        os.dup2(self._memory, 2)

    def end(self) -> None:
        """Lead it back; calling it again does nothing."""
        with self._lock:
            if self._stderr is None:
                return
            os.dup2(self._stderr, 2)
            os.close(self._stderr)
            self._stderr = None
        with os.fdopen(self._memory, "rb") as memory:
            memory.seek(0)
            kept = [line for line in memory if line.strip() and not line.startswith(NOISE)]
        if kept:
            os.write(2, b"".join(kept))

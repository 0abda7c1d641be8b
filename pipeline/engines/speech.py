"""Speaks: a synthesiser's samples to a player, both child processes that can be silenced."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence

import numpy as np

from assistant.errors import VoiceError

SYNTHESIS_LIMIT = 20.0
"""Seconds a synthesiser may take for a reply."""
PLAYING_LIMIT = 10.0
"""Seconds a player may take beyond the length of the speech."""

Command = Sequence[str]
Synthesis = tuple[bytes, int]
"""Mono 16-bit samples, and how many a second."""


def players(rate: int) -> list[Command]:
    """What can play mono 16-bit samples from stdin here: PulseAudio or PipeWire, then ALSA."""
    lines: list[Command] = [
        ["pacat", "--playback", "--raw", "--format=s16le", "--channels=1", f"--rate={rate}"],
        ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate), "-"],
    ]
    return [line for line in lines if shutil.which(line[0]) is not None]


def softened(pcm: bytes, percent: int) -> bytes:
    """Mono 16-bit samples at this share of their amplitude, 0..100."""
    if percent >= 100:
        return pcm
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")
    return (samples * (max(0, percent) / 100)).astype("<i2").tobytes()


class Speech:
    """Runs a synthesiser, then a player. One thread speaks; any thread may `stop` it.

    The text goes to the synthesiser's stdin: other users of the machine can read the
    arguments of a process.
    """

    def __init__(
        self, name: str, synthesiser: Command, samples: Callable[[bytes], Synthesis]
    ) -> None:
        """Raise VoiceError where nothing here can play; `samples` reads what is synthesised."""
        if not players(16_000):
            raise VoiceError("there is no player of sound: apt-get install alsa-utils")
        self._name = name
        self._synthesiser = synthesiser
        self._samples = samples
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self.volume = 100
        """Percent of the synthesiser's own loudness, from the next reply on."""

    def say(self, text: str) -> None:
        """Speak, and return when it was heard or stopped; raise VoiceError where it can't."""
        with self._lock:
            self._stopped = False
        status, output = self._run(
            self._synthesiser, text.encode(errors="replace"), SYNTHESIS_LIMIT
        )
        if status != 0 and not self._stopped:
            raise VoiceError(f"{self._name} failed with status {status}")
        if not self._stopped:
            pcm, rate = self._samples(output)
            self._play(softened(pcm, self.volume), rate)

    def play(self, pcm: bytes, rate: int) -> None:
        """Play mono 16-bit samples, and return when they were heard; raise VoiceError as `say`."""
        with self._lock:
            self._stopped = False
        self._play(softened(pcm, self.volume), rate)

    def stop(self) -> None:
        """Fall silent at once."""
        with self._lock:
            self._stopped = True
            if self._child is not None:
                self._child.kill()

    def _play(self, pcm: bytes, rate: int) -> None:
        seconds = len(pcm) / 2 / rate + PLAYING_LIMIT
        lines = players(rate)
        for line in lines:
            status, _ = self._run(line, pcm, seconds)
            if status == 0 or self._stopped:
                return
        names = " and ".join(line[0] for line in lines)
        raise VoiceError(f"no loudspeaker: {names or 'every player'} failed; is one plugged in?")

    def _run(self, line: Command, data: bytes, seconds: float) -> tuple[int, bytes]:
        with self._lock:
            if self._stopped:
                return -1, b""
            child = self._child = _start(line)
        try:
            output, _ = child.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise VoiceError(f"a part of speaking did not end within {seconds:.0f} s") from None
        finally:
            with self._lock:
                self._child = None
        return child.returncode, output


def _start(line: Command) -> subprocess.Popen[bytes]:
    # What the microphone asks of PulseAudio makes playing stutter.
    environment = os.environ | {"PULSE_LATENCY_MSEC": "200"}
    try:
        return subprocess.Popen(  # noqa: S603  # our own lines; the text is on stdin
            line,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as problem:
        raise VoiceError(f"{line[0]} can't be run: {problem.strerror}") from None

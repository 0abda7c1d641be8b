"""Commands for which no recording ships, said by espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

from assistant.types import SAMPLE_RATE
from pipeline.sources.file import read_samples

VOICE = "en-gb"
PAUSE = 0.3
"""Seconds between wake word and command."""
_QUIET = 0.2


def missing() -> str | None:
    """What speaking lacks here, or None."""
    return None if shutil.which("espeak-ng") else "espeak-ng is missing: apt install espeak-ng"


def synthesise(path: Path, text: str) -> None:
    """Write "alexa", a pause and a command to a WAV file."""
    pieces = [_silence(_QUIET), _say(path, "alexa"), _silence(PAUSE), _say(path, text)]
    write(path, b"".join((*pieces, _silence(2 * _QUIET))))


def write(path: Path, pcm: bytes) -> None:
    """Write 16 kHz mono PCM to a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)


def _say(path: Path, text: str) -> bytes:
    said = path.with_suffix(".said.wav")
    command = ["espeak-ng", "-v", VOICE, "-w", str(said), text]
    subprocess.run(command, check=True, capture_output=True)
    pcm = (read_samples(said, 30.0) * 0.5).astype("<i2").tobytes()
    said.unlink()
    return pcm


def _silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))

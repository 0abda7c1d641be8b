"""Speaks through espeak-ng: small, everywhere, understandable."""

from __future__ import annotations

import shutil
import struct

from assistant.errors import VoiceError
from pipeline.engines.speech import Speech, Synthesis

HEADER = 44
"""Bytes before the samples of the WAV that espeak-ng writes; its rate is at 24."""


class EspeakVoice(Speech):
    """A voice of espeak-ng's. Raises VoiceError where the program is missing."""

    def __init__(self, speed: int) -> None:
        """`speed` in words a minute."""
        if shutil.which("espeak-ng") is None:
            raise VoiceError("espeak-ng is missing: apt-get install espeak-ng")
        line = ["espeak-ng", "-v", "en", "-s", str(speed), "-b", "1", "--stdin", "--stdout"]
        super().__init__("espeak-ng", line, _samples)


def _samples(wav: bytes) -> Synthesis:
    if len(wav) < HEADER or wav[:4] != b"RIFF":
        raise VoiceError("espeak-ng gave no speech; try `echo hello | espeak-ng --stdin`")
    (rate,) = struct.unpack_from("<I", wav, 24)
    return wav[HEADER:], rate

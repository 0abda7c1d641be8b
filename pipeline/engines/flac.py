"""Samples as FLAC files, by libsndfile."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from assistant.errors import SourceError
from assistant.private import Private
from assistant.types import SAMPLE_RATE


def write_flac(path: Path, pcm: Private[bytes]) -> None:
    """Write mono 16 kHz int16 samples into a new file that only its owner reads (0600).

    Raises SourceError where it can't be written.
    """
    import soundfile  # noqa: PLC0415  # the daemon rarely needs it, and it takes memory

    samples = np.frombuffer(pcm.reveal(), dtype="<i2")
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as opened:
            soundfile.write(opened, samples, SAMPLE_RATE, subtype="PCM_16", format="FLAC")
    except (OSError, soundfile.SoundFileError) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or 'not written'}") from None

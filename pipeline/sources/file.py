"""Recordings as a source: WAV, FLAC or OGG of any rate, channels and width."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from assistant.errors import SourceError
from assistant.types import SAMPLE_RATE, AudioFrame
from pipeline.sources.containers import is_cut_off, kind_of
from pipeline.sources.convert import Converter, Framer

BLOCK = 1 << 14
"""Samples, over all channels, that are decoded at a time."""
RATES = (1_000, 1_000_000)
"""Samples a second; a file that states others is not a recording of speech."""


class FileSource:
    """A recording. It is read in blocks, so its length costs no memory.

    Making one looks at the file's header and raises SourceError, one line with the file and
    what to do, where it can't be used; `frames` raises it where the file turns out to be
    damaged, after the frames before the damage. `frames` may be called again.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._closed = False
        with self._open() as sound:
            self._frames: int | None = sound.frames if sound.frames < 1 << 62 else None
            self._rate: int = sound.samplerate
        self._check()

    @property
    def seconds(self) -> float:
        """How long the file is, by its header; where that does not say, by decoding it."""
        frames = self._frames
        if frames is None:
            frames = sum(len(block) for block in self._blocks())
        return frames / self._rate

    def frames(self) -> Iterator[AudioFrame]:
        """Give the recording as frames; the last is filled up with silence."""
        converter = Converter(self._rate)
        framer = Framer()
        for block in self._blocks():
            yield from framer.feed(converter.feed(block).tobytes())
        rest = converter.feed(np.zeros((0, 1), np.float32), last=True)
        yield from framer.feed(rest.tobytes())
        yield from framer.last()

    def close(self) -> None:
        """End `frames` before its next block."""
        self._closed = True

    def _check(self) -> None:
        lowest, highest = RATES
        if self._frames == 0:
            raise self._error("has no audio in it; record or export it again")
        if not lowest <= self._rate <= highest:
            raise self._error(f"says {self._rate} samples a second; export it with 16000")

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        """Decode the file: (time, channel), full scale 1.0."""
        decoded = 0
        with self._open() as sound:
            step = max(1, BLOCK // sound.channels)
            while not self._closed:
                block = self._decode(sound, step)
                if not len(block):
                    break
                decoded += len(block)
                yield block
        if self._frames is not None and decoded < self._frames and not self._closed:
            raise self._damaged()

    def _decode(self, sound: soundfile.SoundFile, step: int) -> NDArray[np.float32]:
        try:
            block: NDArray[np.float32] = sound.read(step, dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            raise self._damaged() from None
        if not np.isfinite(block).all():
            raise self._error("holds samples that are no numbers (NaN or infinite); export it anew")
        return block

    @contextmanager
    def _open(self) -> Iterator[soundfile.SoundFile]:
        with self._whole_file() as file:
            try:
                sound = soundfile.SoundFile(file.fileno(), closefd=False)
            except soundfile.SoundFileError:
                text = "is damaged, cut off or of an unusual encoding; export it again"
                raise self._error(text) from None
            with sound:
                yield sound

    @contextmanager
    def _whole_file(self) -> Iterator[BinaryIO]:
        """Open the file and look at what can be seen without decoding."""
        try:
            file = open(self.path, "rb", buffering=0, opener=_open_without_waiting)  # noqa: SIM115  # a Path takes no opener
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or "not a name of a file"
            raise self._error(f"can't be opened ({reason}); check the path") from None
        with file:
            try:
                self._look(file)
                file.seek(0)
            except OSError as problem:
                raise self._error(f"can't be read ({problem.strerror}); copy it anew") from None
            yield file

    def _look(self, file: BinaryIO) -> None:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise self._error("is not a regular file; for raw 16 kHz PCM on stdin give -")
        if status.st_size == 0:
            raise self._error("is empty; record or export it again")
        kind = kind_of(file.read(12))
        if kind is None:
            raise self._error("is not a WAV, FLAC or OGG file; convert it to one of these")
        if is_cut_off(file, kind, status.st_size):
            raise self._error("is cut off before its end; copy, record or export it again")

    def _damaged(self) -> SourceError:
        return self._error("is damaged or cut off; copy, record or export it again")

    def _error(self, text: str) -> SourceError:
        """The name comes from outside: what would break the line or the terminal is escaped."""
        name = str(self.path).encode("unicode_escape").decode("ascii")
        if str(self.path).isprintable():
            name = str(self.path)
        return SourceError(f"{name} {text}")


def _open_without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes to would block for ever otherwise."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_samples(path: Path, longest: float) -> NDArray[np.int16]:
    """Read at most the first `longest` seconds of a recording at once, mono 16 kHz."""
    source = FileSource(path)
    pieces = []
    for frame in source.frames():
        pieces.append(frame.pcm)
        if frame.end >= longest:
            break
    samples = int(min(longest, source.seconds) * SAMPLE_RATE)
    return np.frombuffer(b"".join(pieces), "<i2")[:samples]

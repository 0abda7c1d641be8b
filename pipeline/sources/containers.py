"""Says whether an audio file is of a kind we read, and whether all of it is there.

libsndfile silently gives less where a WAV or OGG file was cut off, so this looks at the
outermost boxes itself. (A FLAC file that was cut off fails while it is decoded.)
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Literal, TypeAlias

Kind: TypeAlias = Literal["wav", "flac", "ogg"]

UNKNOWN_LENGTH = 0x7FFF_0000
"""A WAV that was written to a pipe states a length from here on, or none (0): programs that
can't go back to write the true one put the largest they know."""
_PAGE_HEADER = 27
_LARGEST_PAGE = _PAGE_HEADER + 255 + 255 * 255


def kind_of(start: bytes) -> Kind | None:
    """The kind of file that begins so (12 bytes are enough)."""
    if start[:4] in {b"RIFF", b"RIFX", b"RF64"} and start[8:12] == b"WAVE":
        return "wav"
    if start[:4] == b"fLaC":
        return "flac"
    return "ogg" if start[:4] == b"OggS" else None


def is_cut_off(file: BinaryIO, kind: Kind, size: int) -> bool:
    """Whether the file ends before its own boxes do. The file's position changes."""
    if kind == "wav":
        return _wav_is_cut_off(file, size)
    return kind == "ogg" and _ogg_is_cut_off(file, size)


def _wav_is_cut_off(file: BinaryIO, size: int) -> bool:
    """RIFF: a box is four letters, a length, so many bytes, and one more where that is odd."""
    file.seek(0)
    order = ">" if file.read(4) == b"RIFX" else "<"
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name == b"data":
            end: int = at + 8 + length
            return 0 < length < UNKNOWN_LENGTH and end > size
        at += 8 + length + length % 2
    return False  # without a box of data libsndfile does not open it


def _ogg_is_cut_off(file: BinaryIO, size: int) -> bool:
    """Ogg (RFC 3533): a page tells its own length; the last must end within the file."""
    file.seek(max(0, size - _LARGEST_PAGE))
    tail = file.read(_LARGEST_PAGE)
    at = tail.rfind(b"OggS")
    segments = tail[at + _PAGE_HEADER - 1] if 0 <= at <= len(tail) - _PAGE_HEADER else None
    if segments is None:
        return True
    table = tail[at + _PAGE_HEADER : at + _PAGE_HEADER + segments]
    return len(table) < segments or at + _PAGE_HEADER + segments + sum(table) > len(tail)

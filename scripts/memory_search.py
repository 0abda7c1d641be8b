"""Looks for what was said in the memory of processes and in files: text and sound."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from io import RawIOBase
from pathlib import Path

import numpy as np

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+)\s*(.*)")
_STEP, _OVERLAP = 1 << 20, 256
_NOTHING = bytes(_STEP)
_SAMPLES = 24
"""Samples of a piece of sound that is looked for: 48 bytes in 16 bits."""
_LOUD = 500
"""How loud it must be somewhere."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-32-le")
"""How Python and libraries keep letters: latin-1 and ASCII look like UTF-8 here."""


def needles(words: str, pcm: bytes, pieces: int = 8) -> dict[str, bytes]:
    """What to look for, by what it is: the words, and pieces of the sound from all over it."""
    wanted = {f"text, {encoding}": words.encode(encoding) for encoding in ENCODINGS}
    samples = np.frombuffer(pcm, "<i2")
    for number, part in enumerate(np.array_split(samples, pieces)):
        loudest = int(np.abs(part.astype(np.int32)).argmax()) if len(part) else 0
        start = max(0, min(loudest - _SAMPLES // 2, len(part) - _SAMPLES))
        piece = part[start : start + _SAMPLES]
        if len(piece) and np.abs(piece.astype(np.int32)).max() >= _LOUD:
            wanted[f"sound, 16 bit, {number}"] = piece.tobytes()
            whole = piece.astype(np.float32)
            wanted[f"sound, float, {number}"] = (whole / np.float32(32768)).tobytes()
            wanted[f"sound, float of 16 bit, {number}"] = whole.tobytes()
    return wanted


def in_process(process: int, wanted: Mapping[str, bytes]) -> Counter[str]:
    """How often each is in the memory that a process wrote (all but files mapped read-only)."""
    found: Counter[str] = Counter()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for start, end in _regions(process):
            found += _count(_read(memory, start, end), wanted)
    return found


def in_files(folder: Path, wanted: Mapping[str, bytes]) -> Counter[str]:
    """How often each is in the files below a folder."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                found += _count(_read(file, 0, path.stat().st_size), wanted)
    return found


def below(process: int) -> Iterator[int]:
    """The process and all that it started, and they."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                yield from below(child)


def _regions(process: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        match = _LINE.match(line)
        assert match is not None
        start, end, rights, inode, name = match.groups()
        if ("w" in rights or inode == "0") and not name.startswith("[v"):
            yield int(start, 16), int(end, 16)


def _count(pieces: Iterator[bytes], wanted: Mapping[str, bytes]) -> Counter[str]:
    """How often each is in pieces that follow each other."""
    found: Counter[str] = Counter()
    before = b""
    for piece in pieces:
        if piece == _NOTHING:
            before = b""
            continue
        data = before + piece
        for name, needle in wanted.items():
            found[name] += data.count(needle) - before.count(needle)
        before = data[-_OVERLAP:]
    return +found


def _read(memory: RawIOBase, start: int, end: int) -> Iterator[bytes]:
    """A region in pieces; what nobody may read (secret memory) is left out."""
    for place in range(start, end, _STEP):
        try:
            memory.seek(place)
            data = memory.read(min(_STEP, end - place))
        except (OSError, ValueError, OverflowError):
            return
        if not data:
            return
        yield data

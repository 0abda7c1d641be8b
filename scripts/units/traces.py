"""Looks for what was said in the files of a machine, in the encodings that it could have there."""

from __future__ import annotations

import base64
import codecs
import contextlib
import os
import stat
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from assistant.faults.canaries import CANARIES
from scripts.memory_search import ENCODINGS, needles

SPOKEN = "five five five zero one"
"""Of the telephone number in the recording; CANARIES has it in figures, too."""
_MOST = 256 << 20
"""Bytes of one file that are looked at."""
_SHORTEST = 12
"""Letters; fewer are found by chance."""
_CORE = 4
"""The type of an ELF file that is a core file (elf(5), ET_CORE)."""


def wanted(pcm: bytes) -> dict[str, bytes]:
    """What to look for, by what it is: the words and figures in many forms, pieces of the sound."""
    found = needles(SPOKEN, pcm)
    for number, canary in enumerate(CANARIES):
        for form, needle in _forms(canary.decode()):
            found[f"text {number}, {form}"] = needle.lower()
    return found


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    for encoding in ENCODINGS:
        yield encoding, text.encode(encoding)
    yield "backwards", raw[::-1]
    yield "hexadecimal", raw.hex().encode()
    yield "rot13", codecs.encode(text, "rot13").encode()
    yield "in an address", urllib.parse.quote_plus(text).encode()
    for offset in range(3):  # it may begin at any of three places within the letters
        coded = base64.b64encode(bytes(offset) + raw)[(0, 2, 3)[offset] : -4]
        if len(coded) >= _SHORTEST:
            yield f"base64, {offset}", coded


def in_trees(
    root: Path, trees: Iterable[str], since: float, needles_: Mapping[str, bytes]
) -> tuple[list[str], int]:
    """What is in the files below these folders, as "form in file", and how many were read.

    Files that nobody wrote `since` are left out: seven figures are in Debian's own by chance.
    """
    found: list[str] = []
    count = 0
    for path in _files(root, trees):
        with contextlib.suppress(OSError):
            if path.lstat().st_ctime < since:
                continue
            shown = f"/{path.relative_to(root)}"
            with path.open("rb") as file:
                data = file.read(_MOST)
            count += 1
            found += [f"{form} in {shown}" for form in forms_in(shown.encode() + data, needles_)]
    return found, count


def forms_in(data: bytes, needles_: Mapping[str, bytes]) -> list[str]:
    """Which of them; text in capitals or not."""
    lowered = data.lower()
    return [
        form
        for form, needle in needles_.items()
        if needle in (lowered if form.startswith("text") else data)
    ]


def core_files(root: Path, trees: Iterable[str]) -> list[str]:
    """The core files there, whatever they are called."""
    found = []
    for path in _files(root, trees):
        with contextlib.suppress(OSError), path.open("rb") as file:
            head = file.read(18)
            if head[:4] == b"\x7fELF" and head[16] == _CORE:
                found.append(f"/{path.relative_to(root)}")
    return found


def _files(root: Path, trees: Iterable[str]) -> Iterator[Path]:
    for tree in trees:
        for directory, _, names in os.walk(root / tree.strip("/")):
            for name in names:
                path = Path(directory, name)
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(path.lstat().st_mode):
                        yield path

"""Reads word lists, and what else of English there is on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from pydoc_data.topics import topics

import pocketsphinx


def read_lists(path: Path) -> dict[str, list[str]]:
    """Sections `[name]` of entries between commas; a name may come again."""
    lists: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif line.strip() and not line.startswith("#"):
            entries = (entry.strip() for entry in line.split(","))
            lists.setdefault(section, []).extend(entry for entry in entries if entry)
    return lists


def read_lines(path: Path) -> list[str]:
    """Entries, one a line."""
    lines = path.read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def dictionary() -> list[str]:
    """The words of the CMU pronouncing dictionary that pocketsphinx carries (BSD licence)."""
    path = Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"
    words = (line.partition(" ")[0] for line in path.read_text("utf-8").splitlines())
    return [word for word in words if word.isascii() and word.isalpha() and 2 < len(word) < 13]


def prose() -> list[list[str]]:
    """English sentences, as words: the reference manual inside Python (PSF licence)."""
    found: list[list[str]] = []
    for text in topics.values():
        for part in re.split(r"[.:;()\n]{1,2}\s|\n\n", text):
            words = re.sub(r"\s+", " ", part).lower().strip().split()
            if 3 < len(words) < 30 and all(re.fullmatch(r"[a-z']+,?", word) for word in words):
                found.append([word.rstrip(",") for word in words])
    return found


def bent(word: str, end: str) -> str:
    """The word with another ending, as English mostly spells it."""
    if end == "s":
        return word[:-1] + "ies" if word[-1] == "y" and word[-2] not in "aeou" else word + "s"
    if end[0] in "ie" and word[-1] == "e":
        return word[:-1] + end
    if end == "ed" and word[-1] == "y" and word[-2] not in "aeou":
        return word[:-1] + "ied"
    return word + end

"""Makes text from outside fit to be spoken: short, on one line, and nothing but text."""

from __future__ import annotations

import re
import unicodedata

LARGEST_REPLY = 2048
"""Bytes of a reply; a larger one is not read at all."""
LONGEST_REPLY = 300
"""Letters of a reply; what is beyond is left out."""
_PLACEHOLDER = re.compile(r"\b([A-Z][A-Z0-9_]*)_(\d+)\b")


def speakable(payload: bytes) -> str | None:
    """The text of a reply, or None where there is none to speak.

    Control, format, private and unassigned characters go (Unicode's categories C*), white space
    becomes single spaces, and what looks like a placeholder of ours loses its underscores, so
    that a service can't have somebody's name spoken by guessing `PERSON_1`.
    """
    if len(payload) > LARGEST_REPLY:
        return None
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
    spaced = " ".join(text.split())
    plain = "".join(letter for letter in spaced if unicodedata.category(letter)[0] != "C")
    return _shortened(_PLACEHOLDER.sub(_apart, " ".join(plain.split()))) or None


def _apart(match: re.Match[str]) -> str:
    return f"{match[1].replace('_', ' ')} {match[2]}"


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_REPLY:
        return text
    cut = text[:LONGEST_REPLY]
    return cut[: cut.rindex(" ")] if " " in cut else cut

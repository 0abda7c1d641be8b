"""Names as Home Assistant has them, made fit to be said and to be matched."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 100
"""Characters of a name."""
_SIGNS = re.compile(r"[()\[\]{}<>|;:_]")
_ID = re.compile(r"^[a-z0-9_]+\.[a-z0-9_]+$")
LONGEST_ID = 255


def speakable(name: object) -> str | None:
    """A name as somebody says it; None where nothing of it can be said.

    Signs of the template language ("Lamp (left)"), pictures and what has no shape on a screen are
    left out: control characters, marks of direction, half characters.
    """
    if not isinstance(name, str):
        return None
    spaced = _SIGNS.sub(" ", name[: 4 * LONGEST_NAME])
    kept = "".join(letter if _is_sayable(letter) else " " for letter in spaced)
    text = " ".join(unicodedata.normalize("NFC", kept).split())[:LONGEST_NAME].strip()
    return text if any(letter.isalnum() for letter in text) else None


def _is_sayable(letter: str) -> bool:
    """Letters, digits, marks on them and plain punctuation."""
    kind = unicodedata.category(letter)
    is_picture = kind in {"So", "Sk"} and letter != "\N{DEGREE SIGN}"
    is_variant = "\ufe00" <= letter <= "\ufe0f"
    return letter.isprintable() and not is_picture and not is_variant


def is_plain(name: str) -> bool:
    """Whether a name is what `speakable` gives: the other side of the socket is not trusted."""
    return speakable(name) == name


def is_entity_id(text: object) -> bool:
    """Whether this is the id of an entity: light.kitchen."""
    return isinstance(text, str) and len(text) <= LONGEST_ID and _ID.match(text) is not None

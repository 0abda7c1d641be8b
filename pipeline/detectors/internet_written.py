"""Finds mailboxes, links and addresses that have a written form: "@", "https://", colons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.types import Finding
from pipeline.detectors.checks import is_internet_address

NAME = "internet"
_LINK = re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>\"]{1,2000}", re.IGNORECASE)
_COLONS = re.compile(r"(?<![\w:])[0-9a-fA-F:]{3,39}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}(?![\w:-])")
_MAIL = re.compile(
    r"(?<![\w.+%'-])[\w.+%'-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}(?![\w-])"
)
_TAG = re.compile(r"(?<![\w@./])@[A-Za-z0-9_][\w.]{1,38}(?!\w|@)")


def find_written(text: str) -> Iterator[Finding]:
    """What has a written form that words do not show."""
    if "@" in text:
        for match in _MAIL.finditer(text):
            yield Finding(match.start(), match.end(), "EMAIL_ADDRESS", 0.95, "rules", NAME)
        for match in _TAG.finditer(text):
            yield Finding(match.start(), match.end(), "USERNAME", 0.7, "rules", NAME)
    if "//" in text or "www." in text.lower():
        for match in _LINK.finditer(text):
            end = match.end() - (len(match[0]) - len(match[0].rstrip(".,;:!?)'")))
            yield Finding(match.start(), end, "URL", 0.9, "rules", NAME)
    if ":" in text:
        for match in _MAC.finditer(text):
            yield Finding(match.start(), match.end(), "MAC_ADDRESS", 0.95, "rules", NAME)
        for match in _COLONS.finditer(text):
            if match[0].count(":") > 1 and is_internet_address(match[0]):
                yield Finding(match.start(), match.end(), "IP_ADDRESS", 0.95, "rules", NAME)
    elif "-" in text:
        for match in _MAC.finditer(text):
            yield Finding(match.start(), match.end(), "MAC_ADDRESS", 0.95, "rules", NAME)

"""Finds what has a written form: addresses on the net, card numbers, phone numbers.

Every pattern is bounded and begins at one kind of letter, so the work grows with the length
of the text and no faster.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.types import Finding, Transcript

_LABEL = r"[a-z0-9-]{1,63}"
_HOST = rf"(?:{_LABEL}\.){{1,6}}[a-z]{{2,24}}"
_LOCAL = r"[a-z0-9._%+'-]{1,64}"


@dataclass(frozen=True, slots=True)
class _Pattern:
    type: str
    score: float
    pattern: re.Pattern[str]
    accept: Callable[[str], bool] = lambda text: True


class Patterns:
    """Finds e-mail addresses, links, IP addresses, card numbers and phone numbers in digits."""

    name = "patterns"

    def find(self, transcript: Transcript) -> list[Finding]:
        """Every place that has such a form."""
        return list(self._find(transcript.text.reveal()))

    def _find(self, text: str) -> Iterator[Finding]:
        for kind in _PATTERNS:
            for match in kind.pattern.finditer(text):
                if kind.accept(match[0]):
                    yield Finding(match.start(), match.end(), kind.type, kind.score, self.name)


def passes_luhn(digits: str) -> bool:
    """Whether the digits are a card number by ISO/IEC 7812-1 (annex B, the Luhn check)."""
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())


def _is_card(text: str) -> bool:
    digits = _digits(text)
    return 13 <= len(digits) <= 19 and passes_luhn(digits)


def _is_phone(text: str) -> bool:
    is_date = re.fullmatch(r"\d{4}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-]\d{2,4}", text.strip())
    return 7 <= len(_digits(text)) <= 15 and is_date is None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_mailbox(text: str) -> bool:
    """In "jane.doe at example.com" the first part must look like a name for a mailbox.

    "look at example.com" says nothing about anybody's mailbox.
    """
    return "@" in text or not text.split(maxsplit=1)[0].isalpha()


_PATTERNS = (
    _Pattern(
        "EMAIL_ADDRESS",
        0.95,
        re.compile(rf"(?<![\w.+-]){_LOCAL}(?:\s?@\s?|\sat\s){_HOST}(?![\w-])", re.IGNORECASE),
        _is_mailbox,
    ),
    _Pattern(
        "URL",
        0.7,
        re.compile(
            rf"(?<![\w@.-])(?:https?://[^\s]{{1,2000}}|(?:www\.)?(?:{_LABEL}\.){{1,6}}"
            r"(?:com|org|net|edu|gov|io|info|biz|co|uk|de|fr|nl|eu|us|ca|au|app|dev|me|tv)"
            r"(?![\w-])(?:/[^\s]{0,2000})?)",
            re.IGNORECASE,
        ),
    ),
    _Pattern(
        "IP_ADDRESS", 0.9, re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)"), _is_address
    ),
    _Pattern("IP_ADDRESS", 0.9, re.compile(r"(?<![\w:])[0-9a-fA-F:]{3,39}(?![\w:])"), _is_address),
    _Pattern("CREDIT_CARD", 0.95, re.compile(r"(?<!\w)\d(?:[ .-]{0,2}\d){12,18}(?!\w)"), _is_card),
    _Pattern(
        "PHONE_NUMBER",
        0.75,
        re.compile(r"(?<![\w.])(?:\+|\(\+?)?\d(?:[ ()./-]{0,3}\d){6,14}(?!\w)"),
        _is_phone,
    ),
)

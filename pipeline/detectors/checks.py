"""Checks that tell a well-formed number. A recognizer drops digits, so they only raise a score."""

from __future__ import annotations

import ipaddress
import re

_IBAN_LENGTHS = {
    "ad": 24, "ae": 23, "at": 20, "be": 16, "bg": 22, "ch": 21, "cy": 28, "cz": 24, "de": 22,
    "dk": 18, "ee": 20, "es": 24, "fi": 18, "fr": 27, "gb": 22, "gr": 27, "hr": 21, "hu": 28,
    "ie": 22, "il": 23, "is": 26, "it": 27, "li": 21, "lt": 20, "lu": 20, "lv": 21, "mc": 27,
    "mt": 31, "nl": 18, "no": 15, "pl": 28, "pt": 25, "ro": 24, "sa": 24, "se": 24, "si": 19,
    "sk": 24, "sm": 27, "tr": 26,
}  # fmt: skip
"""Characters of an IBAN by country (the SWIFT IBAN registry)."""


_POSTCODE = re.compile(
    r"[a-z]{1,2}[0-9][a-z0-9]?[0-9][abd-hjlnp-uw-z]{2}|[a-z][0-9][a-z][0-9][a-z][0-9]"
)


def passes_luhn(digits: str) -> bool:
    """Whether the digits are a card number by ISO/IEC 7812-1 (annex B, the Luhn check)."""
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def is_card(code: str) -> bool:
    """Whether the code has the length of a card number and passes its check."""
    return code.isdecimal() and 13 <= len(code) <= 19 and passes_luhn(code)


def is_iban(code: str) -> bool:
    """Whether the code is an IBAN by ISO 13616 (mod 97 of the rotated code is 1)."""
    if len(code) != _IBAN_LENGTHS.get(code[:2]) or not code.isalnum() or not code.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in code[4:] + code[:4])) % 97 == 1


def starts_like_iban(code: str) -> bool:
    """Whether the code begins as an IBAN does and is long enough to be (most of) one."""
    return len(code) >= 12 and code[:2] in _IBAN_LENGTHS and code[2:4].isdecimal()


def is_iban_country(letters: str) -> bool:
    """Whether IBANs begin with the letters."""
    return letters in _IBAN_LENGTHS


def is_postcode(code: str) -> bool:
    """Whether the code is a British or Canadian postcode: "eh39qn", "k1a0b1"."""
    return bool(_POSTCODE.fullmatch(code))


def is_ssn(code: str) -> bool:
    """Whether the digits are a number that the US Social Security Administration may give."""
    if len(code) != 9 or not code.isdecimal():
        return False
    return code[:3] not in ("000", "666") and code[0] != "9" and code[3:5] != "00" != code[5:]


def is_routing_number(code: str) -> bool:
    """Whether the digits are a US bank's number by the ABA's check."""
    if len(code) != 9 or not code.isdecimal():
        return False
    weights = (3, 7, 1) * 3
    return sum(int(digit) * weight for digit, weight in zip(code, weights, strict=True)) % 10 == 0


def is_internet_address(text: str) -> bool:
    """Whether the text is an address of the internet protocol, version 4 or 6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

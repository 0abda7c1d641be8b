"""Guesses pronunciations with espeak-ng, its phonemes mapped to ARPAbet."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable

SECONDS = 10.0
"""The longest that espeak-ng may take."""

_PHONES = {
    # vowels (espeak-ng's mnemonics for American English)
    "a": "AE", "aa": "AE", "a#": "AH", "A": "AA", "A:": "AA", "A@": "AA R", "0": "AA", "0#": "AH",
    "e": "EH", "E": "EH", "E2": "EH", "E#": "IH", "e@": "EH R", "eI": "EY", "3": "ER", "3:": "ER",
    "@": "AH", "@2": "AH", "@5": "AH", "@L": "AH L", "I": "IH", "I2": "IH", "I#": "IH",
    "i": "IY", "i:": "IY", "i@": "IH R", "i@3": "IH R", "aI": "AY", "aI@": "AY ER",
    "aI3": "AY ER", "aU": "AW", "aU@": "AW ER", "O": "AO", "O:": "AO", "O2": "AO", "O@": "AO R",
    "o@": "AO R", "OI": "OY", "oU": "OW", "oU#": "OW", "u": "UW", "u:": "UW", "U": "UH",
    "U@": "UH R", "V": "AH", "VR": "AH R", "IR": "IH R", "i@r": "IH R",
    # consonants
    "b": "B", "d": "D", "d#": "D", "D": "DH", "dZ": "JH", "f": "F", "g": "G", "h": "HH",
    "j": "Y", "k": "K", "l": "L", "L": "L", "m": "M", "n": "N", "N": "NG", "p": "P", "r": "R",
    "r-": "R", "s": "S", "S": "SH", "t": "T", "t#": "D", "t2": "T", "tS": "CH", "T": "TH",
    "v": "V", "w": "W", "W": "W", "x": "K", "z": "Z", "Z": "ZH", "n-": "AH N", "l-": "AH L",
    "m-": "AH M", "?": "T", "Q": "G", "C": "K",
}  # fmt: skip


def is_installed() -> bool:
    """Whether espeak-ng can be run."""
    return shutil.which("espeak-ng") is not None


def guess(wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give pronunciations; a word that espeak-ng did not answer for is left out."""
    words = list(wanted)
    if not words:
        return {}
    try:
        answer = subprocess.run(
            ["espeak-ng", "-q", "-x", "--sep=_", "-v", "en-us", "--stdin"],  # noqa: S607
            input="\n\n".join(words) + "\n",
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = [line for line in answer.splitlines() if line.strip()]
    if len(lines) != len(words):
        return {}
    guesses = {word: arpabet(line) for word, line in zip(words, lines, strict=True)}
    return {word: (phones,) for word, phones in guesses.items() if phones}


def arpabet(mnemonics: str) -> str:
    """Turn espeak-ng's mnemonics into ARPAbet: "k_,a_p_u:_tS_'i:_n_oU" to K AE P UW CH IY N OW."""
    phones: list[str] = []
    for mnemonic in re.split(r"[_\s]+", mnemonics):
        plain = mnemonic.strip("',%=|;:!") if mnemonic.strip("',%=|;") == ":" else mnemonic
        plain = plain.lstrip("',%=|").rstrip(";!|")
        if plain in _PHONES:
            phones.append(_PHONES[plain])
        elif plain[:-1] in _PHONES:
            phones.append(_PHONES[plain[:-1]])
    return " ".join(phones)

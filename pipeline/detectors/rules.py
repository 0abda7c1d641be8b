"""The rule detectors: they read a text once and find what has a spoken or written form."""

from __future__ import annotations

from collections.abc import Collection

from assistant.types import Finding, Transcript
from pipeline.detectors import (
    births,
    codes,
    handles,
    homes,
    internet,
    passwords,
    people,
    plates,
    spelling,
    streets,
)
from pipeline.detectors.births import find_births
from pipeline.detectors.codes import find_codes
from pipeline.detectors.handles import find_handles
from pipeline.detectors.homes import find_homes
from pipeline.detectors.internet import find_internet, symbols
from pipeline.detectors.languages import Language, translate
from pipeline.detectors.numbers import find_runs
from pipeline.detectors.passwords import find_passwords
from pipeline.detectors.people import find_people
from pipeline.detectors.plates import find_plates
from pipeline.detectors.reading import read
from pipeline.detectors.spelling import find_spellings
from pipeline.detectors.streets import find_streets

_RULES = (
    codes, plates, passwords, internet, handles, spelling, streets, homes, births, people,
)  # fmt: skip


class Rules:
    """Finds codes, addresses, mailboxes, links, dates of birth and passwords by rule."""

    name = "rules"
    types: Collection[str] = frozenset(kind for rules in _RULES for kind in rules.TYPES)
    cost = 0.2

    def __init__(self, language: Language = "en") -> None:
        """`language`: of what is said; what is written is the same in all of them."""
        self._language = language

    def find(self, transcript: Transcript) -> list[Finding]:
        """Every place that a rule knows; `Finding.rule` names the rule."""
        reading = translate(read(transcript.text.reveal()), self._language)
        runs = find_runs(reading)
        line = symbols(reading)
        return [
            *find_codes(reading, runs),
            *find_plates(reading, runs),
            *find_passwords(reading),
            *find_internet(reading, line),
            *find_handles(reading, line),
            *find_streets(reading, runs),
            *find_homes(reading, runs),
            *find_births(reading),
            *find_spellings(reading, runs),
            *find_people(reading),
        ]

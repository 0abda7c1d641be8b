"""Finds numbers and codes that were read out: telephone, card, account, PIN, plate, and such.

A cue ("my card number is") names what follows and lowers the bar. Without one, four or more
digits in two or more number phrases go, unless they are a year, a time, a decimal, an amount or
a measure: nobody reads out digits for fun.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.types import Finding
from pipeline.detectors import cues
from pipeline.detectors.announced import Announced, announced_by
from pipeline.detectors.checks import (
    is_card,
    is_iban,
    is_internet_address,
    is_postcode,
    is_routing_number,
    is_ssn,
    starts_like_iban,
)
from pipeline.detectors.extents import extent
from pipeline.detectors.numbers import Run
from pipeline.detectors.pieces import DIGIT, MIXED, WRITTEN
from pipeline.detectors.reading import Reading, word_set
from pipeline.detectors.shapes import (
    is_clock,
    is_counted,
    is_counting,
    is_date,
    is_frequency,
    is_plain_number,
    is_product,
    is_title,
    is_year,
)

TYPES = (
    cues.PHONE, cues.CARD, cues.EXPIRY, cues.SECRET, cues.SSN, cues.NATIONAL_ID, cues.ACCOUNT,
    cues.ROUTING, cues.IBAN, cues.DOCUMENT, cues.PLATE, cues.NETWORK, cues.ADDRESS, cues.CODE,
    cues.COORDINATES,
)  # fmt: skip

SURE, LIKELY, DENIED = 0.9, 0.8, 0.6
"""Scores: right after a cue; near one, or of a telling shape; digits without a reason."""
CHECKED = 0.98
_GOES_WITH = word_set(
    """
    and or the other one is then also plus second first new old with
    """
)
_NO_BRIDGE = word_set(
    """
    and at in on is by with from before after until till times plus minus for to or the a an
    of my your if when while please thanks thank call text send tell ask remind set turn i you
    he she it we they that this then now today tonight tomorrow
    """
)
_EXTENSIONS = word_set("extension ext x extn")
_NEAR = 3
"""Words between a number and its extension, at most: "um extension"."""
_KEYPADS = word_set("keypad authenticator atm terminal pinpad intercom entryphone")


def find_codes(reading: Reading, runs: Sequence[Run]) -> Iterator[Finding]:
    """Every run that is a code, with its type."""
    before: Run | None = None
    kind: str | None = None
    for index, run in enumerate(runs):
        after = runs[index + 1] if index + 1 < len(runs) else None
        found = _judge(reading, run, before, after)
        if found is None and kind is not None and before is not None:
            found = _inherit(reading, before, run, kind)
        phoned = kind == cues.PHONE
        kind = found[0] if found else None
        if found:
            finding = extent(reading, run, *found)
            if phoned and before is not None and _is_extension(reading, before, run):
                finding = replace(finding, start=reading.starts[before.last])
            yield finding
        before = run


def _judge(
    reading: Reading, run: Run, before: Run | None, after: Run | None
) -> tuple[str, float] | None:
    """The type and score of a run that is private."""
    announced = announced_by(reading, run, before, after)
    shaped = _shaped(reading, run)
    found = _expected(reading, run, announced) if announced is not None else None
    if found is not None or shaped is not None:
        return found or shaped
    return _keyed(reading, run) or _denied(reading, run)


def _keyed(reading: Reading, run: Run) -> tuple[str, float] | None:
    """ "enter 4471 at the keypad"."""
    near = reading.words[run.last + 1 : run.last + 4]
    return (cues.SECRET, LIKELY) if run.digits >= 4 and _KEYPADS.intersection(near) else None


def _expected(reading: Reading, run: Run, announced: Announced) -> tuple[str, float] | None:  # noqa: PLR0911  # a case, an answer
    """What a cue makes of the run."""
    cue = announced.cue
    size = run.digits + run.letters
    long = run.strong >= 6 and run.phrases >= 3
    if not run.digits and (run.letters < 3 or not announced.close or not cue.sure):
        return None
    if not long and is_counted(reading, run):
        return None
    linked = announced.close and reading.words[run.first - 1] in ("is", "number's")
    if (cue.sure and announced.close) or (linked and size >= 4):
        fewest = 2 if cue.type == cues.EXPIRY else cue.fewest
        if size >= fewest or (size >= 2 and run.phrases >= 2):
            return _type(run, cue.type), CHECKED if _is_checked(run, cue.type) else SURE
        return None
    if is_clock(run) or is_year(run) or is_plain_number(run):
        return None
    if size >= (4 if announced.close else 5) or (size >= 4 and run.phrases >= 2):
        return _type(run, cue.type), CHECKED if _is_checked(run, cue.type) else LIKELY
    return None


def _shaped(reading: Reading, run: Run) -> tuple[str, float] | None:  # noqa: PLR0911  # a case, an answer
    """What the run is by its form alone."""
    code = run.code
    if starts_like_iban(code):
        return cues.IBAN, CHECKED if is_iban(code) else LIKELY
    if run.letters:
        return (cues.ADDRESS, LIKELY) if is_postcode(code) and run.phrases <= 7 else None
    if is_card(code):
        return cues.CARD, CHECKED
    if run.corrected and code[0] == "0" and len(code) >= 10:
        return cues.PHONE, LIKELY
    if run.marks.count(".") == 3 and set(run.marks) <= {".", " "}:
        return cues.NETWORK, LIKELY
    if run.marks == "--" and [len(piece.value) for piece in run.pieces] == [3, 2, 4]:
        return cues.SSN, CHECKED if is_ssn(code) else SURE
    if len(code) >= 13 and run.phrases >= 2:
        return cues.CARD, LIKELY
    if (
        (
            run.marks
            and not (is_plain_number(run) or is_counted(reading, run))
            and 7 <= len(code) <= 15
            and run.phrases <= 6
        )
        and all(piece.kind == WRITTEN for piece in run.pieces)
        and "." not in run.marks[:1]
    ):
        return cues.PHONE, LIKELY
    return None


def _denied(reading: Reading, run: Run) -> tuple[str, float] | None:  # noqa: PLR0911  # a case, an answer
    """What goes because nobody needs it: digits read out for no reason that we know."""
    if run.letters and run.digits:
        return _denied_mixed(reading, run)
    single = run.phrases == 1 and run.pieces[0].kind == WRITTEN and run.digits >= 6
    single = single and not (run.digits == 6 and run.code.endswith("00"))
    if run.strong < 4 or (run.phrases < 2 and not single) or run.digits > 2 * run.strong:
        return None
    if run.strong < 7 and (is_clock(run) or is_year(run) or is_plain_number(run)):
        return None
    if is_date(run) or is_title(reading, run):
        return None
    if run.strong < 8 and is_counting(run):
        return None
    if is_counted(reading, run) and not (run.strong >= 7 and run.phrases >= 4):
        return None
    if run.marks.count(".") > 3:
        return None
    return _type(run, None), DENIED


def _denied_mixed(reading: Reading, run: Run) -> tuple[str, float] | None:
    if is_product(run) or is_frequency(run):
        return None
    hyphened = _is_upper(reading, run) and (
        (run.digits >= 4 and "-" in run.marks) or (run.digits >= 5 and run.phrases == 2)
    )
    mixed = hyphened or any(
        piece.kind == MIXED and len(piece.value) >= 6 and _changes(piece.value) >= 1
        for piece in run.pieces
    )
    spoken = run.phrases >= 4 and run.digits >= 2 and run.digits + run.letters >= 5
    if (mixed or spoken) and not is_counted(reading, run):
        return cues.CODE, DENIED
    return None


def _is_upper(reading: Reading, run: Run) -> bool:
    return reading.text[reading.starts[run.first] : reading.ends[run.last]].isupper()


def _changes(code: str) -> int:
    """How often letters turn to digits and back."""
    return sum(a.isdecimal() != b.isdecimal() for a, b in itertools.pairwise(code))


def _inherit(reading: Reading, before: Run, run: Run, kind: str) -> tuple[str, float] | None:
    """A second code after "and": "my pins are 1234 and 5678"."""
    between = reading.words[before.last + 1 : run.first]
    if kind == cues.PHONE and _is_extension(reading, before, run):
        return kind, LIKELY
    size = run.digits + run.letters
    same = abs(size - before.digits - before.letters) <= 1 and size >= 3
    if same and len(between) <= 4 and between and _GOES_WITH.issuperset(between):
        return None if is_counted(reading, run) else (kind, LIKELY)
    bridged = len(between) == 1 and between[0] not in _NO_BRIDGE and before.phrases >= 3
    if bridged and run.phrases >= 2 and all(p.kind == DIGIT for p in run.pieces[:2]):
        return kind, DENIED
    return None


def _is_extension(reading: Reading, before: Run, run: Run) -> bool:
    """Whether the run goes with a telephone number: "... extension forty"."""
    if not 1 <= run.first - before.last - 1 <= _NEAR:
        return False
    return reading.words[run.first - 1] in _EXTENSIONS


def _type(run: Run, announced: str | None) -> str:  # noqa: PLR0911  # a case, an answer
    """The type by cue, corrected where the form says otherwise."""
    code = run.code
    if starts_like_iban(code):
        return cues.IBAN
    if announced == cues.PHONE and len(code) == 13 and not is_card(code):
        return cues.PHONE
    if announced in (cues.PHONE, None, cues.CODE) and 13 <= len(code) <= 19 and not run.letters:
        return cues.CARD
    if announced == cues.SECRET and 13 <= len(code) <= 19 and is_card(code):
        return cues.CARD
    if announced is not None:
        return announced
    if run.letters:
        return cues.CODE
    return cues.PHONE if 7 <= len(code) <= 12 else cues.CODE


def _is_checked(run: Run, kind: str) -> bool:
    code = run.code
    if kind == cues.NETWORK:
        return is_internet_address(".".join(piece.value for piece in run.pieces))
    check = {cues.CARD: is_card, cues.IBAN: is_iban, cues.SSN: is_ssn}.get(kind)
    return bool(check and check(code)) or (kind == cues.ROUTING and is_routing_number(code))

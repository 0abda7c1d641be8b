"""Tells how far what the names model found goes: the words at its edges that are a part of it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.detectors.context import DATES
from pipeline.detectors.number_words import CORRECTING, SCALES, TEENS, TENS, UNITS, ZEROS
from pipeline.detectors.words import Token

_HONORIFICS = frozenset("mr mrs ms mx miss mister misses missus".split())
_FIGURES = frozenset((*UNITS, *ZEROS, *TEENS, *TENS, *SCALES, "point"))
_AMOUNTS = _FIGURES | {"half", "a"}
_JOINTS = frozenset(("and", "over"))
_DOSES = frozenset(
    """mg mgs milligram milligrams mcg microgram micrograms gram grams g ml mls millilitres
    milliliters unit units mils""".split()
)
_TELLING = frozenset("call text tell ask message email phone ring remind invite thank warn".split())
_SAYING = frozenset("that to saying if whether about".split())
"""What follows somebody's name when they are told something."""
_NO_PARTS = frozenset(
    """a an the my our your his her their its this that these those i you he she it we they me him
    us them and or but if so to of in on at by from with for about as not no yes please just all
    both every any some um uh er ah like well now then again back here there up down off out over
    today tonight tomorrow soon later asap quickly politely kindly nicely also too only saying
    whether when where who why how what is are was were will would can could has have had do does
    did be been said says say don't can't won't i'm i'll i've we're you're he's she's it's that's
    message messages email emails text texts call note mail number voicemail
    mom mum mummy mommy dad daddy mother father brother sister son daughter wife husband partner
    boyfriend girlfriend uncle aunt auntie aunty cousin nephew niece grandma grandpa gran granny
    grandad granddad nan nana papa mama friend boss neighbour neighbor baby little big old young
    dear poor mr mrs ms mx miss mister missus doctor dr professor nurse coach captain sergeant
    officer father reverend pastor rabbi imam sir lady lord king queen prince princess""".split()
)
_MOST = 8
"""Words that an edge is moved by, at most."""
_AT = frozenset("at to in from outside by near".split())
_BEFORE_HOMES = frozenset("the old new little great upper lower".split())
"""Words that the names of homes begin with: "the Old Forge"."""


def widened(
    text: str, words: Sequence[Token], label: str, first: int, last: int
) -> tuple[int, int]:
    """The first and last word of a stretch with what belongs to it."""
    if label == "PERSON":
        first, last = _addressed(words, first, last)
        if first and words[first - 1].key in _HONORIFICS:
            first -= 1  # "mrs ada" is one name
    if label == "MEDICAL":
        last = _dosed(words, _read_out(words, last))  # and its dose with a medicine
    if label == "ADDRESS":
        first = _numbered(words, first)
    if label != "MEDICAL" and "," in text[words[first].start : words[last].end]:
        first = _home(words, first)
    return first, last


def _addressed(words: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """A name after "tell" with the word beside it that must be a part: "text see mass that ...".

    Recognizers write words that they know for a name that they do not; what stands between
    "text" and "that" is somebody.
    """
    if first > 1 and words[first - 2].key in _TELLING and _is_part(words[first - 1]):
        return first - 1, last
    if (
        first
        and words[first - 1].key in _TELLING
        and last + 2 < len(words)
        and words[last + 2].key in _SAYING
        and _is_part(words[last + 1])
    ):
        return first, last + 1
    return first, last


def _is_part(word: Token) -> bool:
    return not word.is_possessive and word.key not in _NO_PARTS | DATES


def _dosed(words: Sequence[Token], last: int) -> int:
    """The last word of the dose behind a medicine: "2.5 milligrams", "no six hundred"."""
    index = last + 1
    while index < len(words) and words[index].key in CORRECTING:
        index += 1
    corrected = index > last + 1
    first = index
    while index < len(words) and (words[index].key in _AMOUNTS or words[index].key.isdecimal()):
        index += 1
    numbered = index > first or words[last].key.isdecimal() or words[last].key in _AMOUNTS
    if numbered and index < len(words) and words[index].key in _DOSES:
        return index
    return index - 1 if corrected and index > first else last


def _read_out(words: Sequence[Token], last: int) -> int:
    """The last word of the figure that a stretch ends in: "three hundred | and ten"."""
    for _ in range(_MOST):
        if not _is_figure(words[last]):
            break
        after = last + 1
        if after + 1 < len(words) and words[after].key in _JOINTS:
            after += 1
        if after >= len(words) or not _is_figure(words[after]):
            break
        last = after
    return last


def _numbered(words: Sequence[Token], first: int) -> int:
    """Where the number of a house begins that a stretch begins inside of: "one oh | six"."""
    for _ in range(_MOST):
        first -= first > 0 and _is_figure(words[first]) and _is_figure(words[first - 1])
    return first


def _is_figure(word: Token) -> bool:
    return word.key in _FIGURES or word.key.isdecimal()


def _home(words: Sequence[Token], first: int) -> int:
    """Where the name of a home begins: "at | The Smithy, Glen Orrin"."""
    at = first
    for _ in range(_MOST):
        at -= at > 0 and words[at - 1].key in _BEFORE_HOMES
    return at if at and words[at - 1].key in _AT else first

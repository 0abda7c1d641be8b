"""Finds people by the place that a sentence has for them, whatever the recognizer made of the name.

"put sir ran down as my emergency contact", "a man called zbigniew", "spelled like the month may".
"""

from __future__ import annotations

from collections.abc import Iterator

from assistant.types import Finding
from pipeline.detectors.number_words import FILLERS
from pipeline.detectors.reading import Reading, word_set

TYPES = ("PERSON",)
NAME = "people"
SCORE = 0.6
_LONGEST = 3
"""Words of a name, at most."""


def find_people(reading: Reading) -> Iterator[Finding]:
    """Everybody who was named, appointed or spelled."""
    for index in range(len(reading)):
        for first, last in (*_called(reading, index), *_trusted(reading, index)):
            yield Finding(reading.starts[first], reading.ends[last], "PERSON", SCORE, "rules", NAME)


def _called(reading: Reading, index: int) -> Iterator[tuple[int, int]]:
    """ "the new neighbours are called the papadakises", "it's spelled like the month may"."""
    words = reading.words
    if words[index] in ("called", "named"):
        near = words[max(0, index - 5) : index]
        if _PEOPLE.isdisjoint(near) or not _NO_PEOPLE.isdisjoint(near):
            return
        yield from _name(reading, index + 1 + (words[index + 1 : index + 2] == ["the"]))
    is_like = words[index] in _SPELLED and reading.has(index + 1, _LIKE)
    if is_like and index + 4 < len(words) and words[index + 3] in _THINGS:
        yield index + 4, index + 4


def _trusted(reading: Reading, index: int) -> Iterator[tuple[int, int]]:
    """ "put sir ran down as the emergency contact", "my next of kin is sir ran"."""
    words = reading.words
    size = next((len(role) for role in _ROLES if reading.has(index, role)), 0)
    if not size:
        return
    after = index + size
    if words[after : after + 1] in (["is"], ["was"], ["will"], ["should"]):
        after += 1 + (words[after + 1 : after + 2] == ["be"])
        yield from _name(reading, after)
    last = index - 1 - (index > 0 and words[index - 1] in _ARTICLES)
    if last < 1 or words[last] != "as":
        return
    last -= 1 + (words[last - 1] == "down")
    for verb in range(last - 1, max(-1, last - _LONGEST - 2), -1):
        first = verb + 1 + (words[verb + 1] == "down")
        if words[verb] in _APPOINTS:
            if first <= last and words[first] not in _NO_NAMES:
                yield first, last
            return


def _name(reading: Reading, first: int) -> Iterator[tuple[int, int]]:
    """The name that begins at word `first`: to the end of the clause or to a word that is none."""
    last = first
    while last < len(reading) and last - first < _LONGEST:
        if reading.words[last] in _NO_NAMES | FILLERS:
            break
        last += 1
        if reading.gap(last - 1) != " ":
            break
    if last > first:
        yield first, last - 1


_SPELLED = word_set("spelled spelt written")
_LIKE = ("like", "the")
_ARTICLES = word_set("the my our an a his her their")
_NO_PEOPLE = word_set("what what's whatever play watch listen read song film movie book show")
_APPOINTS = word_set("put list name register nominate add give have write down set record")
_PEOPLE = word_set(
    """
    man woman guy bloke chap lad girl boy lady gentleman kid child baby twins person someone
    somebody neighbour neighbours neighbor neighbors tenant tenants lodger lodgers landlord
    landlady landlords family couple nurse midwife teacher driver plumber builder electrician
    gardener cleaner nanny babysitter colleague boss manager trainee intern boyfriend girlfriend
    husband wife son daughter brother sister cousin uncle aunt nephew niece grandson
    granddaughter stepdad stepmum kitten puppy
    """
)
_THINGS = word_set(
    "month flower colour color season bird stone city tree actor actress singer river herb day"
)
_ROLES = (
    ("emergency", "contact"), ("next", "of", "kin"), ("guarantor",), ("beneficiary",),
    ("plus", "one"), ("named", "driver"), ("second", "driver"), ("executor",), ("referee",),
    ("godmother",), ("godfather",), ("key", "holder"), ("keyholder",), ("best", "man"),
    ("legal", "guardian"), ("power", "of", "attorney"), ("proxy",), ("co", "signer"),
)  # fmt: skip
_NO_NAMES = word_set(
    """
    i me you he him she her it we us they them my your his their our its this that these those
    the a an and or but so if when where who what why how is are was were be been has have had
    do does did to of in on at by for from with as about after before not no yes please thanks
    mom mum dad mother father wife husband sister brother son daughter partner boss friend
    everyone nobody somebody someone yet again now then here there up down out off very too
    listed missing required still down wrong right correct same late early ill sick ready coming
    going dead busy drunk nervous home back away speech ideas speaking waiting calling outside
    """
)

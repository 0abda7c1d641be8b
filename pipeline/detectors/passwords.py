"""Finds passwords, code words and the turns of a safe's dial that were said as words."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.types import Finding
from pipeline.detectors.number_words import (
    CORRECTING,
    FILLERS,
    TEENS,
    TENS,
    UNITS,
    ZEROS,
)
from pipeline.detectors.reading import Reading, word_set

TYPES = ("SECRET",)
NAME = "passwords"
SCORE = 0.85
_LONGEST = 24
"""Words of a password, at most: it may be spelled."""
_REACH = 8
"""Words between "password" and "is", at most."""
_CUES = word_set(
    """
    password passwords passphrase passcode passkey pass-phrase codeword safeword pin
    password's passcode's passphrase's
    """
)
_KINDS = word_set("seed word words code codes phrase key answer name combination")
_SECRETS = {
    "word": "pass safe code secret magic pick pickup",
    "phrase": "pass seed recovery secret backup security",
    "code": """pass access door gate alarm security entry wifi fi wi-fi pickup pick garage unlock
        secret school safe recovery backup key""",
    "key": "network wifi fi wi-fi recovery encryption security backup wpa",
    "answer": "security secret recovery question",
    "name": "maiden",
    "seed": "crypto wallet recovery bitcoin",
    "words": "seed recovery backup",
}
_PAIRS = frozenset(
    (first, second) for second, firsts in _SECRETS.items() for first in firsts.split()
)
_SAYS = word_set("starts is are was be it's that's equals")
_SETS = word_set("set change make update changed reset")
_ENDS_SEARCH = word_set("and but or so if when because please thanks")
_ASKS = word_set(
    """
    what what's forgot forget where who whose which find guess need wants
    """
)
_NOT_PASSWORDS = word_set(
    """
    wrong incorrect correct right expired invalid missing required needed not what in on at
    for too so very already still really being been going about same different weak strong
    safe secure long short bad good saved stored written protected hard easy and or but if
    when where how who please thanks thank manager reset to of with from by change changed
    locked unknown was is are it your their his her be should could can does do did you we
    they he she that this there here now anymore never always working out up again because
    hint protection field prompt box screen forgotten lost sent blank empty case sensitive me
    gone known shared used fine public broken down only also just supposed under taped stuck
    next one kept somewhere
    """
)
_NO_NOUNS = word_set(
    """
    same problem one issue only most wrong right correct name best first reason thing way last
    """
)
_ARTICLES = word_set("the a an my our i all")
_STOPS = word_set(
    """
    please thanks thank but because if when then ok okay bye don't can could would so
    """
)
_CLAUSES = word_set(
    """
    the my it i tell send then email call text you he she we they his her that this please can
    is save put add write remember also don't make turn set lock it's a
    """
)
_DIALS = word_set("safe combination combo locker padlock lock")
_TURNS = word_set(
    """
    the turn turns left right clockwise counterclockwise anticlockwise to then past and
    """
)
_NUMBERS = frozenset((*UNITS, *ZEROS, *TEENS, *TENS))
_OPENS = _SAYS | FILLERS | _DIALS | word_set("open opens with at on by code")
_TURNED = _TURNS | _NUMBERS | FILLERS | CORRECTING


def find_passwords(reading: Reading) -> Iterator[Finding]:
    """What stands after "my password is", to the end of the clause."""
    index = 0
    while index < len(reading):
        first = end = -1
        if _is_cue(reading, index):
            first, said = _begin(reading, index)
            end = _end(reading, first, said)
        elif reading.words[index] in _DIALS:
            first, end = _dialled(reading, index)
        elif _is_sign(reading, index):
            first, end = _signed(reading, index)
        if end > first >= 0:
            yield Finding(
                reading.starts[first], _with_signs(reading, end - 1), "SECRET", SCORE, "rules", NAME
            )
            index = end
        else:
            index += 1


def _is_cue(reading: Reading, index: int) -> bool:
    words = reading.words
    word = words[index].removesuffix("'s")
    if word in _CUES:
        return True
    return word in _KINDS and index > 0 and (words[index - 1], word) in _PAIRS


def _begin(reading: Reading, cue: int) -> tuple[int, bool]:
    """The word after the cue where the password begins, and whether it was announced."""
    words = reading.words
    asked = not _ASKS.isdisjoint(words[max(0, cue - 5) : cue])
    if words[cue].endswith("'s"):
        return cue + 1, True
    for index in range(cue + 1, min(len(words), cue + 1 + _REACH)):
        if any(sign in reading.gap(index - 1) for sign in ':="'):
            return index, True
        if reading.ends_sentence(index - 1) or words[index] in _ENDS_SEARCH:
            break
        is_set = words[index] == "to" and not _SETS.isdisjoint(words[max(0, cue - 6) : cue])
        if (words[index] in _SAYS and not asked) or is_set:
            while index + 1 < len(words) and words[index + 1] in FILLERS | _SAYS | {"with"}:
                index += 1  # noqa: PLW2901  # "is um it's"
            return index + 1, True
    return cue + 1, False


def _end(reading: Reading, first: int, said: bool) -> int:
    """The word after the password that begins at word `first`; `first` itself where none does."""
    words = reading.words
    if first >= len(words) or (words[first] in _NOT_PASSWORDS and not _is_alone(reading, first)):
        return first
    if words[first] in _ARTICLES and (not said or set(words[first + 1 : first + 2]) <= _NO_NOUNS):
        return first
    if not said and not _says_something(reading, first):
        return first
    index = first
    while index < len(words) and index - first < _LONGEST:
        if index > first and _is_over(words, index):
            break
        index += 1
        if reading.ends_sentence(index - 1) or "," in reading.gap(index - 1):
            break
    return index


def _is_alone(reading: Reading, index: int) -> bool:
    """Whether the word is spelled on: "a b c", "i l o v e"."""
    return index + 1 < len(reading) and len(reading.words[index + 1]) == 1


def _is_over(words: list[str], index: int) -> bool:
    """Whether a password ends before the word: "and tell her", not "and pepper"."""
    if words[index] == "and":
        return index + 1 >= len(words) or words[index + 1] in _CLAUSES
    return words[index] in _STOPS


def _says_something(reading: Reading, first: int) -> bool:
    """Whether the words right after "my password" look like one: no question, no request."""
    before = reading.words[max(0, first - 6) : first]
    if not _ASKS.isdisjoint(before) or not _SETS.isdisjoint(before):
        return False
    return "my" in before or any(map(str.isdecimal, reading.words[first]))


def _dialled(reading: Reading, index: int) -> tuple[int, int]:
    """ "the safe is left twelve right thirty four left eight"."""
    words = reading.words
    first = index + 1
    while first < len(words) and first - index < 5 and words[first] in _OPENS:
        first += 1
    end, turned = first, False
    while end < len(words) and (words[end] in _TURNED or words[end].isdecimal()):
        turned |= words[end] in ("left", "right", "clockwise", "counterclockwise", "to")
        end += 1
    numbers = sum(word in _NUMBERS or word.isdecimal() for word in words[first:end])
    return (first, end) if first > index + 1 and turned and numbers >= 2 else (-1, -1)


def _is_sign(reading: Reading, index: int) -> bool:
    """Whether a sign or a capital is said: "capital p", "at sign", "hash"."""
    following = reading.words[index + 1 : index + 2]
    word = reading.words[index]
    if word in ("capital", "uppercase", "caps", "case"):
        return bool(following) and len(following[0]) == 1
    return word in _SIGNS or (word in _SIGNED and bool(following) and following[0] in _MARKS)


def _signed(reading: Reading, sign: int) -> tuple[int, int]:
    """ "for the router it's admin and then sunny capital b biscuit": signs that are typed in."""
    words = reading.words
    for cue in range(sign - 1, max(-1, sign - _SIGN_REACH), -1):
        if reading.ends_sentence(cue):
            break
        if words[cue].removesuffix("'s") in _DEVICES:
            first = cue + 1
            while first < sign and words[first] in _OPENS_SIGNED:
                first += 1
            end = _end(reading, first, said=True)
            return (first, end) if end > sign else (-1, -1)
    return -1, -1


_SIGN_REACH = 14
"""Words between what a password is for and the first sign in it, at most."""
_SIGNS = word_set("hash hashtag asterisk ampersand")
_SIGNED = word_set("at dollar exclamation percent pound plus equals")
_MARKS = word_set("sign mark point")
_DEVICES = word_set(
    """
    router modem wifi wi-fi fi admin login log-in camera laptop netflix server guest network printer
    tablet hotspot nas portal
    """
)
"""What somebody logs in to, and as whom."""
_OPENS_SIGNED = FILLERS | word_set(
    """
    it's is the use type put in and then with as for you need enter log a that's was to
    """
)


def _with_signs(reading: Reading, last: int) -> int:
    """The end of the word and of the signs that are glued to it: "hunter2!"."""
    end = reading.ends[last]
    for sign in reading.gap(last):
        if sign.isspace() or sign in ".,;\"'?":
            break
        end += 1
    return end

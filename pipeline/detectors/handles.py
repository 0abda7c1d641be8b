"""Finds account names: "my username is jane dot d", "at jane underscore d on instagram"."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.types import Finding
from pipeline.detectors.internet import Symbols
from pipeline.detectors.internet_words import (
    HANDLE_STOPS,
    LOCAL_STOPS,
    NETWORKS,
    NO_HANDLES,
)
from pipeline.detectors.reading import Reading, word_set

TYPES = ("USERNAME",)
NAME = "handles"
_JOINTS = frozenset("._-+")
_LONGEST = 14
_SAYS = word_set("is it's : = as are")
_SURE = word_set(
    """
    username usernames handle handles screenname gamertag nickname user-name userid login
    finsta
    """
)
_PAIRS = frozenset(
    (("user", "name"), ("screen", "name"), ("gamer", "tag"), ("user", "id"), ("cash", "tag"),
     ("login", "name"), ("account", "name"), ("cash", "app"), ("log", "in"), ("display", "name"))
)  # fmt: skip
_LINKS = word_set(
    """
    my his her their our on for the account name handle username id tag called named user page
    profile new old is's instagram twitter tiktok snapchat discord reddit github xbox steam
    gaming to at number there here
    """
)
_PLACEHOLDERS = word_set(
    """
    person number card address url code location organization medical secret username expiry
    ssn doc plate birth account id age amount time nrp coordinates private
    """
)
"""The last words of the names of types."""
_PAGES = word_set("channel stream page account profile podcast blog vlog feed")
_OWNERS = word_set("my his her our their kick")
_NAMED = (["called"], ["named"])
_VERBS = word_set(
    """
    follow add find message dm me tag i'm am reach mention us him her them tweet
    """
)


def find_handles(reading: Reading, line: Symbols) -> Iterator[Finding]:
    """Every account name."""
    said, done, index = line.said, 0, 0
    while index < len(said):
        place = _look(said, index, done)
        if place is not None:
            first, done = place
            start, end = reading.starts[line.words[first]], reading.ends[line.words[done - 1]]
            yield Finding(start, end, "USERNAME", 0.85, "rules", NAME)
        index = max(index + 1, done)


def _look(said: list[str], index: int, done: int) -> tuple[int, int] | None:
    symbol = said[index].removesuffix("'s")
    if symbol == "_":
        return _joined(said, index, done)
    if symbol in _SURE or (symbol in NETWORKS):
        return _announced(said, index + 1, sure=symbol in _SURE)
    if index and (said[index - 1], symbol) in _PAIRS:
        return _announced(said, index + 1, sure=True)
    if symbol in _PAGES:
        return _titled(said, index)
    if symbol == "on" and index + 1 < len(said) and said[index + 1] in NETWORKS:
        return _before_network(said, index) or _after_network(said, index + 2)
    return None


def _joined(said: list[str], index: int, done: int) -> tuple[int, int] | None:
    """What an underscore holds together; a placeholder ("PERSON_1") is none of somebody's."""
    numbered = index + 1 < len(said) and said[index + 1].isdecimal()
    if numbered and index and said[index - 1] in _PLACEHOLDERS:
        return None
    first = index
    while first > done and index - first < _LONGEST:
        symbol = said[first - 1]
        held = said[first] in _JOINTS
        if symbol in ",@/:" or (not held and (symbol in LOCAL_STOPS or symbol in HANDLE_STOPS)):
            break
        if not held and len(symbol) > 1 and index - first >= 3:
            break
        first -= 1
    end = _end(said, index + 1)
    return (first, end) if first < index and end > index + 1 else None


def _announced(said: list[str], index: int, *, sure: bool) -> tuple[int, int] | None:
    """What follows "my username is"."""
    linked = said[index - 1].endswith("'s")
    start = index
    while index < len(said) and index - start < 6:
        symbol = said[index]
        if symbol in _SAYS:
            linked = True
            index += 1
            break
        if symbol in (",", "@"):
            linked |= symbol == "@"
            if symbol == ",":
                return None
        elif symbol not in _LINKS:
            break
        index += 1
    if index < len(said) and said[index] in (":", "at", "@") and linked:
        index += 1
    if index >= len(said) or (said[index] in LOCAL_STOPS and not linked):
        return None
    if said[index] in NO_HANDLES and not (len(said[index]) == 1 and index + 1 < len(said)):
        return None
    if not linked and not (sure and _looks_made_up(said, index)):
        return None
    if not sure and not (linked and _was_named(said, start)):
        return None
    end = _end(said, index)
    return (index, end) if end > index else None


def _titled(said: list[str], page: int) -> tuple[int, int] | None:
    """ "my twitch channel's called grumpy gardening grandad"."""
    near = {*said[max(0, page - 4) : page], *NETWORKS.intersection(said[page : page + 9])}
    index = page + 1 + (said[page + 1 : page + 2] in (["is"], ["was"]))
    if near.isdisjoint(_OWNERS | NETWORKS) or said[index : index + 1] not in _NAMED:
        return None
    if index + 1 >= len(said) or said[index + 1] in NO_HANDLES - {"the", "a", "my"}:
        return None
    end = _end(said, index + 1, held=3)
    return (index + 1, end) if end > index + 1 else None


def _was_named(said: list[str], start: int) -> bool:
    """ "my instagram is ..." names an account, "instagram is down" does not."""
    near = said[max(0, start - 4) : start + 2]
    return not {"my", "his", "her", "handle", "username", "name", "their", "our"}.isdisjoint(near)


def _looks_made_up(said: list[str], index: int) -> bool:
    following = said[index : index + 4]
    return any(s in _JOINTS or any(map(str.isdecimal, s)) for s in following)


def _before_network(said: list[str], on: int) -> tuple[int, int] | None:
    """ "follow jane dot d at on instagram", "at jane doe on twitter"."""
    first = on
    while first > 0 and on - first < 6:
        symbol = said[first - 1]
        if symbol in ("at", "@", "as"):
            before = said[max(0, first - 3) : first - 1]
            named = not _VERBS.isdisjoint(before) or first == 1
            return (first, on) if named and on > first else None
        if symbol in ",/:" or (symbol in LOCAL_STOPS and said[first : first + 1] != ["."]):
            return None
        first -= 1
    return None


def _after_network(said: list[str], index: int) -> tuple[int, int] | None:
    """ "find me on tiktok at knit with kemal"."""
    if _VERBS.isdisjoint(said[max(0, index - 4) : index - 2]):
        return None
    named = said[index : index + 1] in (["it's"], ["i'm"])
    index += named
    if index + 1 >= len(said) or said[index] not in ("at", "@", "as", "under"):
        return None
    if said[index + 1] in NO_HANDLES and not (named and said[index + 1] == "the"):
        return None
    return index + 1, _end(said, index + 1, held=3)


def _end(said: list[str], index: int, held: int = 0) -> int:
    """The symbol after the account name that begins at `index`; `held` symbols end nothing."""
    after, plain = index, 0
    while after < len(said) and after - index < _LONGEST:
        symbol = said[after]
        joined = after > index and said[after - 1] in _JOINTS
        ends = symbol in HANDLE_STOPS and not joined and after - index >= max(held, 1)
        if symbol in ",@/:" or ends:
            break
        plain = 0 if symbol in _JOINTS else plain + (len(symbol) > 1)
        after += 1
    while after > index and said[after - 1] in _JOINTS:
        after -= 1
    return after

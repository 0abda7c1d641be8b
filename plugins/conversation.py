"""What an answer to a skill's question means: one of those it expects, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.answers import yes_or_no

_NEVER_MIND = frozenset(
    "cancel|never mind|nevermind|stop|forget it|leave it|nothing|none|neither".split("|")
)
_FILLING = frozenset("um uh er erm hm well oh okay ok please the a an my i'd like to".split())
_NOT = frozenset("not don't no neither except without".split())
"""Words after which an expected answer is not meant."""
_WORD = re.compile(r"[\w']+")


def answer(text: str, expect: Sequence[str] = ()) -> str | None:
    """Give the one of `expect` that `text` is, or the text where none is expected; None: neither.

    `text` is redacted. Small words don't count, nor do the words around an expected answer, as
    long as it is the only one: "the blue one, please" is "blue" among "red" and "blue".
    """
    said = _words(text)
    if not said or (" ".join(said) in _NEVER_MIND and not _exact(said, expect)):
        return None
    if not expect:
        return text.strip()
    if (exact := _exact(said, expect)) is not None:
        return exact
    if {"yes", "no"} <= {option.casefold() for option in expect}:
        decided = yes_or_no(text)
        wanted = {True: "yes", False: "no"}.get(bool(decided)) if decided is not None else None
        return next((option for option in expect if option.casefold() == wanted), None)
    if not _NOT.isdisjoint(said):
        return None
    inside = [option for option in expect if _within(_words(option), said)]
    return inside[0] if len(inside) == 1 else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def _exact(said: Sequence[str], expect: Sequence[str]) -> str | None:
    """The expected answer with the same words, small ones left out."""
    for option in expect:
        words = _words(option)
        if words == said or (_essential(words) and _essential(words) == _essential(said)):
            return option
    return None


def _essential(words: Sequence[str]) -> list[str]:
    return [word for word in words if word not in _FILLING]


def _within(option: Sequence[str], said: Sequence[str]) -> bool:
    size = len(option)
    return size > 0 and any(
        list(said[place : place + size]) == list(option) for place in range(len(said) - size + 1)
    )

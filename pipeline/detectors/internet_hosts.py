"""Tells how far the name of a host goes: "gmail dot com", "jane dash doe dot co dot uk"."""

from __future__ import annotations

from pipeline.detectors.internet_words import ENDINGS, PROVIDERS, SPELLED_PROVIDERS
from pipeline.detectors.reading import word_set

_PARTS = frozenset(',;?!()\n"')
_LONGEST = 24
"""Symbols of a host, at most."""
_PLAIN = 4
"""Words of one of its labels, at most."""
_NO_LABELS = word_set("at is the @ / please to go open visit on for my then")


def host_end(said: list[str], index: int, *, bare: bool) -> int:  # noqa: PLR0912  # a symbol, a branch
    """The symbol after the host that begins at symbol `index`, or -1; `bare`: "gmail" will do."""
    known = _provider(said, index)
    end, label = -1, 0
    after = index
    while after < min(len(said), index + _LONGEST):
        symbol = said[after]
        if symbol == ".":
            ending = _ending(said, after + 1) if label else -1
            if ending > 0:
                end = ending
                if ending >= len(said) or said[ending] != ".":
                    return end
                after, label = ending, 1
                continue
            if end > 0:
                return end
            label = 0
        elif symbol in ("-", "_"):
            label = max(label - 1, 0)
        elif symbol in _PARTS or (symbol in _NO_LABELS and (symbol, after) != ("the", index)):
            break
        elif symbol == "and":
            if label == 0:
                break
        elif len(symbol) > 1:
            label += 1
            if label > _PLAIN:
                break
        else:
            label = max(label, 1)
        after += 1
    if end > 0:
        return end
    return known if bare else -1


def _provider(said: list[str], index: int) -> int:
    """The symbol after a mail provider's name, or -1."""
    if index < len(said) and said[index] in PROVIDERS:
        return index + 1
    for name in SPELLED_PROVIDERS:
        if tuple(said[index : index + len(name)]) == name:
            return index + len(name)
    return -1


def _ending(said: list[str], index: int) -> int:
    """The symbol after the ending ("com", "c o m", "d e") that begins at `index`, or -1."""
    letters = index
    while letters < len(said) and letters < index + 4 and _is_letter(said[letters]):
        letters += 1
    if 2 <= letters - index <= 3:
        return letters
    if index < len(said) and said[index] in ENDINGS:
        return index + 1
    return -1


def _is_letter(symbol: str) -> bool:
    return len(symbol) == 1 and symbol.isalpha()

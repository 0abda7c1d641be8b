"""The grammar of a spoken PIN: four to twelve digits, in the words that `pipeline.digits` reads."""

from __future__ import annotations

from pathlib import Path

from pipeline.digits import LONGEST, SHORTEST, TEENS, TENS, TIMES, UNITS
from pipeline.grammar import espeak, letters
from pipeline.grammar.automaton import Automaton, Network, determinise
from pipeline.grammar.grammar import Grammar
from pipeline.grammar.pronounce import pronounce

_ZEROS = ("zero", "oh")
_NUMBER = 0.1
"""How often a number of two digits is said where a digit may be."""
_TIMES = 0.05
"""The same for "double"."""
_ENDS = 0.3
"""How often it ends after each digit from the fourth on."""
_EACH_WORD = 0.01
"""Without it short words ("oh", "eight") are heard between the others."""


def digits_grammar(dictionary: Path) -> Grammar:
    """The grammar, with pronunciations from a file in the format of the CMU dictionary."""
    automaton = _automaton()
    words = {word for row in automaton.arcs for word, _, _ in row}
    guess = espeak.guess if espeak.is_installed() else letters.guess
    pronunciations, guessed = pronounce(words, dictionary, guess)
    return Grammar(automaton, pronunciations, guessed, each_word=_EACH_WORD)


def _automaton() -> Automaton:
    network = Network()
    after = [network.state() for _ in range(LONGEST + 1)]
    """By how many digits were said."""
    end = network.state()
    for count, state in enumerate(after[:-1]):
        if count >= SHORTEST:
            network.arc(state, "", end, _ENDS)
        _digit(network, state, after[count + 1], 1.0 - _NUMBER - 2 * _TIMES)
        if count + 2 <= LONGEST:
            _number(network, state, after[count + 2])
        for word, times in TIMES.items():
            if count + times <= LONGEST:
                repeated = network.state()
                network.arc(state, word, repeated, _TIMES)
                _digit(network, repeated, after[count + times], 1.0)
    network.arc(after[LONGEST], "", end)
    return determinise(network, after[0], end)


def _digit(network: Network, start: int, end: int, share: float) -> None:
    """One of ten digits; zero goes by two names."""
    for word in UNITS:
        if word != "zero":
            network.arc(start, word, end, share / len(UNITS))
    for word in _ZEROS:
        network.arc(start, word, end, share / len(UNITS) / len(_ZEROS))


def _number(network: Network, start: int, end: int) -> None:
    """A number of two digits: "twelve", "thirty", "thirty four"."""
    each = _NUMBER / (len(TEENS) + 10 * len(TENS))
    for word in TEENS:
        network.arc(start, word, end, each)
    for word in TENS:
        tens = network.state()
        network.arc(start, word, end, each)
        network.arc(start, word, tens, 9 * each)
        for unit in UNITS:
            if unit != "zero":
                network.arc(tens, unit, end, 1.0 / 9)

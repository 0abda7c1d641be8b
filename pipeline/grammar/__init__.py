"""From sentence templates and the user's things to a grammar that can be recognised."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.grammar import espeak, letters
from pipeline.grammar.compile import Source, automaton_of
from pipeline.grammar.grammar import Grammar, Reader, Reading, fingerprint, load, save
from pipeline.grammar.pronounce import pronounce

__all__ = ["Grammar", "Reader", "Reading", "Source", "compile_grammar"]

log = logging.getLogger(__name__)


def compile_grammar(
    sources: Sequence[Source],
    lists: Mapping[str, Any],
    dictionary: Path,
    wake: Sequence[str] = (),
    cache: Path | None = None,
) -> Grammar:
    """Compile sentences, or read what a compile of the same inputs left in `cache`.

    `sources` are dictionaries in hassil's format; `lists` (name, area, floor) likewise, see
    `pipeline.grammar.compile`. `dictionary` is a file in the format of the CMU dictionary.
    `wake` are wake phrases, whose end may be heard before a sentence. Raises SentencesError
    with the sentence that is broken.
    """
    name = fingerprint(sources, lists, wake, dictionary.stat().st_size, espeak.is_installed())
    path = cache / f"grammar-{name}.json" if cache is not None else None
    known = load(path) if path is not None else None
    if known is not None:
        return known
    grammar = _compile(sources, lists, dictionary, wake)
    if path is not None:
        _keep(grammar, path)
    return grammar


def _compile(
    sources: Sequence[Source], lists: Mapping[str, Any], dictionary: Path, wake: Sequence[str]
) -> Grammar:
    automaton = automaton_of(sources, lists)
    words = {word for leaving in automaton.arcs for word, _, _ in leaving}
    phrases = {phrase: phrase.replace("_", " ").split() for phrase in wake}
    words_of_wake = {word for phrase in phrases.values() for word in phrase}
    guess = espeak.guess if espeak.is_installed() else letters.guess
    pronunciations, guessed = pronounce(words | words_of_wake, dictionary, guess)
    _warn(guessed)
    heard = tuple(
        " ".join(pronunciations[word][0] for word in phrase)
        for phrase in phrases.values()
        if all(word in pronunciations for word in phrase)
    )
    return Grammar(
        automaton, {w: p for w, p in pronunciations.items() if w in words}, guessed, heard
    )


def _warn(guessed: Sequence[str]) -> None:
    if guessed and not espeak.is_installed():
        log.warning(
            "%d words are not in the dictionary and are guessed from their letters; "
            "install espeak-ng for better guesses: %s",
            len(guessed),
            ", ".join(guessed[:8]),
        )


def _keep(grammar: Grammar, path: Path) -> None:
    try:
        save(grammar, path)
        for old in path.parent.glob("grammar-*.json"):
            if old != path:
                old.unlink()
    except OSError as error:
        log.warning("the compiled grammar is not kept: %s", error.strerror)

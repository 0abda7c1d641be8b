"""From sentence templates and the user's things to a grammar that can be recognised."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import SentencesError
from pipeline.grammar import espeak, letters
from pipeline.grammar.compile import Source, automaton_of
from pipeline.grammar.grammar import Grammar, Reader, Reading, fingerprint, load, save
from pipeline.grammar.pronounce import pronounce

__all__ = ["Grammar", "Reader", "Reading", "Source", "compile_grammar"]

log = logging.getLogger(__name__)

BROKEN = 3
"""Exit status of a compile that found a broken sentence; its output says which."""
_LONGEST = 300.0
"""Seconds that a compile may take on the slowest board."""


def compile_grammar(
    sources: Sequence[Source],
    lists: Mapping[str, Any],
    dictionary: Path,
    wake: Sequence[str] = (),
    cache: Path | None = None,
    *,
    kind: str = "grammar",
) -> Grammar:
    """Compile sentences, or read what a compile of the same inputs left in `cache`.

    `sources` are dictionaries in hassil's format; `lists` (name, area, floor) likewise, see
    `pipeline.grammar.compile`. `dictionary` is a file in the format of the CMU dictionary.
    `wake` are wake phrases, whose end may be heard before a sentence. Of each `kind` the newest
    stays in the cache. Raises SentencesError with the sentence that is broken.
    """
    name = fingerprint(sources, lists, wake, dictionary.stat().st_size, espeak.is_installed())
    path = cache / f"{kind}-{name}.json" if cache is not None else None
    known = load(path) if path is not None else None
    if known is not None:
        return known
    grammar = _apart(sources, lists, dictionary, wake, path) if path is not None else None
    if grammar is None:
        grammar = compiled(sources, lists, dictionary, wake)
        if path is not None:
            _save(grammar, path)
    if path is not None:
        _clear(path, kind)
    _warn(grammar.guessed)
    return grammar


def compiled(
    sources: Sequence[Source], lists: Mapping[str, Any], dictionary: Path, wake: Sequence[str]
) -> Grammar:
    """Compile sentences here and now; see `compile_grammar`."""
    automaton = automaton_of(sources, lists)
    words = {word for leaving in automaton.arcs for word, _, _ in leaving}
    phrases = {phrase: phrase.replace("_", " ").split() for phrase in wake}
    words_of_wake = {word for phrase in phrases.values() for word in phrase}
    guess = espeak.guess if espeak.is_installed() else letters.guess
    pronunciations, guessed = pronounce(words | words_of_wake, dictionary, guess)
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


def _apart(
    sources: Sequence[Source],
    lists: Mapping[str, Any],
    dictionary: Path,
    wake: Sequence[str],
    path: Path,
) -> Grammar | None:
    """Compile in a process of its own: what that takes is gone with it, and nobody waits for us.

    None where that doesn't work, or the inputs are not what JSON can say.
    """
    inputs = (sources, lists, str(dictionary), wake)
    text = json.dumps([sys.path, inputs, str(path)], default=str)
    begin = "import json, sys; sys.path[:], *work = json.load(sys.stdin); "
    program = begin + "from pipeline.grammar.__main__ import main; main(*work)"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603  # a fixed command
            [sys.executable, "-I", "-c", program],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode == BROKEN:
        raise SentencesError(done.stdout)
    return load(path)


def _clear(path: Path, kind: str) -> None:
    for old in path.parent.glob(f"{kind}-*.json"):
        if old != path:
            with contextlib.suppress(OSError):
                old.unlink()


def _save(grammar: Grammar, path: Path) -> None:
    try:
        save(grammar, path)
    except OSError as error:
        log.warning("the compiled grammar is not kept: %s", error.strerror)

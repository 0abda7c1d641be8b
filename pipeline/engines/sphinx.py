"""Speech to text by a grammar: pocketsphinx, decoding while the user speaks.

The wheel's acoustic model, our own cepstra (see `cepstra.py`) and a compiled grammar. While
somebody speaks, a first pass gives partial results, with a normalisation that is estimated
from what was heard so far and made anew each time that has doubled. At a pause, or at the
end, a second pass decodes the whole utterance with its own mean; a pause is a moment in which
nobody waits, so that the text is there when the utterance closes. The library keeps Python's
global lock while it works: it gets a few frames at a time.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import pocketsphinx

from assistant.errors import ModelError, RecognitionError
from assistant.private import Private
from assistant.types import SAMPLE_RATE, Partial, Transcript, Utterance
from pipeline.answers import NO, YES
from pipeline.engines.cepstra import (
    COEFFICIENTS,
    SHIFT,
    Cepstra,
    Spectra,
    SpectrumMaker,
    cepstra,
    normalisation,
    normalised,
    quiet,
)
from pipeline.grammar import Grammar, Reader, Source, compile_grammar
from pipeline.grammar.confidence import Segment, confidence
from pipeline.grammar.digits import digits_grammar
from pipeline.grammar.relevant import relevant
from pipeline.ports import Expected
from pipeline.sentences import SentenceFile, built_in
from pipeline.things import Things

_GRAMMAR, _ANSWERS, _DIGITS, _PHONES = "grammar", "answers", "digits", "phones"
"""Names of the decoder's searches."""
_OF_DIGITS = 0.4
"""Share of the rejection that holds for a PIN: no digits are likelier than others, so each string
is unlikely, and what was heard is compared anyway."""
WAKE = "<wake>"
"""The word of the decoder that stands for the end of a wake word."""
_WAKE_SHARE = 0.3
"""How likely the end of a wake word is heard before a command."""
_CLOSING = "please"
"""A word that may follow every sentence and means nothing."""
_CLOSING_SHARE = 0.03
_OWN_WEIGHT = 10.0
"""Of the user's own sentences: what somebody took the trouble to write is said more often."""
TEXT_ONLY = frozenset({"Calculate", "ConvertUnits"})
"""Sums are understood from Whisper's text: a grammar of any number with any unit fits too many
sounds (with it 10 of 14 recorded home commands were right, without 12)."""
_WEIGHT = 8.0
"""Of the grammar's probabilities against the acoustic model's."""
_SILENCE, _NOISE = 0.27, 0.01
"""How likely silence, or a noise, stands between two words; weighted as the grammar is."""
_BEAM, _WORD_BEAM = 1e-80, 1e-60
_BUSIEST = 2000
"""States that are alive in a frame before the beams narrow: a large grammar stays quick."""
_NO_MEAN = ",".join(["0"] * COEFFICIENTS)
_PADDING = 30
"""Frames of quiet put before and after an utterance, which the model expects."""
_FIRST = 60
"""Frames after which the first pass begins."""
_AT_ONCE = 40
"""Frames given to the library at a time: it keeps the global lock."""
_ALTERNATIVE = re.compile(r"\(\d+\)$")
_SPEECH = 8.0
"""What the loudness coefficient rises by, at least, where somebody speaks (7 dB)."""
_LONGEST = 30 * SAMPLE_RATE // SHIFT
"""Frames of an utterance that are kept."""


Result: TypeAlias = tuple[tuple[str, ...], float]
"""Words and how likely they were said."""


class _Part(Protocol):
    word: str
    start_frame: int
    end_frame: int
    ascore: float


class _Hypothesis(Protocol):
    hypstr: str


class _Library(Protocol):
    """What is used of `pocketsphinx.Decoder`."""

    def set_cmn(self, mean: str) -> None: ...
    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_cep(self, data: bytes, no_search: bool = False, full_utt: bool = False) -> int: ...
    def hyp(self) -> _Hypothesis | None: ...
    def seg(self) -> Iterable[_Part]: ...
    def create_fsg(
        self, name: str, start: int, final: int, arcs: Sequence[tuple[Any, ...]]
    ) -> object: ...
    def add_fsg(self, name: str, grammar: object) -> None: ...
    def add_allphone_file(self, name: str, lmfile: str) -> None: ...
    def activate_search(self, name: str) -> None: ...


def dictionary() -> Path:
    """The pronunciations in the wheel; raises ModelError where they are missing."""
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    if not path.is_file():
        raise ModelError(f"{path} is missing: install pocketsphinx again")
    return path


def sphinx_recognizer(
    files: Sequence[SentenceFile],
    things: Things,
    phrases: Sequence[str],
    rejection: float,
    cache: Path,
) -> SphinxRecognizer:
    """Make the recognizer for sentences and the user's things; compiled grammars lie in `cache`.

    Raises SentencesError where a sentence is broken, ModelError where the model is.
    """
    answers = {"intents": {"Answer": {"data": [{"sentences": sorted(YES | NO)}]}}}
    return SphinxRecognizer(
        grammar_of(files, things, phrases, cache),
        rejection,
        compile_grammar([answers], {}, dictionary(), (), cache, kind="answers"),
        digits_grammar(dictionary()),
    )


def grammar_of(
    files: Sequence[SentenceFile], things: Things, phrases: Sequence[str], cache: Path | None
) -> Grammar:
    """Compile what is recognised; call it again when sentences or things change."""
    lists = {
        name: {
            "values": [
                {"in": value.text, "plain": True, "context": dict(value.context)}
                for value in values
            ]
        }
        for name, values in things.lists().items()
    }
    spoken = [file for file in built_in("speech-to-phrase") if file not in files]
    domains = {entity.domain for entity in things.entities}
    sources = [
        _sayable(relevant(file.values, domains))
        if file.built_in
        else {**file.values, "weight": _OWN_WEIGHT}
        for file in (*spoken, *files)
    ]
    return compile_grammar(sources, lists, dictionary(), phrases, cache)


def _sayable(source: Source) -> Source:
    """The same sentences without those of `TEXT_ONLY`."""
    intents = {name: data for name, data in source["intents"].items() if name not in TEXT_ONLY}
    return {**source, "intents": intents}


class SphinxRecognizer:
    """Keeps `pipeline.ports.Recognizer`. One decoder; utterances that overlap wait for it."""

    def __init__(
        self,
        grammar: Grammar,
        rejection: float = 0.5,
        answers: Grammar | None = None,
        digits: Grammar | None = None,
    ) -> None:
        """Take the commands and, where questions are asked, what may answer them.

        `rejection` 0 lets every sound be a command, 1 hardly any.
        """
        self._rejection = rejection
        given = {_ANSWERS: answers, _DIGITS: digits}
        self._others = {name: one for name, one in given.items() if one is not None}
        self._search = _Search({_GRAMMAR: grammar, **self._others})

    def use(self, grammar: Grammar) -> None:
        """Recognise with another grammar from the next utterance on. Takes a moment."""
        self._search = _Search({_GRAMMAR: grammar, **self._others})

    def open(self, expect: Expected = "command") -> SphinxDecoding:
        """Begin an utterance."""
        name = {"answer": _ANSWERS, "pin": _DIGITS}.get(expect, _GRAMMAR)
        wanted = name if name in self._others else _GRAMMAR
        rejection = self._rejection * (_OF_DIGITS if wanted == _DIGITS else 1.0)
        return SphinxDecoding(self._search, rejection, wanted)

    def close(self) -> None:
        """Nothing to do: the decoder goes with its last utterance."""


class _Search:
    """A decoder with its grammars. Calls hold `lock`; `owner` is whose first pass is going on.

    Of utterances that overlap only the owner's is followed: to change between them would begin
    each anew with every frame. The others are decoded at their pauses.
    """

    def __init__(self, grammars: Mapping[str, Grammar]) -> None:
        self.readers = {name: Reader(one) for name, one in grammars.items()}
        self.lock = Lock()
        self.owner: SphinxDecoding | None = None
        self._running = False
        self._decoder = _decoder(grammars)

    @contextmanager
    def held(self, wait: bool) -> Iterator[bool]:
        """Hold the decoder, or say that somebody else does."""
        held = self.lock.acquire(timeout=10.0) if wait else self.lock.acquire(blocking=False)
        try:
            yield held
        finally:
            if held:
                self.lock.release()

    def begin(self, search: str, owner: SphinxDecoding | None = None) -> None:
        """Begin a pass, ending whatever pass there was."""
        self.end()
        self._decoder.activate_search(search)
        # The model's own feat.params turn the library's normalisation on, whatever we ask for:
        # its mean of past utterances would be taken from cepstra that have had theirs taken.
        self._decoder.set_cmn(_NO_MEAN)
        self._decoder.start_utt()
        self.owner = owner
        self._running = True

    def end(self) -> None:
        """End the pass, if there is one."""
        if self._running:
            self._decoder.end_utt()
        self._running = False
        self.owner = None

    def forget(self, search: str) -> None:
        """Drop what the library keeps of the last pass: a pass without sound takes its place."""
        for name in (_PHONES, search):
            self.begin(name)
            self.end()

    def feed(self, values: Cepstra) -> None:
        """Decode frames."""
        for start in range(0, len(values), _AT_ONCE):
            self._decoder.process_cep(values[start : start + _AT_ONCE].tobytes())

    def path(self, search: str, values: Cepstra) -> tuple[Segment, ...]:
        """Decode a whole utterance; gives no segments where it fits nowhere."""
        self.begin(search)
        self.feed(values)
        self.end()
        segments = self._decoder.seg() if self._decoder.hyp() is not None else ()
        return tuple(
            Segment(
                part.word,
                part.start_frame,
                part.end_frame,
                _log(part.ascore),
                _is_speech(part.word),
            )
            for part in segments
            if 0 <= part.start_frame <= part.end_frame
        )

    def words(self) -> tuple[str, ...]:
        """The likeliest words; none where a finished pass is no sentence."""
        hypothesis = self._decoder.hyp()
        text = hypothesis.hypstr if hypothesis is not None else ""
        return tuple(word for word in text.split() if word != WAKE)


class SphinxDecoding:
    """Keeps `pipeline.ports.Decoding`."""

    def __init__(self, search: _Search, rejection: float, grammar: str = _GRAMMAR) -> None:
        """Take the decoder, how strictly to judge, and which of its grammars is meant."""
        self._search = search
        self._grammar = grammar
        self._reader = search.readers[grammar]
        self._rejection = rejection
        self._maker = SpectrumMaker()
        self._spectra: list[Spectra] = [quiet(_PADDING)]
        self._frames = 0
        self._estimated_at = 0
        self._fed = 0
        self._result: Result | None = None
        self._settled: Partial | None = None
        self.is_over = False

    def feed(self, pcm: bytes) -> Partial | None:
        """Take audio; gives what it makes of the utterance so far, after half a second."""
        self._hear(pcm)
        if self._frames < _FIRST:
            return None
        settled, self._settled = self._settled, None
        if settled is not None:
            return settled
        with self._search.held(wait=False) as held:
            return self._first_pass() if held else None

    def pause(self) -> None:
        """Decode what was heard as if it were all."""
        with self._search.held(wait=False) as held:
            if held and self._frames:
                self._result = self._second_pass()
                self._settled = self._reading(*self._result)

    def finish(self, utterance: Utterance) -> Transcript:
        """Give the text; empty where it is no command."""
        if self._result is None or utterance.closed_by in ("limit", "end"):
            with self._search.held(wait=True) as held:
                if not held:
                    raise RecognitionError("the recognizer is busy")
                self._result = self._second_pass() if self._frames else ((), 0.0)
        words, sureness = self._result
        self.abandon()
        if not words or sureness < self._rejection:
            return Transcript(utterance.id, Private(""), sureness)
        return Transcript(utterance.id, Private(" ".join(words)), sureness)

    def abandon(self) -> None:
        """Forget what was heard, unless another utterance has the decoder by now."""
        self.is_over = True
        self._spectra.clear()
        self._frames = 0
        self._result = self._settled = None
        with self._search.held(wait=False) as held:
            if held and self._search.owner in (None, self):
                self._search.forget(self._grammar)

    def _hear(self, pcm: bytes) -> None:
        if self._frames < _LONGEST:
            spectra = self._maker.feed(pcm)
            self._spectra.append(spectra)
            self._frames += len(spectra)

    def _first_pass(self) -> Partial | None:
        search = self._search
        owner = search.owner
        if owner is not None and owner is not self and not owner.is_over:
            return None
        values = self._cepstra()
        if search.owner is not self or self._frames >= 2 * self._estimated_at:
            self._estimated_at = self._frames
            self._scale = normalisation(values)
            search.begin(self._grammar, self)
            self._fed = 0
        search.feed(normalised(values[self._fed :], self._scale))
        self._fed = len(values)
        words = search.words()
        if not words:
            return None
        reading = self._reader.read(words)
        return Partial(Private(" ".join(words)), reading.complete, reading.extendable)

    def _reading(self, words: tuple[str, ...], sureness: float) -> Partial:
        """What the second pass makes of it, which the endpointer may trust."""
        if not words or sureness < self._rejection:
            return Partial(Private(""), complete=False, extendable=False, settled=True)
        reading = self._reader.read(words)
        return Partial(Private(" ".join(words)), reading.complete, reading.extendable, settled=True)

    def _second_pass(self) -> Result:
        values = self._cepstra()
        quietest, loudest = np.quantile(values[_PADDING:, 0], (0.05, 0.95))
        if loudest - quietest < _SPEECH:
            return (), 0.0
        values = np.concatenate((values, cepstra(quiet(_PADDING))))
        values = normalised(values, normalisation(values))
        path = self._search.path(self._grammar, values)
        words = tuple(
            _ALTERNATIVE.sub("", part.label)
            for part in path
            if part.is_speech and not part.label.startswith(WAKE)
        )
        if not self._reader.read(words).complete:
            return (), 0.0
        phones = self._search.path(_PHONES, values)
        return words, confidence(path, phones, self._reader.likelihood(words))

    def _cepstra(self) -> Cepstra:
        return cepstra(np.concatenate(self._spectra))


def _is_speech(label: str) -> bool:
    """Whether a label is a word or a phone, and no silence or noise."""
    return label.startswith(WAKE) or (label[0] not in "<[(+" and label != "SIL")


def _log(score: float) -> float:
    """The library gives exp(score / 10000); this is the score."""
    return 1e4 * math.log(max(score, 1e-300))


def _decoder(grammars: Mapping[str, Grammar]) -> _Library:
    with tempfile.NamedTemporaryFile("w", suffix=".dict", encoding="utf-8") as file:
        lexicon = _lexicon(grammars.values())
        for word, ways in lexicon.items():
            for spelled, phones in zip(_variants(word, len(ways)), ways, strict=True):
                file.write(f"{spelled} {phones}\n")
        file.flush()
        decoder = cast(
            _Library,
            pocketsphinx.Decoder(
                lm=None,
                dict=file.name,
                loglevel="FATAL",
                bestpath=False,
                cmn="none",
                lw=_WEIGHT,
                beam=_BEAM,
                pbeam=_BEAM,
                wbeam=_WORD_BEAM,
                maxhmmpf=_BUSIEST,
                silprob=_SILENCE,
                fillprob=_NOISE,
                compallsen=True,
                fsgusealtpron=False,
            ),
        )
    for name, grammar in grammars.items():
        start, final, arcs = _arcs(grammar, lexicon)
        decoder.add_fsg(name, decoder.create_fsg(name, start, final, arcs))
    decoder.add_allphone_file(_PHONES, pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"))
    decoder.activate_search(_GRAMMAR)
    return decoder


def _variants(word: str, count: int) -> tuple[str, ...]:
    """The names in the decoder of a word's pronunciations: kitchen, kitchen(2), ..."""
    return (word, *(f"{word}({index})" for index in range(2, count + 1)))


def _lexicon(grammars: Collection[Grammar]) -> dict[str, tuple[str, ...]]:
    lexicon = {
        word: variants
        for grammar in grammars
        for word, variants in sorted(grammar.pronunciations.items())
    }
    lexicon[_CLOSING] = ("P L IY Z",)
    tails = [
        " ".join(phones[start:])
        for phones in (heard.split() for grammar in grammars for heard in grammar.wake)
        for start in range(max(1, len(phones) - 1))
    ]
    return lexicon | ({WAKE: tuple(dict.fromkeys(tails))} if tails else {})


def _arcs(
    grammar: Grammar, lexicon: Mapping[str, Sequence[str]]
) -> tuple[int, int, list[tuple[Any, ...]]]:
    """The grammar for the decoder, with what may stand before and after a sentence.

    A word has an arc for each of its pronunciations. The library would add those itself, and look
    at every arc for each of them: with three hundred names for seconds, in which nobody hears.
    """
    variants = {word: _variants(word, len(phones)) for word, phones in lexicon.items()}
    rows = grammar.automaton.arcs
    final, closed, start = len(rows), len(rows) + 1, len(rows) + 2
    arcs: list[tuple[Any, ...]] = [
        (state, end, max(share * grammar.each_word, 1e-9), spelled)
        for state, row in enumerate(rows)
        for word, end, share in row
        for spelled in variants[word]
    ]
    arcs += [
        (state, final, share) for state, share in enumerate(grammar.automaton.final) if share > 0
    ]
    arcs += [(final, closed, 1.0 - _CLOSING_SHARE), (final, closed, _CLOSING_SHARE, _CLOSING)]
    arcs.append((start, 0, 1.0 - _WAKE_SHARE if grammar.wake else 1.0))
    if grammar.wake:
        arcs += [(start, 0, _WAKE_SHARE, spelled) for spelled in variants[WAKE]]
    return start, closed, arcs

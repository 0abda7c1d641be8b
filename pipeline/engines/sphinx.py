"""Speech to text by a grammar: pocketsphinx, decoding while the user speaks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import pocketsphinx

from assistant.private import Private
from assistant.types import Partial, Transcript, Utterance
from pipeline.grammar import Grammar, Reader, compile_grammar
from pipeline.sentences import SentenceFile
from pipeline.things import Things


def sphinx_recognizer(
    files: Sequence[SentenceFile],
    things: Things,
    phrases: Sequence[str],
    rejection: float,
    cache: Path,
) -> "SphinxRecognizer":
    lists = {
        name: {"values": [{"in": v.text, "plain": True, "context": dict(v.context)} for v in values]}
        for name, values in things.lists().items()
    }
    cache.mkdir(parents=True, exist_ok=True)
    grammar = compile_grammar(
        [file.values for file in files], lists,
        Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")), phrases, cache,
    )
    return SphinxRecognizer(grammar)


class SphinxRecognizer:
    def __init__(self, grammar: Grammar) -> None:
        self.reader = Reader(grammar)
        self.lock = Lock()
        with tempfile.NamedTemporaryFile("w", suffix=".dict") as file:
            for word, variants in sorted(grammar.pronunciations.items()):
                for index, phones in enumerate(variants):
                    file.write(f"{word}{f'({index + 1})' if index else ''} {phones}\n")
            file.write("<wake> AH L EH K S AH\n<wake>(2) L EH K S AH\n<wake>(3) EH K S AH\n<wake>(4) K S AH\n<wake>(5) S AH\n")
            file.flush()
            self.decoder = pocketsphinx.Decoder(lm=None, dict=file.name, loglevel="FATAL")
        arcs = grammar.automaton.arcs
        end = len(arcs)
        transitions = [
            (state, to, max(weight, 1e-12), word)
            for state, row in enumerate(arcs) for word, to, weight in row
        ]
        transitions += [(s, end, f) for s, f in enumerate(grammar.automaton.final) if f > 0]
        transitions += [(end + 1, 0, 0.7), (end + 1, 0, 0.3, "<wake>")]
        self.decoder.add_fsg("g", self.decoder.create_fsg("g", end + 1, end, transitions))
        self.decoder.activate_search("g")

    def open(self) -> "SphinxDecoding":
        return SphinxDecoding(self)

    def close(self) -> None:
        pass


class SphinxDecoding:
    def __init__(self, owner: SphinxRecognizer) -> None:
        self.owner = owner
        owner.decoder.start_utt()
        self.open = True

    def feed(self, pcm: bytes) -> Partial | None:
        self.owner.decoder.process_raw(pcm)
        hypothesis = self.owner.decoder.hyp()
        text = (hypothesis.hypstr if hypothesis else "").replace("<wake>", "").strip()
        reading = self.owner.reader.read(text.split())
        return Partial(Private(text), reading.complete, reading.extendable)

    def pause(self) -> None:
        pass

    def finish(self, utterance: Utterance) -> Transcript:
        self.owner.decoder.end_utt()
        self.open = False
        hypothesis = self.owner.decoder.hyp()
        text = (hypothesis.hypstr if hypothesis else "").replace("<wake>", "").strip()
        if not self.owner.reader.read(text.split()).complete:
            text = ""
        return Transcript(utterance.id, Private(text), 0.5)

    def abandon(self) -> None:
        if self.open:
            self.owner.decoder.end_utt()
            self.open = False

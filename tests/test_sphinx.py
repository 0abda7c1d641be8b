"""The grammar recognizer hears commands, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from assistant.private import Private
from assistant.types import FRAME_BYTES, Partial, Transcript, Utterance
from pipeline.engines.cepstra import SpectrumMaker, cepstra, normalisation, normalised
from pipeline.engines.sphinx import SphinxRecognizer, dictionary
from pipeline.grammar import Grammar, compile_grammar
from pipeline.sources.file import read_samples

LISTS = {"name": {"values": [{"in": name, "plain": True} for name in ("desk lamp", "TV")]}}
SENTENCES = ("turn (on|off) [the] {name}", "set a timer for {minutes} minutes", "never mind")


def grammar(*sentences: str) -> Grammar:
    document = {
        "intents": {"Do": {"data": [{"sentences": list(sentences)}]}},
        "lists": {"minutes": {"range": {"from": 1, "to": 60}}},
    }
    return compile_grammar([document], LISTS, dictionary(), ("alexa",))


@pytest.fixture(scope="module")
def recognizer() -> SphinxRecognizer:
    """A little lenient: a synthesiser fits the acoustic model less well than a person."""
    return SphinxRecognizer(grammar(*SENTENCES), rejection=0.1)


@pytest.fixture
def say(tmp_path: Path):
    """Speech from a synthesiser, as 16 kHz audio."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")

    def speak(text: str) -> bytes:
        path = tmp_path / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", path, text], check=True)
        speech = read_samples(path, 60.0)
        noise = np.random.default_rng(0).normal(0.0, 10.0, len(speech) + 16000)
        noise[8000 : 8000 + len(speech)] += speech * 0.5
        return noise.astype("<i2").tobytes()

    return speak


def utterance(pcm: bytes) -> Utterance:
    seconds = len(pcm) / 32000
    return Utterance(1, 0.0, seconds, seconds, "end", Private(pcm))


def hear(recognizer: SphinxRecognizer, pcm: bytes) -> tuple[Transcript, list[Partial]]:
    decoding = recognizer.open()
    partials = [
        partial
        for start in range(0, len(pcm), FRAME_BYTES)
        if (partial := decoding.feed(pcm[start : start + FRAME_BYTES])) is not None
    ]
    return decoding.finish(utterance(pcm)), partials


@pytest.mark.parametrize(
    "text", ["turn on the desk lamp", "turn off the tv", "set a timer for twenty five minutes"]
)
def test_a_command_is_heard(text: str, recognizer: SphinxRecognizer, say) -> None:
    transcript, partials = hear(recognizer, say(text))
    assert transcript.text.reveal() == text
    assert partials[-1].complete


def test_a_command_is_heard_after_the_end_of_the_wake_word(
    recognizer: SphinxRecognizer, say
) -> None:
    transcript, _ = hear(recognizer, say("alexa turn on the desk lamp"))
    assert transcript.text.reveal() == "turn on the desk lamp"


def test_chat_is_no_command(recognizer: SphinxRecognizer, say) -> None:
    transcript, _ = hear(recognizer, say("my sister is going to have a baby in the summer"))
    assert transcript.text.reveal() == ""


def test_without_rejection_every_sound_may_be_a_command(say) -> None:
    everything = SphinxRecognizer(grammar(*SENTENCES), rejection=0.0)
    transcript, _ = hear(everything, say("tune off the best clamp"))
    assert transcript.text.reveal() != ""


def test_silence_and_nothing_at_all_are_no_command(recognizer: SphinxRecognizer) -> None:
    for pcm in (b"", bytes(FRAME_BYTES * 20)):
        transcript, _ = hear(recognizer, pcm)
        assert transcript.text.reveal() == ""


def test_a_pause_decodes_ahead(recognizer: SphinxRecognizer, say) -> None:
    pcm = say("turn on the desk lamp")
    decoding = recognizer.open()
    decoding.feed(pcm)
    decoding.pause()
    closed = Utterance(1, 0.0, 2.0, 1.5, "complete", Private(b""))
    assert decoding.finish(closed).text.reveal() == "turn on the desk lamp"


def test_utterances_may_overlap(recognizer: SphinxRecognizer, say) -> None:
    first, second = say("turn on the desk lamp"), say("turn off the tv")
    one, two = recognizer.open(), recognizer.open()
    for start in range(0, max(len(first), len(second)), FRAME_BYTES):
        one.feed(first[start : start + FRAME_BYTES])
        two.feed(second[start : start + FRAME_BYTES])
    texts: dict[str, str] = {}

    def finish(name: str, decoding, pcm: bytes) -> None:
        texts[name] = decoding.finish(utterance(pcm)).text.reveal()

    threads = [
        threading.Thread(target=finish, args=arguments)
        for arguments in (("one", one, first), ("two", two, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {"one": "turn on the desk lamp", "two": "turn off the tv"}


def test_an_abandoned_utterance_leaves_nothing_behind(recognizer: SphinxRecognizer, say) -> None:
    lost = recognizer.open()
    lost.feed(say("turn off the tv"))
    lost.abandon()
    transcript, _ = hear(recognizer, say("turn on the desk lamp"))
    assert transcript.text.reveal() == "turn on the desk lamp"


def test_another_grammar_counts_from_the_next_utterance(say) -> None:
    recognizer = SphinxRecognizer(grammar("turn on the desk lamp"))
    pcm = say("open the window")
    before = recognizer.open()
    recognizer.use(grammar("(open|close) the window"))
    before.feed(pcm)
    assert before.finish(utterance(pcm)).text.reveal() != "open the window"
    assert hear(recognizer, pcm)[0].text.reveal() == "open the window"


def test_cepstra_do_not_depend_on_how_sound_comes_in_pieces() -> None:
    pcm = np.random.default_rng(1).normal(0, 500, 16000).astype("<i2").tobytes()
    maker = SpectrumMaker()
    pieces = [maker.feed(pcm[start : start + 998]) for start in range(0, len(pcm), 998)]
    np.testing.assert_allclose(np.concatenate(pieces), SpectrumMaker().feed(pcm))


def test_loudness_is_normalised_away() -> None:
    quiet = np.random.default_rng(1).normal(0, 300, 16000)
    values = [
        cepstra(SpectrumMaker().feed((quiet * gain).astype("<i2").tobytes())) for gain in (1, 8)
    ]
    quiet_values, loud_values = (normalised(value, normalisation(value)) for value in values)
    np.testing.assert_allclose(quiet_values, loud_values, atol=1.5)


@pytest.mark.shared
def test_real_orders_are_heard(shared_data: Path) -> None:
    import yaml

    folder = shared_data / "audio" / "barista"
    document = yaml.safe_load((folder / "barista.yaml").read_text())
    orders = SphinxRecognizer(compile_grammar([document], {}, dictionary()))
    labels = json.loads((folder / "labels.json").read_text())[:10]
    heard = 0
    for label in labels:
        pcm = read_samples(folder / label["audio"], 60.0).tobytes()
        text = hear(orders, pcm)[0].text.reveal()
        heard += bool(text) and all(value in text for value in label["slots"].values())
    assert heard >= 9

"""The real faster-whisper path, with a tiny model that the tests write."""

import json
import logging
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

pytest.importorskip("faster_whisper", reason="the whisper extra is not installed")

from assistant.errors import ModelError, RecognitionError
from assistant.private import Private
from assistant.types import SAMPLE_RATE, Utterance
from pipeline.engines.whisper import WhisperRecognizer
from scripts.make_tiny_whisper import write

SENTENCE = "turn on the light"
SILENCE = bytes(2 * SAMPLE_RATE)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """A model that always says SENTENCE."""
    return write(tmp_path_factory.mktemp("model"), SENTENCE.split())


@pytest.fixture(scope="module")
def whisper(directory):
    recognizer = WhisperRecognizer(directory)
    yield recognizer
    recognizer.close()


@pytest.fixture(scope="module")
def speech(recordings):
    """A voice from its first sound to its last, with a second of silence before."""
    samples, rate = soundfile.read(recordings / "alexa_call.flac", dtype="int16")
    assert rate == SAMPLE_RATE
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 1000)
    return SILENCE + samples[loud[0] : loud[-1]].tobytes()


def utterance(pcm, *, speech_end=None, number=1, start=10.0):
    end = start + len(pcm) / 2 / SAMPLE_RATE
    return Utterance(number, start, end, speech_end or end, "silence", Private(pcm))


def recognize(recognizer, pcm):
    decoding = recognizer.open()
    decoding.feed(pcm)
    return decoding.finish(utterance(pcm))


def text(transcript):
    return transcript.text.reveal()


def pcm(samples):
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def noises():
    random = np.random.default_rng(3)
    count = 3 * SAMPLE_RATE
    white = random.normal(0, 1, count)
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(1, np.arange(count // 2 + 1)))
    pink = np.fft.irfft(spectrum, count)
    hum = np.sin(2 * np.pi * 50 * np.arange(count) / SAMPLE_RATE)
    return {
        "silence": np.zeros(count),
        "faint": white * 0.001,
        "white": white * 0.1,
        "pink": pink / np.abs(pink).max() * 0.5,
        "hum": 0.4 * hum + 0.005 * white,
        "clicks": np.where(random.random(count) < 0.0005, white, 0),
    }


def test_speech_becomes_the_models_words_with_a_confidence(whisper, speech):
    transcript = recognize(whisper, speech)
    assert text(transcript) == SENTENCE
    assert transcript.utterance_id == 1
    assert 0.9 < transcript.confidence <= 1
    assert SENTENCE not in repr(transcript)


def test_no_noise_becomes_words_though_the_model_would_say_some(tmp_path, speech):
    eager = WhisperRecognizer(write(tmp_path, ["yes"]))
    heard = {kind: recognize(eager, pcm(noise)) for kind, noise in noises().items()}
    assert {kind: text(transcript) for kind, transcript in heard.items()} == dict.fromkeys(
        heard, ""
    )
    assert {transcript.confidence for transcript in heard.values()} == {0.0}
    assert text(recognize(eager, speech)) == "yes"
    eager.close()


@pytest.mark.parametrize("size", [0, 1, 2, 301, 1280])
def test_a_scrap_of_sound_is_nothing(whisper, size, speech):
    assert text(recognize(whisper, speech[-20_000:][:size])) == ""


def test_sound_longer_than_a_window_is_decoded_to_its_end(whisper, speech):
    assert text(recognize(whisper, speech * 11)) == f"{SENTENCE} {SENTENCE}"


def test_a_model_that_is_unsure_says_nothing(tmp_path, speech):
    recognizer = WhisperRecognizer(write(tmp_path, SENTENCE.split(), sureness=6.0))
    assert text(recognize(recognizer, speech)) == ""
    recognizer.close()


def test_a_model_that_repeats_itself_says_nothing_and_is_stopped_soon(
    tmp_path, speech, monkeypatch
):
    recognizer = WhisperRecognizer(write(tmp_path, ["la", "la"]))
    gate = Gate(recognizer, monkeypatch)
    gate.open.set()
    assert text(recognize(recognizer, speech)) == ""
    assert 30 < gate.tokens < 100
    recognizer.close()


def test_a_model_with_random_weights_says_nothing(tmp_path, speech):
    recognizer = WhisperRecognizer(write(tmp_path))
    assert text(recognize(recognizer, speech)) == ""
    recognizer.close()


@pytest.mark.parametrize(
    ("plain", "hinted", "result"),
    [
        (("turn on the loomy", 0.5), ("turn on the Lumi", 0.2), "turn on the Lumi"),
        (("turn on the light", 0.1), ("turn", 0.3), "turn on the light"),
        (("", 0.0), ("Lumi, desk lamp", 0.0), ""),
        (("turn on", 1.5), ("Lumi desk lamp", 0.0), ""),
        (("Lumi, desk lamp", 0.2), ("Lumi, desk lamp", 0.0), "Lumi, desk lamp"),
        (("Lumi", 0.2), ("la la la la la", 0.0), "Lumi"),
    ],
    ids=[
        "a name only the hint knows",
        "a hint that confuses",
        "a hint given back into noise",
        "a hint given back for what was unsure",
        "names that were really said",
        "a hint that starts a loop",
    ],
)  # fmt: skip
def test_of_what_is_heard_with_and_without_the_hint_the_likelier_counts(
    directory, speech, monkeypatch, plain, hinted, result
):
    asked = []

    def transcribe(_audio, *, hotwords, **_):
        asked.append(hotwords)
        words, unlikely = hinted if hotwords else plain
        one = SimpleNamespace(text=words, avg_logprob=-unlikely, compression_ratio=1.0)
        return iter([one]), None

    recognizer = WhisperRecognizer(directory, ("Lumi", "desk lamp", "Lumi"))
    monkeypatch.setattr(recognizer._model, "transcribe", transcribe)
    assert text(recognize(recognizer, speech)) == result
    assert asked == [None, "Lumi, desk lamp"]
    recognizer.close()


def test_the_hint_reaches_the_model_and_the_sound_is_encoded_once(directory, speech, monkeypatch):
    recognizer = WhisperRecognizer(directory, ("desk lamp",))
    model = recognizer._model
    encode, generate = model.encode._encode, model.generate_with_fallback
    encoded, prompts = [], []

    def count(sound):
        encoded.append(1)
        return encode(sound)

    def watch(sound, prompt, *rest):
        prompts.append(len(prompt))
        return generate(sound, prompt, *rest)

    monkeypatch.setattr(model.encode, "_encode", count)
    monkeypatch.setattr(model, "generate_with_fallback", watch)
    assert text(recognize(recognizer, speech)) == SENTENCE
    assert len(encoded) == 1
    assert len(prompts) == 2
    assert prompts[0] < prompts[1]
    assert model.encode._features is None, "what was said is let go of"
    recognizer.close()


def test_the_wake_phrase_is_left_out(directory, speech):
    recognizer = WhisperRecognizer(directory, wake_phrases=("okay_turn", "alexa"))
    assert text(recognize(recognizer, speech)) == "on the light"
    recognizer.close()


def decoded_ahead(whisper, heard):
    """A decoding that was told of a pause after `heard`."""
    decoding = whisper.open()
    for start in range(0, len(heard), 2560):
        decoding.feed(heard[start : start + 2560])
    decoding.pause()
    return decoding


def counts(whisper):
    return whisper.speculations_used, whisper.speculations_wasted


def with_pause(speech):
    """Speech and the quarter of a second of near silence that makes a pause."""
    random = np.random.default_rng(5)
    return speech + pcm(random.normal(0, 0.001, SAMPLE_RATE // 4))


def near_silence(seconds):
    return pcm(np.random.default_rng(6).normal(0, 0.001, int(seconds * SAMPLE_RATE)))


def test_what_was_decoded_at_a_pause_is_the_result_when_silence_follows(whisper, speech):
    used, wasted = counts(whisper)
    heard = with_pause(speech)
    decoding = decoded_ahead(whisper, heard)
    whole = heard + near_silence(0.5)
    decoding.feed(whole[len(heard) :])
    end = 10.0 + len(speech) / 2 / SAMPLE_RATE
    assert text(decoding.finish(utterance(whole, speech_end=end))) == SENTENCE
    assert counts(whisper) == (used + 1, wasted)


def test_it_is_thrown_away_when_speech_goes_on(whisper, speech):
    used, wasted = counts(whisper)
    heard = with_pause(speech)
    decoding = decoded_ahead(whisper, heard)
    whole = heard + speech[len(SILENCE) :] + near_silence(0.5)
    decoding.feed(whole[len(heard) :])
    missed = 10.0 + len(speech) / 2 / SAMPLE_RATE
    assert text(decoding.finish(utterance(whole, speech_end=missed))) == SENTENCE
    assert counts(whisper) == (used, wasted + 1)


def test_it_is_thrown_away_when_the_listener_heard_speech_later(whisper, speech):
    used, wasted = counts(whisper)
    heard = with_pause(speech)
    decoding = decoded_ahead(whisper, heard)
    whole = heard + near_silence(0.5)
    late = 10.0 + len(heard) / 2 / SAMPLE_RATE + 0.1
    assert text(decoding.finish(utterance(whole, speech_end=late))) == SENTENCE
    assert counts(whisper) == (used, wasted + 1)


def test_it_is_thrown_away_when_the_utterance_is_other_audio(whisper, speech):
    used, wasted = counts(whisper)
    heard = with_pause(speech)
    decoding = decoded_ahead(whisper, heard)
    upside_down = -np.frombuffer(heard, "<i2")
    whole = upside_down.tobytes() + near_silence(0.5)
    end = 10.0 + len(speech) / 2 / SAMPLE_RATE
    assert text(decoding.finish(utterance(whole, speech_end=end))) == SENTENCE
    assert counts(whisper) == (used, wasted + 1)


def test_a_second_pause_decodes_anew_only_if_there_was_speech_between(whisper, speech):
    used, wasted = counts(whisper)
    heard = with_pause(speech)
    decoding = decoded_ahead(whisper, heard)
    decoding.feed(near_silence(0.3))
    decoding.pause()
    assert counts(whisper) == (used, wasted)
    decoding.feed(with_pause(speech))
    decoding.pause()
    assert counts(whisper) == (used, wasted + 1)
    decoding.abandon()
    assert counts(whisper) == (used, wasted + 2)


class Gate:
    """Stands in the way of the model, so that a test knows what runs."""

    def __init__(self, whisper, monkeypatch):
        self.reached = threading.Event()
        self.open = threading.Event()
        self.windows = 0
        self.tokens = 0
        real = whisper._model.transcribe
        monkeypatch.setattr(whisper._model, "transcribe", lambda *a, **k: self._run(real, *a, **k))

    def _run(self, real, *arguments, **named):
        segments, info = real(*arguments, **named)
        return self._each(segments), info

    def _each(self, segments):
        for segment in segments:
            self.windows += 1
            self.tokens += len(segment.tokens)
            self.reached.set()
            assert self.open.wait(20)
            yield segment


def test_abandoning_ends_a_finish_that_waits_and_stops_between_segments(
    whisper, speech, monkeypatch
):
    gate = Gate(whisper, monkeypatch)
    decoding = whisper.open()
    results = []
    thread = threading.Thread(
        target=lambda: results.append(decoding.finish(utterance(speech * 30)))
    )
    thread.start()
    assert gate.reached.wait(20)
    decoding.abandon()
    decoding.abandon()
    thread.join(20)
    assert [text(result) for result in results] == [""]
    gate.open.set()
    monkeypatch.undo()
    assert text(recognize(whisper, speech)) == SENTENCE, "the next utterance is heard"
    assert gate.windows <= 2, "of three windows, the last was not decoded"


def test_an_abandoned_utterance_that_waits_is_never_decoded(whisper, speech, monkeypatch):
    gate = Gate(whisper, monkeypatch)
    first = decoded_ahead(whisper, with_pause(speech))
    assert gate.reached.wait(20)
    second = decoded_ahead(whisper, with_pause(speech))
    second.abandon()
    first.abandon()
    gate.open.set()
    assert text(recognize(whisper, speech)) == SENTENCE
    assert gate.windows == 2


def test_a_fault_of_the_engine_drops_the_utterance_and_tells_no_words(whisper, speech, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("canary")

    monkeypatch.setattr(whisper._model, "transcribe", fail)
    with pytest.raises(RecognitionError) as caught:
        recognize(whisper, speech)
    assert str(caught.value) == "whisper failed on utterance 1"
    monkeypatch.undo()
    assert text(recognize(whisper, speech)) == SENTENCE


def test_nothing_said_is_logged(whisper, speech, caplog):
    with caplog.at_level(logging.DEBUG):
        decoding = decoded_ahead(whisper, with_pause(speech))
        decoding.finish(utterance(with_pause(speech)))
    assert not any(word in caplog.text for word in SENTENCE.split())


def test_closing_ends_the_thread(directory):
    before = set(threading.enumerate())
    recognizer = WhisperRecognizer(directory)
    recognizer.close()
    left = set(threading.enumerate()) - before
    assert not left


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: (d / "model.bin").unlink(), "model.bin missing"),
        (lambda d: (d / "tokenizer.json").unlink(), "tokenizer.json missing"),
        (lambda d: (d / "vocabulary.json").unlink(), "vocabulary.json or vocabulary.txt missing"),
        (lambda d: (d / "model.bin").write_bytes(b""), "it cannot be loaded"),
        (lambda d: (d / "model.bin").write_bytes(b"not a model" * 99), "it cannot be loaded"),
        (lambda d: _truncate(d / "model.bin"), "it cannot be loaded"),
        (lambda d: (d / "tokenizer.json").write_text("{"), "it cannot be loaded"),
        (lambda d: (d / "config.json").write_text("{"), "it cannot be loaded"),
        (lambda d: _bands(d / "preprocessor_config.json", 128), "(128 mel bands)"),
    ],
)  # fmt: skip
def test_a_damaged_model_is_one_clear_error_with_the_way_to_get_another(tmp_path, change, said):
    directory = write(tmp_path, SENTENCE.split())
    change(directory)
    with pytest.raises(ModelError) as caught:
        WhisperRecognizer(directory)
    message = str(caught.value)
    assert message.startswith(f"whisper model {directory}: ")
    assert said in message
    assert "`sotto models fetch NAME`" in message
    assert "\n" not in message


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


def _bands(path, bands):
    path.write_text(json.dumps({**json.loads(path.read_text()), "feature_size": bands}))


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere: there is no such directory"):
        WhisperRecognizer(tmp_path / "nowhere")


def test_without_faster_whisper_the_way_to_install_it_is_said(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper.transcribe", None)
    with pytest.raises(ModelError, match=r"pip install 'sotto-voice\[whisper\]'"):
        WhisperRecognizer(directory)


WATCH = """
import sys, threading
def watch(event, arguments):
    if event.startswith("socket."):
        print(event, arguments)
sys.addaudithook(watch)
sys.path[:0] = {path!r}
from pathlib import Path
from pipeline.engines.whisper import WhisperRecognizer
from tests.test_whisper import SENTENCE, recognize, text
from huggingface_hub.constants import HF_HUB_OFFLINE
assert HF_HUB_OFFLINE
recognizer = WhisperRecognizer(Path({directory!r}))
assert text(recognize(recognizer, sys.stdin.buffer.read())) == SENTENCE
recognizer.close()
assert threading.active_count() == 1, threading.enumerate()
"""


def test_loading_and_decoding_open_no_socket_and_leave_no_thread(directory, speech):
    code = WATCH.format(path=sys.path, directory=str(directory))
    done = subprocess.run(
        [sys.executable, "-c", code], input=speech, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()


@pytest.fixture(scope="module")
def micro(shared_data):
    recognizer = WhisperRecognizer(shared_data / "models/whisper-micro-en")
    yield recognizer
    recognizer.close()


@pytest.mark.shared
def test_real_words_come_out_of_a_model_that_knows_them(micro, shared_data):
    folder = shared_data / "models/whisper-micro-check"
    entries = json.loads((folder / "manifest.json").read_text())
    silent = [entry for entry in entries if not entry["text"]]
    spoken = [entry for entry in entries if entry["exact_in_all_modes"]][::2]
    wrong = []
    for entry in silent + spoken:
        samples, _ = soundfile.read(folder / entry["file"], dtype="int16")
        if text(recognize(micro, samples.tobytes())) != entry["text"]:
            wrong.append(entry["file"])
    assert len(silent) == 3
    assert not wrong

"""The cascade, with stand-in engines, and the speech gate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import FRAME_BYTES, FRAME_SAMPLES, AudioFrame, WakeEvent
from pipeline.wake import (
    BACKLOG_FRAMES,
    EVIDENCE_FRAMES,
    OPEN_FRAMES,
    Phrase,
    WakeCascade,
    WakeWatch,
    fuse,
)
from pipeline.wake_gate import SpeechGate

ALEXA = Phrase("alexa", threshold=0.5, gate=0.2, fused=True, refractory=0.8)


def sound(index: int) -> AudioFrame:
    """A frame that says which one it is."""
    return AudioFrame(index, index.to_bytes(4, "little").ljust(FRAME_BYTES, b"\0"))


class ScriptedScorer:
    """Scores frames by their number and remembers what it was fed since it was restarted."""

    def __init__(self, score: Callable[[int], Mapping[str, float]]) -> None:
        self._score = score
        self.heard: list[int] = []
        self.restarts = 0

    def feed(self, pcm: bytes) -> Mapping[str, float]:
        self.heard.append(int.from_bytes(pcm[:4], "little"))
        return self._score(self.heard[-1])

    def restart(self) -> None:
        self.restarts += 1
        self.heard.clear()


def at(phrase: str, scores: Mapping[int, float]) -> ScriptedScorer:
    return ScriptedScorer(lambda index: {phrase: scores.get(index, 0.0)})


def events(detector: WakeCascade | WakeWatch, frames: int) -> list[WakeEvent]:
    found = (detector.feed(sound(index)) for index in range(frames))
    return [event for event in found if event is not None]


def cascade(
    gate: Mapping[int, float], accurate: Mapping[int, float], phrase: Phrase = ALEXA
) -> WakeCascade:
    return WakeCascade([at(phrase.name, gate)], at(phrase.name, accurate), [phrase])


def test_the_accurate_model_sleeps_while_the_gate_sees_nothing() -> None:
    accurate = at("alexa", dict.fromkeys(range(200), 1.0))
    detector = WakeCascade([at("alexa", dict.fromkeys(range(200), 0.19))], accurate, [ALEXA])
    assert events(detector, 200) == []
    assert accurate.heard == []


def test_the_accurate_model_sleeps_again_when_the_gate_has_long_been_shut() -> None:
    accurate = at("alexa", {})
    events(WakeCascade([at("alexa", {50: 0.9})], accurate, [ALEXA]), 200)
    assert accurate.heard == list(range(51 - BACKLOG_FRAMES, 50 + OPEN_FRAMES))


@given(st.lists(st.integers(0, 70), max_size=6))
def test_the_accurate_model_hears_no_gap_and_enough_from_before(pauses: list[int]) -> None:
    gate = [score for pause in pauses for score in (*[0.0] * pause, 0.3)]
    accurate = at("alexa", {})
    detector = WakeCascade([at("alexa", dict(enumerate(gate)))], accurate, [ALEXA])
    for index, score in enumerate(gate):
        detector.feed(sound(index))
        if score >= ALEXA.gate:
            first = accurate.heard[0]
            assert accurate.heard == list(range(first, index + 1))
            assert first <= max(0, index + 1 - BACKLOG_FRAMES)
            assert accurate.restarts > 0


@pytest.mark.parametrize("apart", [-8, -1, 0, 1, OPEN_FRAMES - 1])
def test_it_wakes_whichever_model_peaks_first(apart: int) -> None:
    (event,) = events(cascade({40: 0.9}, {40 + apart: 0.9}), 100)
    assert event.phrase == "alexa"
    assert event.score == pytest.approx(0.9)
    assert event.at == pytest.approx(sound(40 + max(apart, 0)).end)


def test_peaks_that_lie_far_apart_are_not_the_same_word() -> None:
    gate = {40: 0.95} | {40 + step: 0.2 for step in range(1, 3 * EVIDENCE_FRAMES)}
    accurate = {40 + 2 * EVIDENCE_FRAMES: 0.7}
    assert fuse(0.95, 0.7) > ALEXA.threshold
    assert events(cascade(gate, accurate), 200) == []


def test_each_model_can_veto_the_other() -> None:
    assert events(cascade({40: 0.9}, {40: 0.05}), 80) == []
    assert events(cascade({40: 0.21}, {40: 0.6}), 80) == []
    assert len(events(cascade({40: 0.3}, {40: 0.8}), 80)) == 1


def test_a_gate_that_is_no_witness_does_not_count() -> None:
    phrase = Phrase("hey_rhasspy", threshold=0.5, gate=0.5)
    assert events(cascade({40: 1.0}, {40: 0.49}, phrase), 80) == []
    (event,) = events(cascade({40: 1.0}, {40: 0.51}, phrase), 80)
    assert event.score == 0.51


def test_a_phrase_wakes_once_in_its_refractory_time() -> None:
    always = dict.fromkeys(range(100), 0.9)
    waits = math.ceil(ALEXA.refractory / 0.08)
    woke = [round(event.at / 0.08) - 1 for event in events(cascade(always, always), 100)]
    assert woke == list(range(0, 100, waits))
    watch = WakeWatch(at("alexa", always), [ALEXA])
    assert [round(event.at / 0.08) - 1 for event in events(watch, 100)] == woke


def two(gate: Mapping[str, float], accurate: Mapping[str, float]) -> WakeCascade:
    phrases = [Phrase("alexa", 0.5, 0.2), Phrase("okay_nabu", 0.5, 0.2, refractory=4.0)]
    gates = [at(name, {40: score, 60: score}) for name, score in gate.items()]
    scorer = ScriptedScorer(lambda index: accurate if index in {40, 60} else {})
    return WakeCascade(gates, scorer, phrases)


def test_of_two_phrases_the_surer_one_wakes() -> None:
    found = events(two({"alexa": 1, "okay_nabu": 1}, {"alexa": 0.7, "okay_nabu": 0.8}), 50)
    assert [event.phrase for event in found] == ["okay_nabu"]


def test_a_phrase_whose_gate_is_shut_does_not_wake() -> None:
    found = events(two({"alexa": 1, "okay_nabu": 0}, {"alexa": 0.7, "okay_nabu": 0.8}), 50)
    assert [event.phrase for event in found] == ["alexa"]


def test_another_phrase_may_wake_in_a_phrases_refractory_time() -> None:
    found = events(two({"alexa": 1, "okay_nabu": 1}, {"alexa": 0.7, "okay_nabu": 0.8}), 80)
    assert [event.phrase for event in found] == ["okay_nabu", "alexa"]


def test_after_a_reset_nothing_heard_before_counts() -> None:
    gate, accurate = at("alexa", {40: 0.9, 45: 0.3}), at("alexa", {38: 0.9})
    detector = WakeCascade([gate], accurate, [ALEXA])
    for index in range(40):
        detector.feed(sound(index))
    detector.reset()
    assert gate.restarts == 1
    assert [detector.feed(sound(index)) for index in range(40, 60)] == [None] * 20
    assert min(accurate.heard) == 40


def test_a_reset_ends_the_refractory_time() -> None:
    phrase = Phrase("alexa", threshold=0.5, gate=0.2, fused=True, refractory=8.0)
    detector = cascade({40: 0.9}, {40: 0.9}, phrase)
    assert len(events(detector, 50)) == 1
    detector.reset()
    assert len(events(detector, 50)) == 1


scores = st.floats(0, 1)


@given(scores, scores)
def test_a_fused_score_lies_between_both_and_knows_no_order(first: float, second: float) -> None:
    fused = fuse(first, second)
    assert fused == pytest.approx(fuse(second, first))
    slack = 0.005  # scores are capped at 0.996
    assert min(first, second) - slack <= fused <= max(first, second) + slack


@given(scores, scores, scores)
def test_a_surer_model_never_lowers_a_fused_score(low: float, high: float, other: float) -> None:
    low, high = sorted((low, high))
    assert fuse(low, other) <= fuse(high, other)


class ConstantSpeech:
    """A SpeechDetector that takes everything, or nothing, for speech."""

    def __init__(self, share: float) -> None:
        self._share = share

    def feed(self, pcm: bytes) -> float:
        return self._share

    def reset(self) -> None: ...


def gate_opens(gate: SpeechGate, samples: Sequence[float] | np.ndarray) -> int:
    pcm = np.asarray(samples).astype(np.int16).tobytes()
    pieces = (pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))
    return sum(gate.feed(piece)["x"] for piece in pieces)


NOISE = np.random.default_rng(5).normal(0, 1, 100 * FRAME_SAMPLES)


@pytest.mark.parametrize("loudness", [0, 5, 300, 6000])
def test_the_speech_gate_stays_shut_in_steady_noise(loudness: int) -> None:
    assert gate_opens(SpeechGate(ConstantSpeech(1.0), ["x"]), NOISE * loudness) == 0


def test_the_speech_gate_opens_where_speech_rises_over_noise() -> None:
    louder = np.repeat([100, 400], len(NOISE) // 2)
    assert gate_opens(SpeechGate(ConstantSpeech(1.0), ["x"]), NOISE * louder) > 0
    assert gate_opens(SpeechGate(ConstantSpeech(0.5), ["x"]), NOISE * louder) == 0


def test_the_speech_gate_shuts_when_the_noise_has_lasted() -> None:
    gate = SpeechGate(ConstantSpeech(1.0), ["x"])
    gate_opens(gate, NOISE * np.repeat([100, 400], len(NOISE) // 2))
    assert gate_opens(gate, NOISE * 400) == 0


def test_a_restarted_speech_gate_knows_no_noise() -> None:
    gate = SpeechGate(ConstantSpeech(1.0), ["x"])
    gate_opens(gate, NOISE * 100)
    gate.restart()
    assert gate_opens(gate, NOISE * 400) == 0

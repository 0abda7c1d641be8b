"""The ear: frames in, utterances out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.settings import ListenSettings, WakeSettings
from assistant.types import (
    FRAME_BYTES,
    FRAME_SECONDS,
    AudioFrame,
    Partial,
    Transcript,
    Utterance,
    WakeEvent,
)
from pipeline.listen import Event, Heard, Listener, Lost, NoSpeech, ring_for
from pipeline.ports import Verdict

SETTINGS = ListenSettings(pre_roll=0.4, longest=4.0)
PRE_ROLL = 5


class ScriptedWake:
    """Wakes at the frames it is told."""

    def __init__(self, at: Sequence[int]) -> None:
        self._at = set(at)
        self.heard: list[int] = []
        self.resets = 0

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        self.heard.append(frame.index)
        return WakeEvent(frame.end, "alexa", 0.9) if frame.index in self._at else None

    def reset(self) -> None:
        self.resets += 1


class ScriptedEnd:
    """Gives verdicts one after the other; speech is what was not a closing one."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self._verdicts = verdicts
        self.pre_rolls: list[bytes] = []
        self.partials: list[Partial | None] = []

    def open(self, pre_roll: bytes) -> None:
        self.pre_rolls.append(pre_roll)
        self._left = list(self._verdicts)
        self.speech_end: float | None = None

    def forget(self) -> None: ...

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        self.partials.append(partial)
        verdict = self._left.pop(0) if self._left else "open"
        if verdict == "open":
            self.speech_end = frame.end
        return verdict


class Recording:
    """A Decoding that remembers what it was fed."""

    def __init__(self) -> None:
        self.pcm = b""
        self.pauses = 0
        self.abandoned = False

    def feed(self, pcm: bytes) -> Partial | None:
        self.pcm += pcm
        if len(self.pcm) > len(pcm):
            return None
        return Partial(Private("words"), complete=False, extendable=True)

    def pause(self) -> None:
        self.pauses += 1

    def finish(self, utterance: Utterance) -> Transcript:
        return Transcript(utterance.id, Private(""), 1.0)

    def abandon(self) -> None:
        self.abandoned = True


class Recorder:
    """A Recognizer that keeps its decodings."""

    def __init__(self) -> None:
        self.decodings: list[Recording] = []

    def open(self, expect: str = "command") -> Recording:
        self.decodings.append(Recording())
        return self.decodings[-1]

    def close(self) -> None:
        pass


class Ear:
    """A Listener with stand-ins, and what came out of it."""

    def __init__(
        self, wake: Sequence[int] | None = (), verdicts: Sequence[Verdict] = ("open",) * 3
    ) -> None:
        self.wake = ScriptedWake(wake) if wake is not None else None
        self.end = ScriptedEnd((*verdicts, "silence") if verdicts[-1] == "open" else verdicts)
        self.recognizer = Recorder()
        self.ring = ring_for(SETTINGS)
        self.listener = Listener(
            wake=self.wake, endpointer=self.end, recognizer=self.recognizer, ring=self.ring
        )

    def hear(self, first: int, last: int) -> list[Event]:
        """Frames first..last, and what they gave."""
        return [e for index in range(first, last + 1) for e in self.listener.feed(a_frame(index))]


def a_frame(index: int) -> AudioFrame:
    return AudioFrame(index, pcm_of(index))


def pcm_of(*indices: int) -> bytes:
    return b"".join((index + 1).to_bytes(2, "little") * (FRAME_BYTES // 2) for index in indices)


def test_a_wake_word_begins_an_utterance_that_has_its_pre_roll_and_all_that_follows() -> None:
    ear = Ear(wake=[10])
    wake, heard = ear.hear(0, 20)
    assert wake == WakeEvent(11 * FRAME_SECONDS, "alexa", 0.9)
    assert isinstance(heard, Heard)
    said = heard.utterance
    assert said.pcm.reveal() == pcm_of(*range(6, 15))
    assert said.id == 1
    assert said.closed_by == "silence"
    assert said.start == pytest.approx(6 * FRAME_SECONDS)
    assert said.end == pytest.approx(15 * FRAME_SECONDS)
    assert said.speech_end == pytest.approx(14 * FRAME_SECONDS)


def test_the_recognizer_hears_exactly_the_utterance_and_the_endpointer_its_words() -> None:
    ear = Ear(wake=[10])
    _, heard = ear.hear(0, 14)
    assert isinstance(heard, Heard)
    assert heard.decoding is ear.recognizer.decodings[0]
    assert ear.recognizer.decodings[0].pcm == heard.utterance.pcm.reveal()
    assert ear.end.pre_rolls == [pcm_of(*range(6, 11))]
    assert [p is not None for p in ear.end.partials] == [True] * 4  # no news: the last one stands


def test_a_short_pause_is_told_to_the_recognizer() -> None:
    ear = Ear(wake=[0], verdicts=["open", "pause", "open", "pause", "silence"])
    ear.hear(0, 5)
    assert ear.recognizer.decodings[0].pauses == 2


def test_while_an_utterance_goes_on_the_wake_word_is_not_listened_for() -> None:
    ear = Ear(wake=[2, 4])
    events = ear.hear(0, 9)
    assert [type(event) for event in events] == [WakeEvent, Heard]
    assert ear.wake is not None
    assert ear.wake.heard == [0, 1, 2, 7, 8, 9]
    assert ear.wake.resets == 1


def test_utterances_are_numbered_and_share_no_audio() -> None:
    ear = Ear(wake=[3, 9])
    heard = [event for event in ear.hear(0, 20) if isinstance(event, Heard)]
    assert [item.utterance.id for item in heard] == [1, 2]
    assert heard[0].utterance.pcm.reveal() == pcm_of(*range(8))
    assert heard[1].utterance.pcm.reveal() == pcm_of(*range(8, 14))


def test_after_an_utterance_nothing_of_it_is_left_in_memory() -> None:
    ear = Ear(wake=[10])
    ear.hear(0, 14)
    assert not any(ear.ring.snapshot())


def test_between_utterances_only_the_pre_roll_is_in_memory() -> None:
    ear = Ear()
    ear.hear(0, 500)
    assert ear.ring.peek() == pcm_of(*range(501 - PRE_ROLL, 501))
    assert len(ear.ring.snapshot().replace(b"\0\0", b"")) <= PRE_ROLL * FRAME_BYTES


def test_a_wake_word_with_no_command_is_dropped() -> None:
    ear = Ear(wake=[2], verdicts=["pause", "no_speech"])
    assert [type(event) for event in ear.hear(0, 9)] == [WakeEvent, NoSpeech]
    assert ear.recognizer.decodings[0].abandoned
    assert not ear.listener.is_open
    ear = Ear(wake=[2], verdicts=["pause", "no_speech"])
    assert ear.hear(0, 4)[-1] == NoSpeech(5 * FRAME_SECONDS)
    assert not any(ear.ring.snapshot())


def test_told_to_open_the_very_next_frame_is_the_first_of_the_utterance() -> None:
    ear = Ear(wake=None)
    assert ear.hear(0, 3) == []
    ear.listener.open()
    (heard,) = ear.hear(4, 20)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(4, 5, 6, 7)
    assert heard.utterance.start == pytest.approx(4 * FRAME_SECONDS)
    assert ear.end.pre_rolls == [b""]


def test_what_was_said_before_a_button_was_pressed_is_no_part_of_the_command() -> None:
    ear = Ear(wake=[])
    ear.hear(0, 10)
    ear.listener.open()
    assert not any(ear.ring.snapshot())
    (heard,) = ear.hear(11, 20)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(11, 12, 13, 14)


def test_a_recording_is_one_utterance_and_the_rest_of_it_is_ignored() -> None:
    ear = Ear(wake=None)
    ear.listener.open()
    assert [type(event) for event in ear.hear(0, 40)] == [Heard]
    assert ear.listener.finish() == ()


def test_the_end_of_a_recording_closes_an_utterance_in_which_something_was_said() -> None:
    ear = Ear(wake=None, verdicts=["open"] * 30)
    ear.listener.open()
    ear.hear(0, 9)
    (heard,) = ear.listener.finish()
    assert isinstance(heard, Heard)
    assert heard.utterance.closed_by == "end"
    assert heard.utterance.end == pytest.approx(10 * FRAME_SECONDS)
    assert heard.utterance.pcm.reveal() == pcm_of(*range(10))


def test_a_recording_in_which_nothing_is_said_gives_no_utterance_but_says_so() -> None:
    ear = Ear(wake=None, verdicts=["pause"] * 30)
    ear.listener.open()
    assert ear.hear(0, 9) == []
    assert ear.listener.finish() == (NoSpeech(10 * FRAME_SECONDS),)
    assert ear.recognizer.decodings[0].abandoned


def test_an_empty_recording_says_so_too() -> None:
    ear = Ear(wake=None)
    ear.listener.open()
    assert ear.listener.finish() == (NoSpeech(0.0),)


def test_no_audio_from_before_a_gap_is_joined_to_what_follows() -> None:
    ear = Ear(wake=[20])
    ear.hear(0, 17)
    wake, heard = ear.hear(20, 30)
    assert isinstance(wake, WakeEvent)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(20, 21, 22, 23, 24)
    assert ear.wake is not None
    assert ear.wake.resets == 2


def test_an_utterance_with_a_gap_in_it_is_lost_and_the_log_says_so_without_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ear = Ear(wake=[2])
    with caplog.at_level(logging.WARNING):
        events = ear.hear(0, 4) + ear.hear(7, 12)
    assert events[1:] == [Lost(5 * FRAME_SECONDS)]
    assert ear.recognizer.decodings[0].abandoned
    assert [record.getMessage() for record in caplog.records] == [
        "an utterance was dropped: audio was lost in the middle of it"
    ]
    assert b"\x03\0" not in ear.ring.snapshot()


def test_an_order_to_listen_outlives_a_gap_that_comes_before_its_first_frame() -> None:
    ear = Ear(wake=None)
    ear.hear(0, 2)
    ear.listener.open()
    (heard,) = ear.hear(9, 20)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(9, 10, 11, 12)


def test_told_to_open_again_it_throws_away_what_it_had() -> None:
    ear = Ear(wake=None)
    ear.listener.open()
    ear.hear(0, 1)
    ear.listener.open()
    (heard,) = ear.hear(2, 9)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(2, 3, 4, 5)
    assert ear.recognizer.decodings[0].abandoned


def test_an_utterance_as_long_as_may_be_fits_in_the_ring() -> None:
    longest = round(SETTINGS.longest / FRAME_SECONDS)
    ear = Ear(wake=[10], verdicts=[*["open"] * (longest - 1), "limit"])  # type: ignore[list-item]
    _, heard = ear.hear(0, 100)
    assert isinstance(heard, Heard)
    assert heard.utterance.pcm.reveal() == pcm_of(*range(6, 11 + longest))


def test_more_sound_than_the_ring_holds_leaves_the_newest_and_says_where_it_began() -> None:
    ear = Ear(wake=[0], verdicts=["pause"])
    ear.hear(0, 60)
    (heard,) = ear.listener.finish()
    assert isinstance(heard, Heard)
    room = len(ear.ring.snapshot()) // FRAME_BYTES
    assert heard.utterance.pcm.reveal() == pcm_of(*range(61 - room, 61))
    assert heard.utterance.start == pytest.approx((61 - room) * FRAME_SECONDS)


@given(
    wakes=st.sets(st.integers(0, 60), max_size=6),
    gaps=st.sets(st.integers(0, 60), max_size=3),
    verdicts=st.lists(
        st.sampled_from(["open", "pause", "silence", "complete", "no_speech"]), min_size=1
    ),
)
def test_an_utterance_is_always_a_whole_stretch_of_the_sound(
    wakes: set[int], gaps: set[int], verdicts: list[Verdict]
) -> None:
    ear = Ear(wake=sorted(wakes), verdicts=verdicts)
    indices = [index for index in range(61) if index not in gaps]
    events = [event for index in indices for event in ear.listener.feed(a_frame(index))]
    events += ear.listener.finish()
    after = -1.0
    for event in events:
        if isinstance(event, Heard):
            said = event.utterance
            first, end = round(said.start / FRAME_SECONDS), round(said.end / FRAME_SECONDS)
            assert said.pcm.reveal() == pcm_of(*range(first, end))
            assert not gaps & set(range(first, end))
            assert first >= after
            after = end
    assert not ear.listener.is_open
    ear.ring.close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alexa_light_on_glued", "alexa turn on the kitchen light"),
        ("alexa_lights_off_glued", "alexa turn off the lights in the living room"),
    ],
)
def test_a_command_spoken_in_one_breath_with_the_wake_word_loses_no_word(
    recordings: Path, name: str, text: str
) -> None:
    """The wake word is noticed late; what was said meanwhile is in the pre-roll."""
    from pipeline.engines.sphinx_align import Aligner
    from pipeline.engines.wake import wake_detector
    from pipeline.sources.file import FileSource

    heard = list(FileSource(recordings / f"{name}.flac").frames())
    ear = Listener(
        wake=wake_detector(WakeSettings()),
        endpointer=ScriptedEnd(["open"] * 400),
        recognizer=Recorder(),
        ring=ring_for(ListenSettings()),
    )
    events = [event for frame in heard for event in ear.feed(frame)]
    events += ear.finish()
    said = next(event.utterance for event in events if isinstance(event, Heard))
    whole = b"".join(frame.pcm for frame in heard)
    words = Aligner().words(whole, text)
    assert said.start <= words[0][1]
    assert said.pcm.reveal() == whole[round(said.start / FRAME_SECONDS) * FRAME_BYTES :]

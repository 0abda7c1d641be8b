"""When a command is over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.private import Private
from assistant.settings import ListenSettings
from assistant.types import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, AudioFrame, Partial
from pipeline.endpoint import SpeechEndpointer
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.ports import Verdict

TIMES = ListenSettings(
    complete=0.32, silence=0.64, unfinished=1.6, no_speech=4.0, longest=12.0, pre_roll=0.6
)
VOICE, ROOM = 2_000.0, 20.0
"""Amplitudes: a speaker, and the room's own noise."""

COMPLETE = Partial(Private("next song"), complete=True, extendable=False)
EXTENDABLE = Partial(Private("turn on the light"), complete=True, extendable=True)
UNFINISHED = Partial(Private("set a timer for"), complete=False, extendable=True)
NO_COMMAND = Partial(Private("so he says"), complete=False, extendable=False)


class LoudIsSpeech:
    """Takes whatever is not the room's noise for speech."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._loudest = 0.0

    def feed(self, pcm: bytes) -> float:
        level = float(np.frombuffer(pcm, "<i2").astype(float).std())
        self._loudest = max(self._loudest, level)
        return 1.0 if level > self._loudest / 60 else 0.0


def sound(*stretches: tuple[float, float], seed: int = 0) -> list[bytes]:
    """Frames of noise: (seconds, amplitude) one after the other."""
    random = np.random.default_rng(seed)
    parts = [random.normal(0, amplitude, round(s * 16_000)) for s, amplitude in stretches]
    return frames(np.concatenate(parts).clip(-32_768, 32_767).astype("<i2"))


def frames(samples: NDArray[np.int16]) -> list[bytes]:
    whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
    pcm = samples[:whole].astype("<i2").tobytes()
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def down(decibels: float) -> float:
    return VOICE * 10 ** (-decibels / 20)


def an_endpointer() -> SpeechEndpointer:
    return SpeechEndpointer(TIMES, LoudIsSpeech())


def closing(
    endpointer: SpeechEndpointer,
    heard: Iterable[bytes],
    partials: Sequence[Partial | None] | Partial | None = None,
    *,
    pre_roll: bytes = b"",
) -> tuple[Verdict, float]:
    """The verdict that closes, and when; "open" where the sound ends first."""
    endpointer.open(pre_roll)
    index = -1
    for index, pcm in enumerate(heard):
        if isinstance(partials, Sequence):
            partial = partials[min(index, len(partials) - 1)]
        else:
            partial = partials
        verdict = endpointer.feed(AudioFrame(index, pcm), partial)
        if verdict not in ("open", "pause"):
            return verdict, round((index + 1) * FRAME_SECONDS, 2)
    return "open", round((index + 1) * FRAME_SECONDS, 2)


def waited(partial: Partial | None) -> tuple[Verdict, float]:
    """The verdict and the wait after 1.6 s of speech in a quiet room."""
    verdict, at = closing(an_endpointer(), sound((0.4, ROOM), (1.6, VOICE), (6, ROOM)), partial)
    return verdict, round(at - 2.0, 2)


def test_a_complete_command_is_closed_soon() -> None:
    assert waited(COMPLETE) == ("complete", 0.32)


def test_a_complete_command_that_could_go_on_is_given_a_little_longer() -> None:
    assert waited(EXTENDABLE) == ("complete", 0.48)


def test_without_words_silence_closes() -> None:
    assert waited(None) == ("silence", 0.64)


def test_half_a_command_is_waited_for() -> None:
    assert waited(UNFINISHED) == ("silence", 1.6)


def test_what_is_no_command_is_closed_like_any_speech() -> None:
    assert waited(NO_COMMAND) == ("silence", 0.64)


def test_a_pause_in_the_middle_of_a_command_does_not_cut_it() -> None:
    heard = sound((0.4, ROOM), (0.8, VOICE), (1.2, ROOM), (0.8, VOICE), (3, ROOM))
    partials = [UNFINISHED] * 32 + [COMPLETE]
    assert closing(an_endpointer(), heard, partials) == ("complete", 3.52)


def test_words_that_change_though_nobody_speaks_are_not_waited_for() -> None:
    changing = [Partial(Private(f"add {n}"), complete=False, extendable=True) for n in range(100)]
    heard = sound((0.4, ROOM), (1.6, VOICE), (6, ROOM))
    assert closing(an_endpointer(), heard, changing) == ("silence", 2.64)


def test_a_command_stays_complete_when_the_recognizer_reads_on_into_the_silence() -> None:
    heard = sound((0.4, ROOM), (1.6, VOICE), (6, ROOM))
    partials = [EXTENDABLE] * 29 + [UNFINISHED]
    assert closing(an_endpointer(), heard, partials) == ("complete", 2.48)


def test_a_command_that_was_complete_for_a_moment_and_went_on_is_not_closed_early() -> None:
    heard = sound((0.4, ROOM), (1.6, VOICE), (6, ROOM))
    partials = [EXTENDABLE] * 23 + [UNFINISHED]
    assert closing(an_endpointer(), heard, partials) == ("silence", 3.6)


def test_a_complete_command_that_flickers_by_is_not_believed() -> None:
    heard = sound((0.4, ROOM), (1.6, VOICE), (6, ROOM))
    flicker: list[Partial | None] = [COMPLETE if n % 2 else NO_COMMAND for n in range(100)]
    assert closing(an_endpointer(), heard, flicker) == ("silence", 2.64)


def test_what_is_read_of_the_whole_at_a_pause_is_believed_at_once_and_until_speech_goes_on() -> (
    None
):
    guesses = [Partial(Private(f"add {n}"), complete=False, extendable=True) for n in range(60)]
    settled = Partial(Private("cancel all timers"), complete=True, extendable=False, settled=True)
    partials = [*guesses[:28], settled, *guesses[28:]]
    heard = sound((0.4, ROOM), (1.6, VOICE), (6, ROOM))
    assert closing(an_endpointer(), heard, partials) == ("complete", 2.32)
    settled = Partial(Private("set a timer for"), complete=False, extendable=True, settled=True)
    partials = [*guesses[:28], settled, *guesses[28:40], *[COMPLETE] * 30]
    heard = sound((0.4, ROOM), (1.6, VOICE), (0.8, ROOM), (0.8, VOICE), (3, ROOM))
    assert closing(an_endpointer(), heard, partials) == ("complete", 3.92)


@pytest.mark.parametrize("extendable", [True, False])
def test_nothing_is_closed_before_the_recognizer_was_told_of_the_pause(extendable: bool) -> None:
    said = Partial(Private("next"), complete=True, extendable=extendable)
    heard = sound((0.4, ROOM), (0.8, VOICE), (0.2, ROOM), (0.16, VOICE), (3, ROOM))
    endpointer = an_endpointer()
    verdicts = [endpointer.feed(AudioFrame(n, pcm), said) for n, pcm in enumerate(heard)]
    last = verdicts.index("complete")
    assert "pause" in verdicts[20:last]


def test_complete_words_without_a_voice_close_nothing() -> None:
    assert closing(an_endpointer(), [bytes(FRAME_BYTES)] * 50, COMPLETE)[0] == "open"


@pytest.mark.parametrize("below", [10.5, 15, 20])
@pytest.mark.parametrize("partial", [None, COMPLETE, EXTENDABLE])
def test_somebody_further_off_does_not_hold_it_open(below: float, partial: Partial | None) -> None:
    talk = down(below)
    heard = sound((0.4, talk), (2.0, VOICE), (12, talk))
    verdict, at = closing(an_endpointer(), heard, partial)
    assert verdict in ("silence", "complete")
    assert at <= 2.4 + 2 * TIMES.silence + FRAME_SECONDS


def test_a_loud_syllable_of_somebody_else_does_not_start_the_wait_again() -> None:
    talk = [part for _ in range(20) for part in ((0.72, down(14)), (0.08, down(8)))]
    verdict, at = closing(an_endpointer(), sound((0.4, ROOM), (2.0, VOICE), *talk))
    assert verdict == "silence"
    assert at < 6.0


def test_a_fading_last_word_is_not_cut() -> None:
    heard = sound((0.4, ROOM), (1.2, VOICE), (0.96, down(15)), (0.4, VOICE), (3, ROOM))
    verdict, at = closing(an_endpointer(), heard)
    assert verdict == "silence"
    assert at >= 2.96 + TIMES.complete


def test_who_goes_on_after_a_long_pause_is_waited_for_anew() -> None:
    heard = sound((0.4, ROOM), (0.8, VOICE), (1.36, ROOM), (0.4, VOICE), (3, ROOM))
    partials = [UNFINISHED] * 36 + [NO_COMMAND]
    assert closing(an_endpointer(), heard, partials) == ("silence", 3.6)


def test_words_that_come_to_nothing_while_the_speaker_speaks_close_nothing() -> None:
    heard = sound((0.4, ROOM), (0.8, VOICE), (1.36, ROOM), (0.08, VOICE), (0.56, ROOM), seed=2)
    partials = [UNFINISHED] * 32 + [NO_COMMAND]
    assert closing(an_endpointer(), heard, partials)[1] > 2.64


def test_a_knock_while_the_speaker_speaks_does_not_make_the_speaker_a_stranger() -> None:
    heard = sound((0.4, ROOM), (0.4, VOICE), (0.08, 8 * VOICE), (2.4, VOICE), (3, ROOM))
    assert closing(an_endpointer(), heard) == ("silence", 3.92)


class Doubtful:
    """A fine detector that believes in a voice at first, then doubts it."""

    def __init__(self, believes: int) -> None:
        self._believes = believes
        self.reset()

    def reset(self) -> None:
        self._left = self._believes

    def feed(self, pcm: bytes) -> float:
        if np.frombuffer(pcm, "<i2").astype(float).std() < VOICE / 4:
            return 0.0
        self._left -= 1
        return 0.95 if self._left >= 0 else 0.03


def test_a_voice_that_stands_clear_of_the_room_is_followed_though_one_detector_doubts_it() -> None:
    endpointer = SpeechEndpointer(TIMES, LoudIsSpeech(), Doubtful(6))
    heard = sound((0.8, ROOM), (2.4, VOICE), (3, ROOM))
    assert closing(endpointer, heard) == ("silence", 3.84)


def test_a_clatter_that_only_the_coarse_detector_takes_for_speech_begins_nothing() -> None:
    endpointer = SpeechEndpointer(TIMES, LoudIsSpeech(), Doubtful(0))
    assert closing(endpointer, sound((0.8, ROOM), (1.2, VOICE), (8, ROOM)))[0] == "open"


def test_a_speaker_who_grows_quieter_is_heard_to_the_end() -> None:
    fading = [(0.4, down(2 * step)) for step in range(6)]
    verdict, at = closing(an_endpointer(), sound((0.4, ROOM), *fading, (3, ROOM)))
    assert verdict == "silence"
    assert at > 2.8 + 0.3


def test_the_press_of_a_button_is_not_the_speaker() -> None:
    heard = sound((0.24, 5 * VOICE), (0.4, ROOM), (2.0, VOICE), (3, ROOM))
    assert closing(an_endpointer(), heard) == ("silence", 3.28)


def test_after_a_wake_word_silence_is_given_up_soon() -> None:
    pre_roll = b"".join(sound((0.2, ROOM), (0.6, VOICE)))
    verdict = closing(an_endpointer(), sound((15, ROOM)), pre_roll=pre_roll)
    assert verdict == ("no_speech", TIMES.no_speech)


def test_the_end_of_the_wake_word_is_no_command() -> None:
    pre_roll = b"".join(sound((0.2, ROOM), (0.6, VOICE)))
    heard = sound((0.24, VOICE), (15, ROOM), seed=1)
    verdict = closing(an_endpointer(), heard, pre_roll=pre_roll)
    assert verdict == ("no_speech", TIMES.no_speech)


def test_who_is_much_quieter_than_the_wake_word_is_not_the_speaker() -> None:
    pre_roll = b"".join(sound((0.2, ROOM), (0.6, VOICE)))
    verdict, at = closing(an_endpointer(), sound((15, down(20)), seed=1), pre_roll=pre_roll)
    assert verdict == "silence"
    assert at < 3.0


def test_told_to_listen_it_waits_for_the_first_word_as_long_as_an_utterance_may_last() -> None:
    heard = sound((20, 0))
    assert closing(an_endpointer(), heard) == ("no_speech", TIMES.longest)


def test_endless_speech_is_closed_at_the_limit() -> None:
    heard = sound((20, VOICE))
    assert closing(an_endpointer(), heard) == ("limit", TIMES.longest)


def test_each_pause_is_told_once() -> None:
    endpointer = an_endpointer()
    heard = sound((0.8, VOICE), (0.4, ROOM), (0.8, VOICE), (0.4, ROOM))
    verdicts = [endpointer.feed(AudioFrame(n, pcm), None) for n, pcm in enumerate(heard)]
    assert verdicts.count("pause") == 2
    assert set(verdicts) == {"open", "pause"}


def test_the_end_of_speech_is_where_the_voice_ended() -> None:
    endpointer = an_endpointer()
    closing(endpointer, sound((0.4, ROOM), (1.6, VOICE), (6, ROOM)))
    assert endpointer.speech_end == 2.0


levels = st.lists(
    st.tuples(st.sampled_from([0.08, 0.16, 0.4, 1.2]), st.sampled_from([0, 30, 80, 90])),
    min_size=1,
    max_size=12,
)
words = st.lists(
    st.sampled_from([None, COMPLETE, EXTENDABLE, UNFINISHED, NO_COMMAND]), min_size=1, max_size=30
)


def stretches(wanted: list[tuple[float, int]]) -> list[bytes]:
    return sound(*((seconds, 10 ** (level / 20) / 10) for seconds, level in wanted))


@settings(max_examples=60, deadline=None)
@given(levels, words, st.booleans())
def test_the_same_frames_give_the_same_verdict_and_every_utterance_ends(
    wanted: list[tuple[float, int]], partials: list[Partial | None], woken: bool
) -> None:
    pre_roll = bytes(FRAME_BYTES) if woken else b""
    heard = stretches([*wanted, (12.0, wanted[-1][1])])
    endpointer = an_endpointer()
    first = closing(endpointer, heard, partials, pre_roll=pre_roll)
    again = closing(endpointer, heard, partials, pre_roll=pre_roll)
    assert first == again
    assert first[0] != "open"
    assert first[1] <= TIMES.longest + FRAME_SECONDS / 2


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 8.0), st.integers(-3_000, 3_000))
def test_neither_the_gain_nor_an_offset_of_the_microphone_matters(gain: float, offset: int) -> None:
    random = np.random.default_rng(3)
    plain = np.concatenate(
        [random.normal(0, level, 16_000) for level in (30, VOICE, VOICE, 30, 30)]
    )
    talk = np.concatenate(
        [random.normal(0, level, 16_000) for level in (30, VOICE, VOICE, down(14), down(14))]
    )
    changed = (plain * gain + offset).clip(-32_768, 32_767).astype("<i2")
    verdict, at = closing(an_endpointer(), frames(changed))
    assert verdict == "silence"
    assert abs(at - 3.0 - TIMES.silence) < 1.5 * FRAME_SECONDS
    changed = (talk * gain + offset).clip(-32_768, 32_767).astype("<i2")
    assert closing(an_endpointer(), frames(changed))[0] == "silence"


def test_webrtc_hears_a_recorded_voice_and_no_silence(recordings: Path) -> None:
    vad = WebrtcSpeech()
    assert all(vad.feed(bytes(FRAME_BYTES)) == 0.0 for _ in range(20))
    vad.reset()
    voiced = [vad.feed(pcm) for pcm in frames(read(sorted(recordings.glob("*.flac"))[0]))]
    assert sum(share > 0.5 for share in voiced) > 5


def read(path: Path) -> NDArray[np.int16]:
    from pipeline.sources.file import read_samples

    return read_samples(path, 60.0)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["recorded", "generated"])
def test_no_recorded_command_is_cut_short_or_kept_waiting(shared_data: Path, folder: str) -> None:
    from pipeline.engines.silero_vad import SileroSpeech
    from pipeline.engines.sphinx_align import Aligner

    home = shared_data / "audio" / "home" / folder
    labels = json.loads((home / "labels.json").read_text())
    endpointer = SpeechEndpointer(ListenSettings(), WebrtcSpeech(), SileroSpeech())
    aligner = Aligner()
    late = 0
    said = [label for label in labels if label["text"]][:12]
    for label in said:
        samples = read(home / label["audio"])
        end = aligner.last_word_end(samples.tobytes(), label["text"])
        if end is None:
            continue
        quiet = np.tile(samples[-3_200:], 20)
        verdict, at = closing(endpointer, frames(np.concatenate((samples, quiet))))
        assert verdict == "silence", label["audio"]
        assert at > end - 0.05, label["audio"]
        late += at > end + 0.8
    assert late <= 1

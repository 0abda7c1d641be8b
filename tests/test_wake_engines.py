"""The real wake-word engines, on the recordings that ship with the project and on real people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.bench.wake import frames
from assistant.errors import ModelError, SettingsError
from assistant.hearing import FLUSH_FRAMES
from assistant.settings import WakePhrase, WakeSettings
from assistant.types import SAMPLE_RATE, WakeEvent
from pipeline.engines.openwakeword import BUILT_IN, OpenWakeWordScorer, built_in
from pipeline.engines.wake import wake_detector
from pipeline.sources.file import read_samples
from pipeline.sources.mix import mix
from pipeline.wake import WakeCascade, WakeWatch

Detector = WakeCascade | WakeWatch
Samples = NDArray[np.int16]


def make(*phrases: WakePhrase, engine: str = "cascade") -> Detector:
    detector = wake_detector(WakeSettings.model_validate({"engine": engine, "phrases": phrases}))
    assert detector is not None
    return detector


def hear(detector: Detector, samples: Samples) -> list[WakeEvent]:
    detector.reset()
    found = (detector.feed(frame) for frame in frames(samples.tobytes(), FLUSH_FRAMES))
    return [event for event in found if event is not None]


def spoken(folder: Path, pattern: str) -> Iterator[Samples]:
    return (read_samples(path, 60.0) for path in sorted(folder.glob(pattern)))


@pytest.fixture(scope="module")
def cascade() -> Detector:
    return make(WakePhrase())


@pytest.mark.parametrize(
    ("engine", "missed"),
    [
        ("cascade", 0),
        ("openwakeword", 0),
        ("microwakeword", 1),  # one synthesised voice stays below its author's threshold
    ],
)
def test_each_engine_hears_the_shipped_wake_words_once(
    engine: str, missed: int, recordings: Path
) -> None:
    detector = make(WakePhrase(), engine=engine)
    heard = [hear(detector, samples) for samples in spoken(recordings, "alexa_*.flac")]
    assert heard.count([]) <= missed
    for events in heard:
        assert len(events) <= 1
        assert all(event.phrase == "alexa" and 0.8 < event.at < 2.0 for event in events)


def test_nothing_else_that_ships_wakes_the_cascade(cascade: Detector, recordings: Path) -> None:
    for pattern in ("chat_*.flac", "cmd_*.flac"):
        for samples in spoken(recordings, pattern):
            assert hear(cascade, samples) == []


def test_the_same_sound_gives_the_same_events_after_a_reset(
    cascade: Detector, recordings: Path
) -> None:
    first, second = islice(spoken(recordings, "alexa_*.flac"), 2)
    before = hear(cascade, first)
    hear(cascade, second)
    assert hear(cascade, first) == before


@pytest.mark.parametrize("phrase", BUILT_IN)
def test_every_phrase_that_comes_with_the_library_loads_and_stays_quiet(
    phrase: str, recordings: Path
) -> None:
    detector = make(WakePhrase(phrase=phrase))
    for samples in spoken(recordings, "chat_*.flac"):
        assert hear(detector, samples) == []


def test_several_phrases_do_not_disturb_each_other(recordings: Path) -> None:
    alone = OpenWakeWordScorer({"alexa": built_in("alexa")})
    together = OpenWakeWordScorer({name: built_in(name) for name in BUILT_IN})
    samples = next(spoken(recordings, "alexa_*.flac"))
    for frame in frames(samples.tobytes()):
        assert together.feed(frame.pcm)["alexa"] == pytest.approx(alone.feed(frame.pcm)["alexa"])


def test_a_phrase_without_a_cheap_model_is_heard_behind_the_speech_gate(recordings: Path) -> None:
    own = WakePhrase(phrase="computer", model=built_in("alexa"))
    detector = make(own, WakePhrase(phrase="okay_nabu"))
    heard = [hear(detector, samples) for samples in spoken(recordings, "alexa_*.flac")]
    assert sum(len(events) == 1 and events[0].phrase == "computer" for events in heard) >= 8
    for samples in spoken(recordings, "chat_*.flac"):
        assert hear(detector, samples) == []


def test_an_own_microwakeword_model_is_taken(recordings: Path) -> None:
    import pymicro_wakeword

    model = Path(pymicro_wakeword.__file__).parent / "models" / "alexa.tflite"
    detector = make(WakePhrase(phrase="computer", model=model), engine="microwakeword")
    (event,) = hear(detector, next(spoken(recordings, "alexa_*.flac")))
    assert event.phrase == "computer"


def test_the_threshold_of_the_settings_is_kept(recordings: Path) -> None:
    samples = next(spoken(recordings, "alexa_*.flac"))
    assert hear(make(WakePhrase(threshold=0.999)), samples) == []
    assert len(hear(make(WakePhrase(threshold=0.05)), samples)) == 1


def test_a_word_cut_off_at_both_ends_is_heard(cascade: Detector, recordings: Path) -> None:
    for samples in spoken(recordings, "alexa_*.flac"):
        start = int(np.flatnonzero(np.abs(samples) > 400)[0])
        (event,) = hear(cascade, samples)
        word = samples[start : round((event.at + 0.1) * SAMPLE_RATE)]
        assert len(hear(cascade, word)) == 1


def test_push_to_talk_only_needs_no_detector() -> None:
    assert wake_detector(WakeSettings(engine="none")) is None


@pytest.mark.parametrize(
    ("engine", "phrases", "said"),
    [
        ("cascade", [WakePhrase(phrase="hey_sotto")], "no model for 'hey_sotto'"),
        ("openwakeword", [WakePhrase(phrase="hey_sotto")], "alexa, hey_rhasspy"),
        ("microwakeword", [WakePhrase(phrase="hey_rhasspy")], "no model for 'hey_rhasspy'"),
        ("cascade", [WakePhrase(), WakePhrase()], "'alexa' is there 2 times"),
        ("cascade", [], "there is none"),
    ],
)
def test_phrases_that_cannot_work_are_named(
    engine: str, phrases: Sequence[WakePhrase], said: str
) -> None:
    with pytest.raises((ModelError, SettingsError), match=r"^wake\.phrases: ") as problem:
        make(*phrases, engine=engine)
    assert all(part in str(problem.value) for part in said.split(", "))


@pytest.mark.shared
def test_real_people_are_heard_clean_and_in_a_kitchen(cascade: Detector, shared_data: Path) -> None:
    noise = read_samples(shared_data / "audio/noise/kitchen-a.flac", 120.0)
    words = list(islice(spoken(shared_data / "audio/wake/alexa", "*.flac"), 0, None, 4))
    assert sum(not hear(cascade, samples) for samples in words) == 0
    mixed = [mix(samples, noise, 10.0, seed) for seed, samples in enumerate(words)]
    assert sum(not hear(cascade, samples) for samples in mixed) <= 1


@pytest.mark.shared
def test_real_people_who_say_something_else_wake_nothing(
    cascade: Detector, shared_data: Path
) -> None:
    for pattern, step in (("wake/other/*.flac", 4), ("barista/*.flac", 7), ("home/*/*.*", 2)):
        paths = sorted((shared_data / "audio").glob(pattern))[::step]
        for path in paths:
            if path.suffix in {".flac", ".wav"}:
                assert hear(cascade, read_samples(path, 60.0)) == [], path.name

"""One utterance whose end a peer decides."""

from __future__ import annotations

import pytest

from assistant.private import Private
from assistant.types import FRAME_BYTES, AudioFrame, Partial, Transcript, Utterance
from pipeline.dictation import Dictation
from pipeline.ports import Expected, Verdict


class ScriptedEnd:
    """Gives verdicts one after the other; speech is where it is open."""

    def __init__(self, *verdicts: Verdict) -> None:
        self._left = list(verdicts)
        self.speech_end: float | None = None

    def open(self, pre_roll: bytes) -> None:
        assert pre_roll == b""

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        verdict = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if verdict == "open":
            self.speech_end = frame.end
        return verdict


class Recorded:
    """A recognizer that remembers one utterance."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.pauses = 0
        self.finished: Utterance | None = None
        self.abandoned = False

    def open(self, expect: Expected = "command") -> Recorded:
        return self

    def feed(self, pcm: bytes) -> None:
        self.heard.append(pcm[0])

    def pause(self) -> None:
        self.pauses += 1

    def finish(self, utterance: Utterance) -> Transcript:
        self.finished = utterance
        return Transcript(utterance.id, Private("words"), 1.0)

    def abandon(self) -> None:
        self.abandoned = True

    def close(self) -> None: ...


def dictated(*verdicts: Verdict, frames: int | None = None, longest: float = 4.0) -> Recorded:
    recorded = Recorded()
    dictation = Dictation(recorded, ScriptedEnd(*verdicts), longest, 7)
    for index in range(frames or len(verdicts)):
        dictation.feed(AudioFrame(index, bytes([index % 256]) * FRAME_BYTES))
    dictation.finish()
    dictation.close()
    return recorded


def test_what_is_quiet_to_the_end_ends_where_a_microphones_would():
    recorded = dictated("open", "open", "pause", "silence", "silence", "silence")
    assert recorded.heard == [0, 1, 2, 3]
    assert recorded.pauses == 1
    assert recorded.finished is not None
    assert recorded.finished.closed_by == "silence"
    assert (recorded.finished.id, recorded.finished.start) == (7, 0.0)


def test_whoever_goes_on_after_a_long_pause_is_heard_whole():
    recorded = dictated("open", "pause", "complete", "complete", "complete", "open", "open")
    assert recorded.heard == [0, 1, 2, 3, 4, 5, 6]
    assert recorded.finished is not None
    assert recorded.finished.closed_by == "end"


@pytest.mark.parametrize("verdict", ["limit", "no_speech"])
def test_nothing_is_heard_after_the_longest_utterance(verdict):
    recorded = dictated("open", verdict, "open", "open")
    assert recorded.heard == [0, 1]
    assert recorded.finished is not None
    assert recorded.finished.closed_by == "limit"


def test_quiet_without_end_is_not_held_without_end():
    dictation = Dictation(Recorded(), ScriptedEnd("open", "pause", "silence"), 1.0, 7)
    for index in range(500):
        dictation.feed(AudioFrame(index, bytes(FRAME_BYTES)))
    assert len(dictation._held) <= 13
    dictation.close()


def test_where_nothing_was_said_the_text_is_empty():
    recorded = Recorded()
    dictation = Dictation(recorded, ScriptedEnd("pause"), 4.0, 1)
    dictation.feed(AudioFrame(0, bytes(FRAME_BYTES)))
    assert dictation.finish() == Transcript(1, Private(""), 0.0)
    assert recorded.finished is None
    assert recorded.abandoned
    dictation.close()

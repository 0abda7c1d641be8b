"""A recognizer beside the ear: it may be slow, fail or hang, and the ear hears on."""

from __future__ import annotations

import threading

import pytest

from assistant.bench.standins import CountingEndpointer, SilentWake
from assistant.private import Private
from assistant.settings import ListenSettings
from assistant.types import FRAME_BYTES, AudioFrame, Partial, Transcript, Utterance, WakeEvent
from pipeline.apart import ApartRecognizer
from pipeline.listen import Heard, Listener, ring_for

WAIT = 20.0
"""Seconds after which a test gives up; nothing waits so long where all is well."""
FRAME = bytes(FRAME_BYTES)
UTTERANCE = Utterance(1, 0.0, 1.0, 1.0, "silence", Private(b""))


class Slow:
    """A recognizer that goes on only when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.pieces: list[int] = []
        self.error: Exception | None = None
        self.threads: set[str] = set()

    def open(self, expect="command"):
        return self

    def feed(self, pcm):
        self.began.set()
        assert self.go_on.wait(WAIT)
        if self.error is not None:
            raise self.error
        self.threads.add(threading.current_thread().name)
        self.pieces.append(len(pcm) // FRAME_BYTES)
        return Partial(Private(str(sum(self.pieces))), complete=False, extendable=True)

    def pause(self):
        self.pieces.append(0)

    def finish(self, utterance):
        return Transcript(utterance.id, Private(f"{sum(self.pieces)} frames"), 1.0)

    def abandon(self):
        pass

    def close(self):
        pass


@pytest.fixture
def slow():
    made = Slow()
    yield made
    made.go_on.set()


def test_the_ear_hears_on_while_a_recognizer_hangs_and_the_wake_word_is_served(slow):
    ear = Listener(
        wake=SilentWake(50),
        endpointer=CountingEndpointer(20),
        recognizer=ApartRecognizer(slow, patience=0.0),
        ring=ring_for(ListenSettings()),
    )
    events = [event for index in range(200) for event in ear.feed(AudioFrame(index, FRAME))]
    assert [type(event) for event in events] == [WakeEvent, Heard] * 4
    assert not slow.pieces
    slow.go_on.set()
    assert events[1].decoding.finish(UTTERANCE).text.reveal().endswith(" frames")


def test_what_came_meanwhile_is_decoded_in_one_piece_and_none_of_it_is_left_out(slow):
    decoding = ApartRecognizer(slow, patience=0.0).open()
    decoding.feed(FRAME)
    assert slow.began.wait(WAIT)
    for _ in range(5):
        decoding.feed(FRAME)
    decoding.pause()
    decoding.feed(FRAME)
    slow.go_on.set()
    assert decoding.finish(UTTERANCE).text.reveal() == "7 frames"
    assert slow.pieces == [1, 5, 0, 1]
    assert slow.threads == {"recognizer"}


def test_a_recognizer_that_is_quick_enough_gives_what_it_gives_in_the_ears_own_thread(slow):
    slow.go_on.set()
    decoding = ApartRecognizer(slow, patience=WAIT).open()
    given = [decoding.feed(FRAME).text.reveal() for _ in range(10)]
    assert given == [str(number) for number in range(1, 11)]
    assert decoding.finish(UTTERANCE).text.reveal() == "10 frames"
    assert decoding.seconds > 0


def test_a_recognizer_that_fails_costs_its_utterance_and_not_the_ear(slow):
    slow.go_on.set()
    slow.error = ValueError("the speaker said banana")
    recognizer = ApartRecognizer(slow, patience=WAIT)
    decoding = recognizer.open()
    assert decoding.feed(FRAME) is None
    assert decoding.feed(FRAME) is None
    with pytest.raises(ValueError, match="banana"):
        decoding.finish(UTTERANCE)
    slow.error = None
    assert recognizer.open().feed(FRAME) is not None


def test_what_waits_of_an_utterance_that_is_given_up_is_thrown_away(slow):
    decoding = ApartRecognizer(slow, patience=0.0).open()
    decoding.feed(FRAME)
    assert slow.began.wait(WAIT)
    decoding.feed(FRAME)
    decoding.abandon()
    decoding.feed(FRAME)
    slow.go_on.set()
    decoding.finish(UTTERANCE)
    assert slow.pieces == [1]


def test_a_recognizer_that_is_closed_fails_the_next_utterance_only(slow):
    recognizer = ApartRecognizer(slow, patience=WAIT)
    decoding = recognizer.open()
    recognizer.close()
    assert decoding.feed(FRAME) is None
    with pytest.raises(Exception, match="closed"):
        decoding.finish(UTTERANCE)

"""What the daemon is doing, as lamps and meters see it."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.events import (
    Alarmed,
    Closed,
    Decided,
    Done,
    Event,
    Failed,
    Kept,
    Noted,
    Redacted,
    Replied,
    Understood,
    Woken,
)
from assistant.observe.state import Snapshot, State
from assistant.private import Private

WOKEN = Woken("", 1.0, "alexa", 0.9)
CLOSED = Closed(1, 0.0, 1.0, "silence")
REDACTED = Redacted(1, "zanzibar", (), 0.9, Private("zanzibar"))
UNDERSTOOD = Understood(1, "TurnOn", {"what": "zanzibar"})
DECIDED = Decided(1, "allow", "actions.default")
REPLIED = Replied(1, "zanzibar")
KEPT = Kept(1, 1, "intent", "history", 60.0, "retention.intent")
DONE = Done(1, {"total": 0.1}, 0.2)
FAILED = Failed("", "utterance 1: ValueError at x.py:1")
SPEAKS, SPOKE = Noted("speaks"), Noted("spoke")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def moods(events: list[Event]) -> list[str]:
    state = State()
    seen: list[str] = []
    for event in events:
        state.take(event)
        seen.append(state.snapshot().mood)
    return seen


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([WOKEN, CLOSED, REDACTED, UNDERSTOOD, DONE], "listening thinking thinking thinking idle"),
        ([WOKEN, Noted("no_speech")], "listening idle"),
        ([WOKEN, Noted("lost")], "listening idle"),
        ([WOKEN, CLOSED, SPEAKS, SPOKE, DONE], "listening thinking speaking thinking idle"),
        ([CLOSED, SPEAKS, SPOKE, Noted("asked"), CLOSED, DONE],
         "thinking speaking thinking listening thinking idle"),
        ([CLOSED, FAILED], "thinking error"),
        ([CLOSED, FAILED, WOKEN], "thinking error listening"),
        ([SPOKE, DONE], "idle idle"),
        ([Alarmed("microphone", on=True), Alarmed("microphone", on=False)], "error idle"),
        ([Alarmed("policy", on=True)], "idle"),
        ([WOKEN, CLOSED, WOKEN, DONE, Noted("no_speech")],
         "listening thinking listening listening idle"),
    ],
)  # fmt: skip
def test_the_mood_follows_an_utterance(events, expected):
    assert moods(events) == expected.split()


def test_a_mute_shows_before_all_else_until_everyone_has_let_go():
    state = State()
    state.take(WOKEN)
    state.mute("switch", on=True)
    state.mute("pause", on=True)
    assert state.snapshot().mood == "muted"
    assert state.snapshot().muted_by == ("switch", "pause")
    state.mute("switch", on=False)
    assert state.snapshot().mood == "muted"
    state.mute("pause", on=False)
    assert state.snapshot().mood == "listening"


def test_a_failure_is_forgotten_after_a_moment_and_that_is_told():
    clock = Clock()
    state = State(clock)
    told: list[str] = []
    state.subscribe(lambda now: told.append(now.mood))
    state.take(FAILED)
    clock.now += 2.9
    state.tick()
    assert told == ["idle", "error"]
    clock.now += 0.2
    state.tick()
    state.tick()
    assert told == ["idle", "error", "idle"]


def test_what_happened_is_counted_since_the_start_and_since_midnight():
    day = [date(2024, 3, 1)]
    state = State(today=lambda: day[0])
    for event in (WOKEN, CLOSED, UNDERSTOOD, DECIDED, KEPT, DONE, Noted("late", 7), Noted("sent")):
        state.take(event)
    state.take(Understood(2, None, {}))
    now = state.snapshot()
    assert now.counts == now.today
    assert now.counts["late"] == 7
    assert now.counts["kept"] == now.counts["sent"] == now.counts["not_understood"] == 1
    day[0] = date(2024, 3, 2)
    assert state.snapshot().today == {}
    assert state.snapshot().counts["late"] == 7


def test_only_the_name_of_what_was_understood_is_held():
    state = State()
    for event in (REDACTED, UNDERSTOOD, REPLIED, Understood(2, None, {"x": "zanzibar"})):
        state.take(event)
    assert state.snapshot().last_intent == "TurnOn"
    assert "zanzibar" not in repr((vars(state), state.snapshot()))


def test_whoever_subscribed_is_told_of_changes_only_until_he_leaves():
    state = State()
    told: list[Snapshot] = []
    leave = state.subscribe(told.append)
    for event in (WOKEN, CLOSED, DECIDED, DONE):
        state.take(event)
    assert [now.mood for now in told] == ["idle", "listening", "thinking", "idle"]
    leave()
    leave()
    state.take(WOKEN)
    assert len(told) == 4

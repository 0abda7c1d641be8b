"""Timers: several at once, ringing until stopped, kept over a restart."""

from __future__ import annotations

import asyncio

import pytest

from assistant.skill import Intent, Reply
from assistant.types import Number, Words
from pipeline.sentences import built_in, merge
from plugins.replies import Replies
from plugins.timers import MOST_TIMERS, RING_EVERY, RING_FOR, Timers
from tests.shelf import FileShelf

REPLIES = Replies(merge(built_in())["responses"]["intents"])


class Clock:
    """Seconds that pass when we say so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timers(clock) -> Timers:
    return Timers(REPLIES, clock)


async def ask(timers: Timers, intent: str, /, **slots: float | str) -> str:
    kinds = {
        slot: Words(value) if isinstance(value, str) else Number(value)
        for slot, value in slots.items()
    }
    return (await timers.skill.handlers[intent](Intent(intent, kinds))).text


async def test_several_timers_run_at_once(timers, clock):
    assert await ask(timers, "HassTimerStatus") == "No timers."
    assert await ask(timers, "HassStartTimer", minutes=5.0) == "Timer set for 5 minutes"
    clock.now += 60
    assert await ask(timers, "HassTimerStatus") == "4 minutes left."
    said = await ask(timers, "HassStartTimer", hours=1.0, minutes=30.0, name="eggs")
    assert said == "Timer set for 1 hour and 30 minutes named eggs"
    assert await ask(timers, "HassTimerStatus", name="EGGS") == "1 hour and 30 minutes left."
    assert "2 running timers. 4 minutes left on" in await ask(timers, "HassTimerStatus")
    assert await ask(timers, "HassCancelTimer") == "There are 2 timers like that. Which one?"
    assert await ask(timers, "HassCancelTimer", start_minutes=5.0) == "Timer cancelled"
    assert await ask(timers, "HassCancelTimer", name="soup") == "There is no such timer."
    assert await ask(timers, "HassCancelAllTimers") == "Canceled 1 timer."
    assert await ask(timers, "HassCancelTimer") == "There are no timers."


async def test_a_timer_is_paused_and_changed(timers, clock):
    await ask(timers, "HassStartTimer", minutes=5.0)
    assert await ask(timers, "HassPauseTimer") == "Timer paused"
    clock.now += 3600
    assert await ask(timers, "HassTimerStatus") == "Timer is paused. 5 minutes left."
    assert await ask(timers, "HassIncreaseTimer", minutes=2.0) == "2 minutes added to timer"
    assert await ask(timers, "HassUnpauseTimer") == "Timer resumed"
    assert await ask(timers, "HassDecreaseTimer", minutes=1.0) == "1 minute removed from timer"
    assert timers.timers[0].left(clock.now) == 6 * 60


async def test_timers_are_not_endless(timers):
    for _ in range(MOST_TIMERS):
        await ask(timers, "HassStartTimer", minutes=5.0)
    assert await ask(timers, "HassStartTimer", minutes=5.0) == "There are too many timers already."
    assert await ask(timers, "HassStartTimer") == "For how long?"


async def test_a_timer_rings_until_it_is_stopped(timers, clock):
    said: asyncio.Queue[Reply] = asyncio.Queue()
    running = asyncio.create_task(timers.run(said.put_nowait))
    async with asyncio.timeout(10):
        await ask(timers, "HassStartTimer", minutes=5.0, name="eggs")
        await ask(timers, "HassStartTimer", minutes=6.0)
        clock.now += 301
        await ask(timers, "HassStartTimer", hours=1.0)
        assert await said.get() == Reply("eggs timer is up.")
        await ask(timers, "HassPauseTimer", start_minutes=6.0)
        await ask(timers, "HassUnpauseTimer", start_minutes=6.0)
        for _ in range(3):
            await asyncio.sleep(0)  # a change is no reason to ring
        assert said.empty()
        clock.now += RING_EVERY
        await ask(timers, "HassStartTimer", hours=2.0)
        assert await said.get() == Reply("eggs timer is up.")
        assert timers.stop()
        clock.now += 60
        await ask(timers, "HassPauseTimer", start_hours=1.0)
        assert await said.get() == Reply("Time is up.")
        clock.now += RING_FOR
        await ask(timers, "HassUnpauseTimer", start_hours=1.0)
        await asyncio.sleep(0)
    assert said.empty()
    assert not timers.stop()
    assert [timer.length for timer in timers.timers] == [3600, 7200]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_timers_survive_a_restart(clock, tmp_path):
    shelf, wall = FileShelf(tmp_path / "timers.json"), Clock()
    before = Timers(REPLIES, clock, shelf, wall)
    await ask(before, "HassStartTimer", minutes=5.0, name="eggs")
    await ask(before, "HassStartTimer", minutes=9.0)
    await ask(before, "HassPauseTimer", start_minutes=9.0)
    wall.now += 60
    clock.now = 5.0
    after = Timers(REPLIES, clock, shelf, wall)
    assert [timer.left(5.0) for timer in after.timers] == [240, 540]
    assert [timer.name for timer in after.timers] == ["eggs", None]
    (tmp_path / "timers.json").write_text("[1]")
    assert Timers(REPLIES, clock, shelf, wall).timers == ()

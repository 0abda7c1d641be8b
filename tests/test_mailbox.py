"""A box that keeps the newest and never makes a thread wait."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mailbox import Mailbox, MailboxClosed


async def _take(box):
    async with asyncio.timeout(10):
        return await box.get()


@given(
    size=st.integers(1, 4),
    steps=st.lists(st.sampled_from(["put", "get", "close"]), max_size=40),
)
def test_every_item_is_taken_in_order_or_handed_back_as_dropped(size, steps):
    async def play():
        box = Mailbox(size)
        model, taken, dropped, closed = [], [], [], False
        for number, step in enumerate(steps):
            if step == "put":
                lost = box.put(number)
                model.append(number)
                if closed:
                    assert lost == model.pop()
                elif len(model) > size:
                    assert lost == model.pop(0)
                else:
                    assert lost is None
                dropped += [] if lost is None else [lost]
            elif step == "get" and model:
                taken.append(await box.get())
                assert taken[-1] == model.pop(0)
            elif step == "get" and closed:
                with pytest.raises(MailboxClosed):
                    await box.get()
            elif step == "close":
                box.close()
                closed = True
            assert len(box) == len(model) <= size
        assert box.dropped == len(dropped)
        assert taken == sorted(taken)
        assert sorted(taken + dropped + model) == [n for n, s in enumerate(steps) if s == "put"]

    asyncio.run(play())


async def test_a_thread_that_puts_wakes_the_task_that_waits():
    box = Mailbox(2)
    getter = asyncio.create_task(_take(box))
    await asyncio.sleep(0)
    thread = threading.Thread(target=box.put, args=("word",))
    thread.start()
    assert await getter == "word"
    thread.join()


async def test_a_fast_thread_never_waits_and_the_newest_survive():
    box = Mailbox(2)
    thread = threading.Thread(target=lambda: [box.put(number) for number in range(1000)])
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert [await _take(box), await _take(box)] == [998, 999]
    assert box.dropped == 998


async def test_closing_lets_what_waits_be_taken_and_then_ends_the_loop():
    box = Mailbox(3)
    box.put("a")
    box.put("b")
    box.close()
    assert [item async for item in box] == ["a", "b"]


async def test_closing_from_a_thread_ends_a_task_that_waits():
    box = Mailbox(1)
    getter = asyncio.create_task(_take(box))
    await asyncio.sleep(0)
    thread = threading.Thread(target=box.close)
    thread.start()
    with pytest.raises(MailboxClosed):
        await getter
    thread.join()


@pytest.mark.parametrize("woken", [False, True])
async def test_a_getter_cancelled_around_its_waking_loses_nothing(woken):
    box = Mailbox(1)
    first = asyncio.create_task(box.get())
    second = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    box.put("word")
    if woken:
        await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(10):
        assert await second == "word"
    with pytest.raises(asyncio.CancelledError):
        await first


def test_a_put_after_the_loop_has_ended_is_only_a_put():
    box = Mailbox(1)

    async def give_up():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await box.get()

    asyncio.run(give_up())
    assert box.put("late") is None
    assert len(box) == 1


def test_a_mailbox_without_room_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Mailbox(0)

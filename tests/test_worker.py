"""One thread that runs calls, in order, and holds on to nothing."""

import asyncio
import gc
import threading
import weakref
from concurrent.futures import CancelledError

import pytest

from assistant.errors import BusyError
from pipeline.worker import Worker


class Held:
    """A thing whose end can be seen."""


@pytest.fixture
def worker():
    with Worker("test") as one:
        yield one


@pytest.fixture
def blocked(worker):
    """The worker runs a call that ends only when the test says so."""
    running, go = threading.Event(), threading.Event()

    def block():
        running.set()
        go.wait(10)

    worker.submit(block)
    assert running.wait(10)
    yield go
    go.set()


def test_calls_run_in_order_on_one_named_thread(worker):
    order = []
    futures = [
        worker.submit(lambda n=n: order.append((n, threading.current_thread().name)))
        for n in range(5)
    ]
    for future in futures:
        future.result(10)
    assert order == [(n, "test") for n in range(5)]


def test_a_result_and_an_error_both_come_back(worker):
    assert worker.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        worker.submit(divmod, 7, 0).result(10)
    assert worker.submit(divmod, 9, 2).result(10) == (4, 1), "an error does not end the thread"


def test_a_thread_that_has_no_memory_to_wait_with_serves_again_when_there_is_some(monkeypatch):
    wait, refused = threading.Condition.wait, threading.Event()

    def without_memory(self, timeout=None):
        if threading.current_thread().name == "short of memory" and not refused.is_set():
            refused.set()
            raise MemoryError
        return wait(self, timeout)

    monkeypatch.setattr(threading.Condition, "wait", without_memory)
    with Worker("short of memory") as worker:
        assert refused.wait(10)
        assert worker.submit(divmod, 7, 2).result(10) == (3, 1)


def test_a_call_cancelled_while_it_waits_never_runs(worker, blocked):
    ran = threading.Event()
    future = worker.submit(ran.set)
    last = worker.submit(int)
    assert future.cancel()
    blocked.set()
    last.result(10)
    assert not ran.is_set()


async def test_cancelling_the_task_that_waits_takes_the_call_out_of_the_queue(worker, blocked):
    ran = threading.Event()
    task = asyncio.create_task(worker.run(ran.set))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    blocked.set()
    await worker.run(int)
    assert not ran.is_set()


async def test_a_task_can_await_a_call_while_the_loop_goes_on(worker, blocked):
    task = asyncio.create_task(worker.run(divmod, 7, 2))
    await asyncio.sleep(0)
    assert not task.done()
    blocked.set()
    assert await task == (3, 1)


def test_more_calls_than_may_wait_are_refused_until_one_is_cancelled():
    running, go = threading.Event(), threading.Event()
    with Worker("small", waiting=2) as worker:
        worker.submit(lambda: (running.set(), go.wait(10)))
        assert running.wait(10)
        first, second = worker.submit(int), worker.submit(int)
        with pytest.raises(BusyError, match="small is busy: 2 calls wait"):
            worker.submit(int)
        first.cancel()
        worker.submit(int)
        go.set()
        assert second.result(10) == 0


def test_closing_cancels_what_waits_and_ends_the_thread(blocked, worker):
    waiting = worker.submit(int)
    assert not worker.close(0.01), "a call is still running"
    with pytest.raises(CancelledError):
        waiting.result(10)
    with pytest.raises(BusyError, match="closed"):
        worker.submit(int)
    blocked.set()
    assert worker.close(10)
    assert "test" not in {thread.name for thread in threading.enumerate()}


def test_a_call_may_close_its_own_worker():
    worker = Worker("own")
    worker.submit(worker.close).result(10)
    assert worker.close(10)


@pytest.mark.parametrize("fails", [False, True])
def test_an_idle_worker_holds_neither_the_argument_nor_the_result(worker, fails):
    argument = Held()
    forgotten = threading.Event()
    weakref.finalize(argument, forgotten.set)

    def echo(thing):
        if fails:
            raise ValueError
        return thing

    future = worker.submit(echo, argument)
    assert bool(future.exception(10)) is fails
    del argument, future
    gc.collect()
    assert forgotten.wait(10)

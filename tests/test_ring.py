"""The ring remembers what it must and nothing else."""

from __future__ import annotations

import ctypes
import logging
import mmap
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assistant.types import FRAME_BYTES
from pipeline import locked_memory
from pipeline.locked_memory import LockedMemory
from pipeline.ring import Ring

KEEP, CAPACITY = 3, 7


def a_frame(number: int) -> bytes:
    return bytes([number % 255 + 1]) * FRAME_BYTES


class AnyUse(RuleBasedStateMachine):
    """Any sequence of calls leaves the newest frames, and zeros everywhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(KEEP, CAPACITY)
        self.remembered: list[bytes] = []
        self.limit = KEEP

    @rule(number=st.integers(0, 254))
    def write(self, number: int) -> None:
        self.ring.write(a_frame(number))
        self.remembered = [*self.remembered, a_frame(number)][-self.limit :]

    @rule()
    def hold(self) -> None:
        self.ring.hold()
        self.limit = CAPACITY

    @precondition(lambda self: self.remembered)
    @rule()
    def take(self) -> None:
        assert self.ring.take() == b"".join(self.remembered)
        self.remembered, self.limit = [], KEEP

    @rule()
    def wipe(self) -> None:
        self.ring.wipe()
        self.remembered, self.limit = [], KEEP

    @invariant()
    def the_newest_frames_are_remembered_in_order(self) -> None:
        assert self.ring.peek() == b"".join(self.remembered)
        assert len(self.ring) == len(self.remembered)

    @invariant()
    def every_other_byte_of_the_mapping_is_zero(self) -> None:
        mapping = self.ring.snapshot()
        places = range(0, len(mapping), FRAME_BYTES)
        there = [mapping[at : at + FRAME_BYTES] for at in places]
        kept = [frame for frame in there if any(frame)]
        assert sorted(kept) == sorted(self.remembered)

    def teardown(self) -> None:
        self.ring.close()


TestAnyUse = AnyUse.TestCase
TestAnyUse.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_ring_that_keeps_nothing_holds_nothing() -> None:
    ring = Ring(0, 4)
    ring.write(a_frame(1))
    assert ring.peek() == b""
    assert not any(ring.snapshot())
    ring.hold()
    ring.write(a_frame(2))
    assert ring.take() == a_frame(2)
    ring.close()


def test_after_a_hold_no_more_is_kept_than_before() -> None:
    ring = Ring(2, 6)
    for end in (ring.take, ring.wipe):
        ring.hold()
        for number in range(5):
            ring.write(a_frame(number))
        end()
        for number in range(5):
            ring.write(a_frame(number))
        assert ring.peek() == a_frame(3) + a_frame(4)
    ring.close()


@pytest.mark.parametrize("size", [0, 2, FRAME_BYTES - 1, FRAME_BYTES + 2])
def test_only_whole_frames_are_taken(size: int) -> None:
    ring = Ring(1, 1)
    with pytest.raises(ValueError, match="bytes"):
        ring.write(bytes(size))
    ring.close()


@pytest.mark.parametrize(("keep", "capacity"), [(-1, 4), (5, 4), (0, 0)])
def test_an_impossible_size_is_refused(keep: int, capacity: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        Ring(keep, capacity)


def test_a_closed_ring_can_be_closed_again_and_gives_nothing() -> None:
    ring = Ring(1, 1)
    ring.write(a_frame(1))
    ring.close()
    ring.close()
    with pytest.raises(ValueError, match="released"):
        ring.snapshot()


def test_secret_memory_cannot_be_read_even_through_proc() -> None:
    memory = LockedMemory(mmap.PAGESIZE)
    if memory.kind != "secret":
        pytest.skip("this kernel gives no memfd_secret")
    memory.view[:6] = b"canary"
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory.view))
    with Path("/proc/self/mem").open("rb", buffering=0) as own_memory:
        own_memory.seek(address)
        with pytest.raises(OSError, match=r"Input/output error|Bad address"):
            own_memory.read(6)
    memory.close()


def _flags(memory: LockedMemory) -> list[str]:
    """The kernel's flags of the mapping (proc_pid_smaps(5))."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory.view))
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if "-" in first:
            low, high = (int(part, 16) for part in first.split("-"))
            inside = low <= address < high
        elif inside and first == "VmFlags:":
            return line.split()[1:]
    raise AssertionError("the mapping is not in smaps")


@pytest.fixture
def no_secret_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_memory, "_MEMFD_SECRET", 1_000_000)  # ENOSYS


def test_every_kind_of_memory_stays_out_of_core_dumps_and_is_locked() -> None:
    memory = LockedMemory(mmap.PAGESIZE)
    if memory.kind != "unlocked":
        assert {"dd", "lo"} <= set(_flags(memory))
    memory.close()


@pytest.mark.usefixtures("no_secret_memory")
def test_where_the_kernel_has_no_secret_memory_it_is_locked_and_not_dumped() -> None:
    memory = LockedMemory(mmap.PAGESIZE)
    if memory.kind == "unlocked":
        pytest.skip("no memory may be locked here")
    assert memory.kind == "locked"
    assert {"dd", "lo"} <= set(_flags(memory))
    memory.close()


@pytest.mark.usefixtures("no_secret_memory")
def test_where_nothing_may_be_locked_the_ring_works_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked_memory._libc, "mlock", lambda address, size: -1)
    with caplog.at_level(logging.WARNING):
        ring = Ring(2, 4)
    assert ring.kind == "unlocked"
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "audio memory can be swapped to disk"
    ]
    ring.write(a_frame(7))
    assert ring.take() == a_frame(7)
    ring.close()


def test_more_than_the_limit_on_locked_memory_still_gives_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = LockedMemory(256 * 1024 * 1024)
    assert memory.kind in {"secret", "locked", "unlocked"}
    memory.view[-1] = 1
    memory.close()

"""The clock that forgetting goes by: no wall clock, however wrong, stops or rushes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import StateError
from storage.clock import DAY, EARLIEST, MachineHands, TrustedClock

START = EARLIEST + 200 * DAY
YEARS = 365.25 * DAY


@dataclass
class FakeHands:
    """The machine's clocks, set by hand. `true` is the time of the world outside."""

    true: float = START
    offset: float = 0.0
    up: float = 100.0
    boots: int = 1
    synchronised: bool = False

    def wall(self) -> float:
        return self.true + self.offset

    def uptime(self) -> float:
        return self.up

    def boot(self) -> bytes:
        return self.boots.to_bytes(16, "big")

    def is_synchronised(self) -> bool:
        return self.synchronised

    def wait(self, seconds: float) -> None:
        self.true += seconds
        self.up += seconds

    def reboot(self, off: float = 30.0) -> None:
        self.true += off
        self.up = 5.0
        self.boots += 1
        self.synchronised = False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clock"


@pytest.fixture
def hands() -> FakeHands:
    return FakeHands()


def opened(path: Path, hands: FakeHands, **known: float) -> TrustedClock:
    return TrustedClock(path, hands=hands, **known)


def test_a_right_wall_clock_is_believed(path, hands):
    clock = opened(path, hands)
    hands.wait(90)
    assert clock.now() == hands.true
    assert clock.minute() == int(hands.true // 60)
    assert not clock.doubtful
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("jump", [10 * YEARS, -10 * YEARS, 2 * DAY, -2 * DAY])
def test_a_jump_is_not_believed_and_time_goes_on(path, hands, jump):
    clock = opened(path, hands)
    hands.offset = jump
    hands.wait(600)
    assert clock.now() == pytest.approx(START + 600)
    assert clock.doubtful
    hands.offset = 0
    hands.wait(600)
    assert clock.now() == pytest.approx(START + 1200)
    assert not clock.doubtful


@pytest.mark.parametrize("jump", [10 * YEARS, -10 * YEARS])
def test_a_jump_over_a_restart_or_reboot_is_not_believed(path, hands, jump):
    opened(path, hands).close()
    hands.offset = jump
    hands.wait(3600)
    again = opened(path, hands)
    assert again.now() == pytest.approx(START + 3600)
    assert again.doubtful
    again.close()
    hands.reboot()
    after = opened(path, hands)
    hands.wait(60)
    assert START + 3600 <= after.now() <= hands.true
    assert after.doubtful


def test_hours_back_do_not_stop_time(path, hands):
    clock = opened(path, hands)
    hands.offset = 3600
    assert clock.now() == START + 3600
    hands.offset = -3600
    hands.wait(60)
    assert clock.now() == pytest.approx(START + 3660)
    assert not clock.doubtful


def test_many_small_steps_forward_are_one_day_at_most(path, hands):
    clock = opened(path, hands)
    for _ in range(100):
        hands.offset += 0.9 * DAY
        clock.now()
    assert clock.now() <= START + DAY
    assert clock.doubtful


def test_weeks_without_power_have_passed_when_the_wall_clock_says_so(path, hands):
    opened(path, hands).close()
    hands.reboot(off=21 * DAY)
    clock = opened(path, hands)
    assert clock.now() == hands.true
    assert not clock.doubtful


def test_a_board_without_a_clock_learns_the_time_from_the_network(path, hands):
    opened(path, hands).close()
    hands.reboot(off=21 * DAY)
    hands.offset = -21 * DAY
    clock = opened(path, hands)
    assert clock.now() == pytest.approx(START, abs=60)
    hands.offset = 0
    assert clock.now() == pytest.approx(START, abs=60)
    assert clock.doubtful
    hands.synchronised = True
    assert clock.now() == hands.true
    assert not clock.doubtful
    hands.offset = 5 * DAY
    assert clock.now() == hands.true
    assert clock.doubtful


def test_a_first_start_in_1970_waits_for_the_time(path, hands):
    hands.offset = -hands.true
    clock = opened(path, hands)
    assert clock.doubtful
    assert clock.now() == EARLIEST
    hands.wait(60)
    assert clock.now() == EARLIEST + 60
    hands.offset = 0
    hands.true += 2 * YEARS
    assert clock.now() == hands.true
    assert not clock.doubtful


def test_a_lost_or_damaged_file_still_leaves_the_last_expired_minute(path, hands):
    opened(path, hands).close()
    path.write_bytes(b"rubbish")
    hands.offset = -5 * YEARS
    hands.reboot()
    clock = opened(path, hands, at_least=START)
    assert clock.now() == START
    assert clock.doubtful


@pytest.mark.parametrize("place", [0, 33, 4096, 4096 + 33])
def test_a_torn_note_leaves_the_one_before(path, hands, place):
    clock = opened(path, hands)
    hands.wait(61)
    clock.now()
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + b"\x7f" + whole[place + 1 :])
    hands.reboot()
    hands.offset = 10 * YEARS
    again = opened(path, hands)
    assert again.doubtful
    assert START <= again.now() <= hands.true


def test_a_disk_that_fails_does_not_stop_the_clock(path, hands, monkeypatch):
    clock = opened(path, hands)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    hands.wait(600)
    assert clock.now() == hands.true


def test_a_file_that_others_may_write_is_refused(path, hands):
    opened(path, hands).close()
    path.chmod(0o666)
    with pytest.raises(StateError, match="chmod 600"):
        opened(path, hands)


def test_the_machines_own_clocks_agree(path):
    clock = TrustedClock(path)
    assert len(MachineHands().boot()) == 16
    assert not clock.doubtful
    assert abs(clock.now() - MachineHands().wall()) < 5


steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 5 * DAY)),
        st.tuples(st.just("set"), st.floats(-50 * YEARS, 50 * YEARS)),
        st.tuples(st.just("restart"), st.just(0.0)),
        st.tuples(st.just("reboot"), st.floats(0, 100 * DAY)),
    ),
    max_size=25,
)


@given(steps=steps)
@settings(max_examples=60, deadline=None)
def test_time_never_goes_back_or_slower_than_the_boot_clock_or_runs_away(tmp_path_factory, steps):
    hands = FakeHands()
    path = tmp_path_factory.mktemp("clock") / "clock"
    clock = opened(path, hands)
    last, last_up, most = clock.now(), hands.up, clock.now() + DAY
    for what, value in steps:
        match what:
            case "wait":
                hands.wait(value)
                most += value
            case "set":
                hands.offset = value
            case "restart":
                clock.close()
                clock = opened(path, hands)
            case "reboot":
                clock.close()
                hands.reboot(value)
                last_up = 0.0
                clock = opened(path, hands)
                most = last + 402 * DAY
        now = clock.now()
        assert last + hands.up - last_up - 1e-3 <= now <= most + 1e-3
        if clock.doubtful:
            most = max(most, now + 402 * DAY)
        last, last_up = now, hands.up
    clock.close()


@given(offsets=st.lists(st.floats(-50 * YEARS, 50 * YEARS), max_size=25))
@settings(max_examples=60, deadline=None)
def test_nobody_moves_time_by_more_than_a_day_in_one_boot(tmp_path_factory, offsets):
    hands = FakeHands()
    clock = opened(tmp_path_factory.mktemp("clock") / "clock", hands)
    for hands.offset in offsets:
        hands.wait(600)
        assert -1e-3 <= clock.now() - hands.true <= DAY + 1e-3
    clock.close()

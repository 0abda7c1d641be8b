"""What homes do to computers: a few faults of each family, on real processes."""

from __future__ import annotations

import random
import time

import pytest

from assistant.errors import SettingsError
from assistant.faults import canaries, clocks, disk, hanging, pulse, running, street
from assistant.faults.fault import Fault
from assistant.faults.kept import LATE, Kept
from assistant.faults.lines import Line, Lines, is_event
from assistant.faults.stage import BrokenError, stage

QUICK = (
    "microphone-unplugged",
    "disk-full",
    "broker-down",
    "clock-ahead",
    "core-killed",
    "loop-hangs",
    "policy-broken",
    "things-broken",
)
"""One or two of each family; `make torture` has a thousand at random."""


@pytest.mark.mic
def test_a_household_gets_well_again_after_faults_of_every_family():
    if (lack := pulse.missing()) is not None:
        pytest.skip(lack)
    dice = random.Random(1)
    with stage() as house:
        faults = [fault for name in QUICK for fault in running.chosen([name])][: len(QUICK) + 1]
        outcomes = [running.happen(fault, house, dice) for fault in faults]
        broken = [outcome for outcome in outcomes if outcome.verdict == "broken"]
        assert not broken
        assert house.kept.acknowledged >= 2 * len(outcomes) - 2
        # The control: what is looked for is found where it is.
        (house.folder / "state-of-a-leak").write_bytes(b"... Five five FIVE zero one ...")
        assert house.problems() == ["canary 0 in state-of-a-leak"]


@pytest.mark.mic
def test_a_fault_that_breaks_something_is_called_broken_and_the_next_has_a_fair_start():
    if (lack := pulse.missing()) is not None:
        pytest.skip(lack)

    def breaks(_stage, _dice):
        raise BrokenError("it did")

    with stage() as house:
        outcome = running.happen(Fault("x", "x", breaks), house, random.Random(1))
        assert (outcome.verdict, outcome.problems) == ("broken", ("it did",))
        assert any("listening for alexa" in line for line in outcome.said)
        well = Fault("y", "y", lambda _stage, _dice: "nothing")
        assert running.happen(well, house, random.Random(1)).verdict == "held"


def kept(at: float, row: int, seconds: float, category: str = "intent") -> Line:
    return Line(
        at,
        f'{{"event": "kept", "row": {row}, "seconds": {seconds}, "category": "{category}"}}',
    )


def test_what_was_acknowledged_is_asked_for_until_its_time_and_never_after():
    rows = Kept()
    rows.hear([kept(1000.0, 1, 500.0), kept(1000.0, 2, 5000.0), Line(1000.0, '{"event')], 0.0)
    assert rows.problems({1, 2}, 1100.0) == []
    assert rows.problems({2}, 1100.0) == ["row 1 was acknowledged and is lost"]
    assert rows.problems({2}, 1450.0) == []
    assert rows.problems({1, 2}, 1501.0 + LATE) == ["row 1 is there after its time"]
    assert rows.acknowledged == 2


def test_time_that_was_made_to_pass_counts_for_what_was_acknowledged_before():
    rows = Kept()
    rows.hear([kept(1000.0, 1, 500.0)], 0.0)
    rows.hear([kept(1001.0, 2, 500.0)], 9000.0)
    assert rows.ended(10_100.0) == {1}


def test_messages_on_their_way_out_are_counted_and_not_looked_for_in_the_store():
    rows = Kept()
    rows.hear([kept(1000.0, 1, 500.0, "outbox")], 0.0)
    assert (rows.released, rows.problems(set(), 1000.0)) == (1, [])


def test_rows_that_damage_took_are_excused_once_it_was_said():
    rows = Kept()
    rows.hear([kept(1000.0, 1, 5000.0), kept(1000.0, 2, 5000.0)], 0.0)
    rows.excuse({2})
    assert rows.problems({2}, 1100.0) == []
    assert rows.excused == 1


def test_canaries_are_found_in_words_and_figures_and_over_the_edge_of_a_piece(tmp_path):
    assert canaries.in_text(["call Five Five five zero one two"]) == ["canary 0"]
    assert canaries.in_text(["call PHONE_NUMBER_1", "+1 555 0123"]) == []
    for start in (0, (1 << 20) - 4):
        (tmp_path / "f").write_bytes(bytes(start) + b"55501234" + bytes(100))
        assert canaries.in_files(tmp_path) == ["canary 1 in f", "canary 2 in f"]


def test_a_name_that_no_fault_has_is_named_with_those_there_are():
    with pytest.raises(SettingsError, match="no fault is called earthquake; there are mic"):
        running.chosen(["earthquake"])
    assert [fault.name for fault in running.chosen(["clock"])] == ["clock-ahead", "clock-behind"]
    assert len({fault.name for fault in running.ALL}) == len(running.ALL)


def test_every_fault_that_cannot_happen_here_says_what_is_missing(monkeypatch):
    for module in (disk, hanging):
        monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    assert disk.missing() == "needs root and loop devices"
    assert "ptrace" in hanging.missing()
    monkeypatch.setattr(clocks.shutil, "which", lambda _name: None)
    assert "gcc" in clocks.missing()
    monkeypatch.setattr(street, "mosquitto", lambda: None)
    assert "mosquitto" in street.missing()


def test_a_line_is_waited_for_from_a_mark_on(tmp_path):
    lines = Lines()
    (tmp_path / "said").write_text('{"event": "wake"}\nhello\n{"event": "done"}\n')
    with (tmp_path / "said").open() as stream:
        lines.follow(stream).join()
    assert len(lines) == 3
    assert lines.wait(is_event("wake"), 0, 0.0) is not None
    assert lines.wait(is_event("wake"), 1, 0.0) is None
    assert lines.since(2)[0].event == {"event": "done"}


@pytest.mark.skipif(hanging.missing() is not None, reason=str(hanging.missing()))
def test_one_thread_of_a_process_is_stopped_and_goes_on(tmp_path):
    import subprocess
    import sys

    program = "import sys\nfor line in sys.stdin: print('heard', line, end='', flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdin.write("one\n")
        child.stdin.flush()
        assert child.stdout.readline() == "heard one\n"
        with hanging.stopped(child.pid):
            child.stdin.write("two\n")
            child.stdin.flush()
            time.sleep(0.05)
            state = (tmp_path.__class__(f"/proc/{child.pid}/stat")).read_text()
            assert state.rpartition(")")[2].split()[0] == "t"
        assert child.stdout.readline() == "heard two\n"
        child.stdin.close()


@pytest.mark.skipif(clocks.missing() is not None, reason=str(clocks.missing()))
def test_a_household_has_clocks_of_its_own(tmp_path):
    import os
    import subprocess
    import sys

    made = clocks.Clocks(tmp_path)
    program = "import time; print(time.time(), time.clock_gettime(7), time.monotonic())"

    def shown():
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **made.environment},
            capture_output=True,
            check=True,
            text=True,
        )
        return [float(value) for value in done.stdout.split()]

    before = shown()
    made.let_pass(1e6)
    made.set_wrong(-1e8)
    wall, boot, monotonic = (now - then for now, then in zip(shown(), before, strict=True))
    assert wall == pytest.approx(1e6 - 1e8, abs=60)
    assert boot == pytest.approx(1e6, abs=60)
    assert 0 <= monotonic < 60

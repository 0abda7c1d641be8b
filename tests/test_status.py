"""`sotto status` and `sotto metrics`: how the daemon is, and what its exit status means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.commands import control, status
from assistant.events import Alarmed, Closed, Done, Kept, Noted, Understood, Woken
from assistant.observe import machine
from assistant.observe.histogram import Histogram
from assistant.observe.switch import Switch
from assistant.observe.watch import METRICS, METRICS_VARIABLE, Watch
from assistant.pausing import Pause
from assistant.settings import ObserveSettings
from assistant.types import FRAME_BYTES, AudioFrame, WakeEvent
from policies.load import Policies
from tests.cli import here


class Microphone:
    state = "listening"
    gaps = dropped = 0
    is_silent = False


class Ears:
    waiting = 2

    def press(self) -> bool:
        return True

    def hush(self) -> bool:
        return False


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    made = Watch(ObserveSettings(), tmp_path)
    (tmp_path / "switch").write_text("0")
    under = Agreement(
        Agreed(Policies(())), tmp_path, pause=Pause(None), switch=Switch(tmp_path / "switch")
    )
    made.follow(under, Microphone(), Ears())
    return made


@pytest.fixture
def daemon(watch: Watch, tmp_path: Path) -> Iterator[Watch]:
    answers = {"status": watch.answer, "metrics": watch.answer_metrics}
    with control.Control(tmp_path, lambda request: answers[request["command"]](request)):
        yield watch


def sotto(state: Path, *words: str) -> tuple[int, str]:
    ran = here(*words, "--state", state)
    return ran.status, ran.out


async def test_the_service_has_its_metrics_where_its_unit_says(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o770)
    path = tmp_path / "run" / METRICS
    monkeypatch.setenv(METRICS_VARIABLE, str(path))
    watch = Watch(ObserveSettings(metrics=True), tmp_path)
    watch.follow(Agreement(Agreed(Policies(())), tmp_path), Microphone(), Ears())
    async with watch:
        assert path.stat().st_mode & 0o777 == 0o666
        assert not (tmp_path / METRICS).exists()


def test_where_nothing_runs_it_says_so_with_status_3(tmp_path):
    code, out = sotto(tmp_path, "status")
    assert code == 3
    assert "no `sotto run` runs here" in out
    assert sotto(tmp_path, "status", "--json")[0] == 3
    assert sotto(tmp_path, "metrics")[0] == 2


def test_a_daemon_that_listens_is_status_0_and_shows_what_it_did(tmp_path, daemon):
    report = daemon.reporter(lambda _event: None)
    for event in (
        Woken("", 1.0, "alexa", 0.9), Closed(1, 0.0, 1.0, "silence"),
        Understood(1, "HassTurnOn", {"name": "zanzibar"}),
        Kept(1, 1, "intent", "history", 60.0, "x"), Noted("sent"), Done(1, {"total": 0.5}, 0.2),
    ):  # fmt: skip
        report(event)
    code, out = sotto(tmp_path, "status")
    assert code == 0
    assert "waits for the wake word" in out
    assert "HassTurnOn" in out
    assert "1 utterances, 1 kept, 1 sent" in out
    assert "zanzibar" not in out


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (lambda w: w.state.take(Alarmed("door", on=True)), 1, "nothing can leave"),
        (lambda w: w._under.agreed.troubles.add("policy"), 1, "sotto policy check"),
        (lambda w: w._under.agreed.troubles.add("store"), 1, "sotto data verify"),
        (lambda w: setattr(w._microphone, "state", "no microphone"), 1, "there is no microphone"),
        (lambda w: setattr(w._microphone, "is_silent", True), 1, "only zeros"),
        (lambda w: w._under.pause.pause(None), 4, "sotto listen-again"),
        (lambda w: w._directory.joinpath("switch").write_text("1"), 4, "the mute switch is on"),
        (lambda w: w._directory.joinpath("switch").unlink(), 1, "can't be read"),
        (lambda w: setattr(w._microphone, "dropped", 7), 0, "7 frames"),
        (lambda w: setattr(w._microphone, "gaps", 2), 0, "2 gaps"),
    ],
)
def test_what_is_wrong_is_said_and_is_the_exit_status(tmp_path, daemon, change, code, said):
    daemon.meter.hear(AudioFrame(0, bytes(FRAME_BYTES)))
    change(daemon)
    daemon.look()
    got, out = sotto(tmp_path, "status")
    assert (got, said in out) == (code, True), out


def test_a_policy_that_can_t_be_used_is_an_alarm_until_it_can(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nextends: household\n")
    agreed = Agreed(Policies((path,)))
    watch = Watch(ObserveSettings(), tmp_path)
    watch.follow(Agreement(agreed), Microphone(), Ears())
    for text, alarms in (("version: nonsense\n", ("policy",)), ("version: 1\n", ())):
        path.write_text(text)
        agreed.reload()
        watch.look()
        assert watch.state.snapshot().alarms == alarms


def test_every_alarm_mood_and_mute_has_words():
    from assistant.observe.state import ALARMS, MOODS, MUTERS

    assert status._ALARMS.keys() == set(ALARMS)
    assert status._MOODS.keys() == set(MOODS)
    assert status._MUTES.keys() == set(MUTERS)


def test_the_live_view_goes_on_until_the_daemon_is_gone(tmp_path, daemon, monkeypatch):
    looks = iter([status.ask(tmp_path), status.ask(tmp_path), None])
    monkeypatch.setattr(status, "ask", lambda _directory: next(looks))
    monkeypatch.setattr(status, "EVERY", 0)
    code, out = sotto(tmp_path, "status", "--watch")
    assert code == 3
    assert out.count("  state     ") == 2


def test_metrics_are_what_a_prometheus_client_reads(tmp_path, daemon):
    daemon.metrics.take(Done(1, {"endpoint": 0.4, "recognize": 0.2, "total": 0.7}, 0.3))
    code, out = sotto(tmp_path, "metrics")
    assert code == 0
    values = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(out)
        for sample in family.samples
    }
    assert values["sotto_queue_size", (("queue", "utterances"),)] == 2
    assert values["sotto_stage_seconds_bucket", (("le", "0.5"), ("stage", "endpoint"))] == 1
    assert values["sotto_stage_seconds_bucket", (("le", "0.25"), ("stage", "endpoint"))] == 0
    assert values["sotto_stage_seconds_sum", (("stage", "total"),)] == 0.7
    assert values["sotto_memory_bytes", ()] > 1e6


def test_a_value_on_a_bound_is_no_larger_than_it():
    histogram = Histogram((0.5, 1.0))
    for value in (0.5, 0.75, 1.0, 7.0):
        histogram.add(value)
    assert histogram.read() == ([("0.5", 1), ("1", 3), ("+Inf", 4)], 9.25, 4)


def test_the_meter_shows_level_and_score(tmp_path):
    watch = Watch(ObserveSettings(), tmp_path)
    loud = (16_384).to_bytes(2, "little") * (FRAME_BYTES // 2)
    watch.meter.hear(AudioFrame(0, loud))
    assert watch.report()["level"] == pytest.approx(-6.0, abs=0.1)

    class Detector:
        last_score = 0.0

        def feed(self, frame: AudioFrame) -> WakeEvent | None:
            self.last_score = frame.index / 10
            return None

        def reset(self) -> None: ...

    detector = watch.meter.scored(Detector())
    for index in (0, 3, 9):
        detector.feed(AudioFrame(index, loud))
    assert watch.report()["wake_score"] == 0.9
    assert watch.meter.scores.read()[2] == 2  # a shut gate is no score


def test_the_board_is_read_from_proc_and_sys(tmp_path):
    zones = tmp_path / "thermal"
    for number, text in ((0, "51234\n"), (1, "81000"), (2, "broken")):
        (zones / f"thermal_zone{number}").mkdir(parents=True)
        (zones / f"thermal_zone{number}" / "temp").write_text(text)
    board = machine.read(zones=zones)
    assert board.celsius == {0: 51.234, 1: 81.0}
    assert board.hottest == 81.0
    assert board.memory > 1e6
    assert board.threads >= 1
    assert board.descriptors > 3
    assert machine.read(tmp_path, tmp_path).memory == 0


def test_a_hot_board_and_a_full_disk_are_alarms(tmp_path, monkeypatch):
    watch = Watch(ObserveSettings(), tmp_path)
    hot = machine.Machine(1.0, 1, 1, 1, {0: machine.HOT}, 1)  # and one byte of memory is left
    monkeypatch.setattr(machine, "read", lambda: hot)
    space: Any = SimpleNamespace(f_bavail=1, f_frsize=4096)
    monkeypatch.setattr(machine.os, "statvfs", lambda _path: space)
    watch.look()
    assert watch.state.snapshot().alarms == ("disk", "memory", "temperature")
    assert json.loads(json.dumps(watch.report()))["celsius"] == machine.HOT

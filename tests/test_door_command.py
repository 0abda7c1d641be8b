"""`sotto door`: a process of its own, with nothing in it that the door must not have."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli import here, one_line, start
from door_stage import (
    PERMIT,
    POLICY,
    Listener,
    MemoryOutbox,
    needs_mosquitto,
    release,
    until,
)

from assistant.commands import leaving
from plugins.door.link import Link
from scripts.torture_door import Asked, torture


def configured(folder: Path, door: str, policy: str = POLICY) -> tuple[str, ...]:
    (folder / "policy.yaml").write_text(policy)
    (folder / "settings.yaml").write_text(f"policies: {{files: [policy.yaml]}}\ndoor: {{{door}}}\n")
    return "--config", str(folder / "settings.yaml"), "--state", str(folder / "state")


def test_the_doors_process_knows_no_microphone_no_store_and_no_speech():
    program = (
        "import sys; import assistant.commands.door, plugins.door.make, policies.load; "
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    for kept_out in ("storage", "pipeline", "numpy", "pyaudio", "assistant.runtime", "hassil"):
        assert kept_out not in loaded
    assert "aiomqtt" in loaded


def test_the_cores_side_knows_no_network():
    program = (
        "import sys; import plugins.door.link, plugins.door.cloud, assistant.commands.run; "
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    for kept_out in ("aiomqtt", "paho", "plugins.door.session"):
        assert kept_out not in loaded


@pytest.mark.parametrize(
    ("door", "line"),
    [
        ("site: home", "door.address: expected the broker's name or address; none is set"),
        ("address: broker.example, tls: false", "door.tls: false is for a broker on this machine"),
        ("address: broker.example, ca: ca.pem", "ca.pem: No such file or directory"),
        ("address: 127.0.0.1, site: a/b", "settings.yaml:2"),
        ("address: 127.0.0.1, topic: x", "there is no such key"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_clear_line(tmp_path, door, line):
    ran = here("door", *configured(tmp_path, door))
    assert ran.status == 2
    assert one_line(ran.err)
    assert line in ran.err


async def test_it_publishes_and_prints_what_left_until_it_is_told_to_stop(tmp_path):
    async with Listener() as broker:
        door = f"address: 127.0.0.1, port: {broker.port}, tls: false"
        running = start("door", "--json", *configured(tmp_path, door))
        box = MemoryOutbox()
        link = Link(tmp_path / "state" / "door.sock", box, longest_wait=0.2)
        linking = asyncio.create_task(link.run())
        await until(lambda: link.is_open)
        await link.send(release("tomorrow"), PERMIT)
        await until(lambda: not box.rows)
        running.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(running.communicate, timeout=20)
        linking.cancel()
        await asyncio.gather(linking, return_exceptions=True)
    assert running.returncode == 0, err
    [event] = map(json.loads, out.decode().splitlines())
    assert (event["event"], event["topic"]) == ("published", "sotto/home/weather/intent")
    assert event["payload"]["slots"]["day"] == {"choice": "tomorrow"}
    assert not (tmp_path / "state" / "door.sock").exists()
    assert err == b""


@needs_mosquitto
def test_the_demonstration_shows_what_left_to_the_byte(capsys):
    leaving.show(as_json=False)
    shown = capsys.readouterr().out
    topic, message = [line.strip() for line in shown.splitlines() if line.startswith("  ")][:2]
    assert topic == f"sotto/demo/weather/intent  ({len(message)} bytes)"
    assert json.loads(message)["slots"] == {"city": {"choice": "rome"}}


def test_without_a_broker_the_demonstration_says_so(capsys, monkeypatch):
    monkeypatch.setattr(leaving, "mosquitto", lambda: None)
    leaving.show(as_json=False)
    assert "mosquitto is not\ninstalled" in capsys.readouterr().out


@needs_mosquitto
def test_the_benchmark_measures(tmp_path):
    ran = here("bench", "door", "--json", "--messages", "5", "--folder", tmp_path)
    figures = json.loads(ran.out)
    assert figures["messages"] == 5
    assert figures["intent to published p50 ms"] > figures["of these, until it is durable p50 ms"]


@needs_mosquitto
async def test_nothing_is_lost_or_counted_twice_while_core_door_and_broker_are_killed(tmp_path):
    """The long form is scripts/torture_door.py: 400 intents, 20 restarts, 100 and 10 kills."""
    outcome = await torture(tmp_path, Asked(intents=60, restarts=3, kills=6, cores=2))
    assert (outcome.restarts, outcome.kills, outcome.cores) == (3, 6, 2)
    assert len(outcome.accepted) >= 60
    assert (outcome.lost, outcome.double) == (0, 0)

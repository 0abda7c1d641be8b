"""The door's secrets as encrypted credentials: a broker that wants a certificate, Home Assistant.

Both are outside of the booted machine but for its network (peers.py). The certificate's key and
the token are in the machine as credentials of systemd's, and nowhere else.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.units.machine import Machine
from scripts.units.stage import BROKER_PORT, HERE, HOME_PORT, SETTINGS_FILE
from tests.home_assistant_fake import TOKEN

KEY = "/run/credentials/sotto-door.service/sotto-mqtt-key"
STORE = "/etc/credstore.encrypted"
GIVEN = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}"
POLICY = f"""\
version: 1
extends: household
consent:
  times:
    {{data_subject: household, personal_data: intent, purpose: test, recipient: weather, {GIVEN}}}
  until-sent:
    {{data_subject: household, personal_data: outbox, purpose: service, recipient: home, {GIVEN}}}
retention:
  outbox:
    service: {{retention_period: P1D}}
sharing:
  weather:
    purpose: test
    retention_period: P1D
    budget: {{bits_per_message: 10, bits_per_day: 1000, messages_per_day: 100}}
    intents: {{HassGetCurrentTime: {{slots: {{}}}}}}
"""
SETTINGS = (
    f"door: {{address: 127.0.0.1, port: {BROKER_PORT}, ca: /etc/sotto/certs/ca.pem,"
    f" certificate: /etc/sotto/certs/door.pem, key: {KEY}}}",
    f"home_assistant: {{url: http://127.0.0.1:{HOME_PORT}}}",
)
TOPIC = "sotto/home/weather/intent"
PATIENCE = 40.0


def check(machine: Machine) -> list[str]:
    """Print what happens; what is not as it should be."""
    print("\nthe door's secrets as credentials")
    folder = machine.folder.with_name("peers")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = HERE / "examples/cloud_skill/certificates.sh"
    subprocess.run(["sh", str(script), str(folder / "certs")], check=True)
    _furnish(machine, folder / "certs")
    try:
        with _peers(machine, folder) as met:
            wrong = _tried(machine, folder, met)
    finally:
        machine.run("systemctl stop sotto-door sotto-core", 60)
    shutil.rmtree(folder)
    return wrong


def _furnish(machine: Machine, certs: Path) -> None:
    """Settings, policy and certificates; the secrets as credentials only."""
    inside = machine.root / "etc/sotto/certs"
    inside.mkdir(exist_ok=True)
    for name in ("ca.pem", "door.pem"):
        shutil.copy(certs / name, inside)
    (machine.root / "etc/sotto/policies/sharing.yaml").write_text(POLICY)
    settings = machine.root / SETTINGS_FILE.lstrip("/")
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("door:")]
    settings.write_text("\n".join([*kept, *SETTINGS, ""]))
    machine.must("systemd-tmpfiles --create --prefix=/etc/sotto")
    machine.must(f"mkdir -p -m 700 {STORE}")
    for name, secret in (("mqtt-key", (certs / "door.key").read_text()), ("ha-token", TOKEN)):
        encrypts = f"systemd-creds encrypt --name=sotto-{name} - {STORE}/sotto-{name}"
        machine.must(f"{encrypts} <<'END'\n{secret.strip()}\nEND")


def _tried(machine: Machine, folder: Path, met: Callable[[], dict[str, Any]]) -> list[str]:
    wrong: list[str] = []

    def row(what: str, holds: bool, why: str = "") -> None:
        print(f"  {what:<56}{'as it should be' if holds else 'not so'}")
        if not holds:
            wrong.append(f"credential: {what}: {why}")

    status, said = machine.run("systemctl restart sotto-door sotto-core", 120)
    row("the door starts", status == 0, said)
    known = _until(lambda: "u'sotto-home'" in (folder / "mosquitto.log").read_text())
    row("the broker lets it in, as whom its certificate names", known, "mosquitto.log")
    messages = _asked(machine, met)
    intents = [json.loads(payload)["intent"] for _, payload in messages]
    topics = [topic for topic, _ in messages]
    arrived = set(intents) == {"HassGetCurrentTime"} and set(topics) == {TOPIC}
    row("something is asked, and its intent arrives", arrived, f"{messages}")
    shown = _until(lambda: met()["tokens"]) and set(met()["tokens"]) == {TOKEN}
    row("Home Assistant is shown the token", shown, f"{len(met()['tokens'])} times")
    machine.must("systemctl kill --kill-whom=main -s KILL sotto-door")
    again = len(_asked(machine, met)) > len(messages)
    row("killed (SIGKILL) it comes back, and the next one arrives", again)
    for what, secret in (
        ("the key", (folder / "certs/door.key").read_text().splitlines()[1]),
        ("the token", TOKEN),
    ):
        places = "/etc /var /run/log /run/sotto /tmp /opt/sotto/share /root"
        looks = f"grep -rlF -e '{secret}' {places}; journalctl -b | grep -cF -e '{secret}'"
        said = machine.run(looks)[1]
        row(f"{what} lies nowhere in the clear, nor in the journal", said == "0", said)
    status = machine.run(f"setpriv --reuid=65534 --clear-groups cat {KEY}")[0]
    row("nobody else may read the key", status != 0)
    machine.must(f"mv {STORE}/sotto-mqtt-key /root/")
    machine.run("timeout 30 systemctl restart sotto-door")
    log = "journalctl -q -b -u sotto-door"
    before = machine.run(f"{log} | grep -c Starting")[1]
    said = machine.run(f"sleep 8; systemctl is-failed sotto-door; {log} | grep -c Starting")[1]
    row("without the key the door does not start, nor try again", said == f"failed\n{before}", said)
    says = f"journalctl -q -b -u sotto-door -n 8 | grep -q 'door.key: {KEY}: No such file'"
    row("and says why", machine.run(says)[0] == 0)
    status, said = machine.run(f"mv /root/sotto-mqtt-key {STORE}/; systemctl start sotto-door", 60)
    row("with it, it does", status == 0, said)
    machine.run("systemctl stop sotto-door; sleep 8")
    said = machine.run("systemctl is-active sotto-door sotto-door.socket")[1]
    row("a door that was stopped is not started by the core", said == "inactive\ninactive", said)
    return wrong


def _asked(machine: Machine, met: Callable[[], dict[str, Any]]) -> list[list[str]]:
    """Ask what time it is until one more message arrived; all that arrived."""
    before = len(met()["messages"])
    for _ in range(3):  # on a busy machine what plays the recording may stutter
        machine.must("systemctl start --wait play-time")
        if _until(lambda: len(met()["messages"]) > before, 15):
            break
    return list(met()["messages"])


@contextmanager
def _peers(machine: Machine, folder: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """Both run; what they met so far."""

    def met() -> dict[str, Any]:
        file = folder / "met"
        return dict(json.loads(file.read_text())) if file.exists() else {"ready": False}

    with machine.beside([sys.executable, "-m", "scripts.units.peers", str(folder)]) as process:
        try:
            if not _until(lambda: met()["ready"]):
                raise RuntimeError(f"broker or Home Assistant do not start: see {folder}")
            yield met
        finally:
            process.terminate()


def _until(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.2)
    return False

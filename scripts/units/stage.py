"""What the machine is furnished with: Sotto, a microphone that plays files, a port on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.units.machine import Machine

HERE = Path(__file__).parent.parent.parent
PACKAGE = "/opt/sotto/lib/python3.11/site-packages/assistant"
RECORDING = f"{PACKAGE}/recordings/1_alexa_light_on.flac"
WHISPER = "/opt/sotto/share/whisper"
PULSE = """\
[Service]
Environment=HOME=/root XDG_RUNTIME_DIR=/run/pulse-test
RuntimeDirectory=pulse-test
ExecStart=/usr/bin/pulseaudio -n --exit-idle-time=-1 --daemonize=no --use-pid-file=no \\
"--load=module-native-protocol-unix socket=/run/pulse-test/native auth-anonymous=1" \\
"--load=module-null-sink sink_name=fake"
"""
CORE = """\
[Unit]
Wants=pulse-test.service
After=pulse-test.service
[Service]
Environment=PULSE_SERVER=unix:/run/pulse-test/native
BindReadOnlyPaths=/run/pulse-test
ExecStart=
ExecStart=/opt/sotto/bin/sotto --json run
StandardOutput=append:/run/heard
"""
LISTENER = """\
[Service]
ExecStart=/usr/bin/python3 -c "import socket, time; \\
s = socket.create_server(('127.0.0.1', 1883)); time.sleep(1e6)"
"""
SETTINGS = (
    "door: {address: 127.0.0.1, port: 1883, tls: false}",
    "wyoming: {wake: tcp://127.0.0.1:10400, intent: tcp://127.0.0.1:10500}",
)
SETTINGS_FILE = "/etc/sotto/settings.yaml"
PLAYS = """\
[Service]
Environment=PULSE_SERVER=unix:/run/pulse-test/native
ExecStart=/usr/bin/paplay --device=fake /root/{name}.wav
"""
PLAY = "systemctl start --wait play-said"
PLAYED = {
    name: HERE / "assistant/recordings" / f"{file}.flac"
    for name, file in {
        "said": "1_alexa_light_on",
        "time": "3_alexa_time",
        "call": "4_alexa_call",
    }.items()
}
"""What is played into the microphone by play-NAME.service; `call` has a telephone number in it."""
BROKER_PORT, HOME_PORT = 8883, 8123
"""Of the machine's loopback, where peers.py serves."""


def make_wheels(folder: Path) -> Path:
    """Fetch and build everything that is installed, once for each set of versions."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("sotto_voice-*"):
        old.unlink()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    stamp = folder / "constraints.txt"
    pinned = HERE / "constraints.txt"
    if not stamp.exists() or stamp.read_text() != pinned.read_text():
        print("fetching what Sotto needs (once)", flush=True)
        line = [*pip, "-c", str(pinned), "-w", str(folder), f"{HERE}[mic,whisper]"]
        subprocess.run(line, check=True)
        shutil.copy(pinned, stamp)
    else:
        subprocess.run([*pip, "--no-deps", "-w", str(folder), str(HERE)], check=True)
    return folder


def install(root: Path, wheels: Path, action: str = "install", prefix: str = "/usr") -> None:
    """`make install` into the folder."""
    more = {"DESTDIR": str(root), "PREFIX": prefix, "WITH": "mic,whisper", "WHEELS": str(wheels)}
    line = ["sh", str(HERE / "scripts/install.sh"), action]
    subprocess.run(line, check=True, env={**os.environ, **more}, stdout=subprocess.DEVNULL)


def furnish(root: Path, wheels: Path) -> None:
    """Put all of it there."""
    install(root, wheels)
    share = root / "opt/sotto/share"
    for name in ("inside.py", "skill.py"):
        shutil.copy(HERE / "scripts/units" / name, share)
    tiny = [sys.executable, str(HERE / "scripts/make_tiny_whisper.py"), str(root / WHISPER[1:])]
    says = [*tiny, "--says", "turn on the kitchen light"]
    subprocess.run(says, check=True, stdout=subprocess.DEVNULL)
    units = root / "etc/systemd/system"
    (units / "sotto-core.service.d").mkdir(parents=True)
    (units / "pulse-test.service").write_text(PULSE)
    (units / "loopback-test.service").write_text(LISTENER)
    (units / "sotto-core.service.d/test.conf").write_text(CORE)
    sound = "import soundfile as s, sys; s.write(sys.argv[2], *s.read(sys.argv[1]))"
    for name, recording in PLAYED.items():
        (units / f"play-{name}.service").write_text(PLAYS.format(name=name))
        line = [sys.executable, "-c", sound, str(recording), str(root / f"root/{name}.wav")]
        subprocess.run(line, check=True)
    (root / "root/secret").write_text("a secret\n")
    (root / "var/log/journal").mkdir(exist_ok=True)
    (root / "dev/snd").mkdir(parents=True, exist_ok=True)


def begin(machine: Machine) -> None:
    """What has to be there before a probe."""
    machine.run("ip link add one type veth peer name other && ip link set one up")
    machine.must("mkdir -p /dev/snd && touch /dev/snd/controlC0")
    for line in SETTINGS:
        machine.must(f"echo '{line}' >>{SETTINGS_FILE}")
    machine.must("systemctl start pulse-test loopback-test sotto-door", 60)

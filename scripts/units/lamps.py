"""An owner's LED, button and scraper at the real service: who is in a group, and who is not."""

from __future__ import annotations

import shutil

from scripts.units.machine import Machine
from scripts.units.stage import HERE, SETTINGS_FILE
from scripts.units.steps import tried

EVENTS, METRICS = "/run/sotto/lamps/events.sock", "/run/sotto/metrics/metrics.sock"
LED = "/opt/sotto/share/led.py"
ASK = """\
import socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.settimeout(10)
    try:
        peer.connect(sys.argv[1])
    except OSError as error:
        sys.exit(type(error).__name__)
    peer.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
    said = b""
    while sys.argv[3].encode() not in said:
        more = peer.recv(4096)
        if not more:
            sys.exit("hung up")
        said += more
"""
GET = r"GET /metrics HTTP/1.0\r\n\r\n"
MUTE, UNMUTE = r'{"do": "mute"}\n', r'{"do": "unmute"}\n'


def _ask(user: str, path: str, says: str, hears: str) -> str:
    """What a user's program says to a socket, and waits for."""
    return f"runuser -u {user} -- python3 /opt/sotto/share/ask.py {path} '{says}' '{hears}' 2>&1"


_LIGHTS = (
    f"mkdir -p /run/led && touch /run/led/brightness && chown -R lamp /run/led; "
    f"systemd-run --quiet --unit=led -p User=lamp python3 {LED} --socket {EVENTS} --led /run/led; "
    "for n in 1 2 3; do systemctl start --wait play-said & "
    "timeout 12 sh -c 'until grep -q 1 /run/led/brightness; do sleep 0.1; done' && break; wait; "
    "done; wait; grep -c . /run/led/brightness"
)
STEPS = (
    ("nobody is in the groups", "getent group sotto-lamps sotto-metrics | grep -v ':$'", 1),
    ("with the settings as they are there is no socket", f"test -e {EVENTS} -o -e {METRICS}", 1),
    (
        "users: lamp, scraper and stranger",
        "useradd -M -G sotto-lamps lamp && useradd -M -G sotto-metrics scraper && "
        "useradd -M stranger",
        0,
    ),
    (
        "observe: {events: true, metrics: true}",
        f"echo 'observe: {{events: true, metrics: true}}' >>{SETTINGS_FILE} && "
        "systemctl restart sotto-core",
        0,
    ),
    ("the lamp is told the mood", _ask("lamp", EVENTS, "", '"state"'), 0),
    ("and may mute", _ask("lamp", EVENTS, MUTE, '"did": "mute"'), 0),
    ("and end that", _ask("lamp", EVENTS, UNMUTE, '"did": "unmute"'), 0),
    ("the scraper gets metrics", _ask("scraper", METRICS, GET, "sotto_uptime_seconds"), 0),
    ("root is told the mood", _ask("root", EVENTS, "", '"state"'), 0),
    ("and gets metrics", _ask("root", METRICS, GET, "sotto_uptime_seconds"), 0),
    (
        "the stranger is not let in to the mood",
        _ask("stranger", EVENTS, "", "") + " | grep -x PermissionError",
        0,
    ),
    ("nor to metrics", _ask("stranger", METRICS, GET, "") + " | grep -x PermissionError", 0),
    ("the lamp gets no metrics", _ask("lamp", METRICS, GET, "") + " | grep -x PermissionError", 0),
    (
        "the scraper is told no mood",
        _ask("scraper", EVENTS, "", "") + " | grep -x PermissionError",
        0,
    ),
    ("the lamp can't take the socket away", f"runuser -u lamp -- rm -f {EVENTS}", 1),
    ("nor put one of its own there", f"runuser -u lamp -- touch {EVENTS}.new", 1),
    ("examples/led, as the lamp: it lights when Sotto hears", _LIGHTS, 0),
    (
        "after kill -9 of the core the lamp connects again",
        "systemctl kill --kill-whom=main -s KILL sotto-core; sleep 1; "
        "timeout 60 sh -c 'until systemctl -q is-active sotto-core; do sleep 0.5; done'; "
        + _ask("lamp", EVENTS, "", '"state"'),
        0,
    ),
    (
        "a core that was stopped is not started by a lamp",
        "systemctl stop sotto-core led; " + _ask("lamp", EVENTS, "", "") + "; sleep 1; "
        "systemctl is-active sotto-core",
        3,
    ),
    ("and leaves no socket", f"test -e {EVENTS} -o -e {METRICS}", 1),
    ("the settings as before", f"sed -i /^observe:/d {SETTINGS_FILE}", 0),
)


def check(machine: Machine) -> list[str]:
    """Print what happens; what is not as it should be."""
    share = machine.root / "opt/sotto/share"
    shutil.copy(HERE / "examples/led/led.py", share)
    (share / "ask.py").write_text(ASK)
    machine.must("systemctl start sotto-core", 120)
    print("\nlamps, buttons and scrapers")
    return tried(machine, "lamps", STEPS)

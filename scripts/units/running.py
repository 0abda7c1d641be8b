"""The real services in the machine: that each starts, says so, and meets the others."""

from __future__ import annotations

from scripts.units.machine import Machine
from scripts.units.stage import SETTINGS_FILE as SETTINGS

HOUSE = "home_assistant: {url: http://127.0.0.1:8123}"
"""Nobody is there, and there is no token: the door says so to the core."""
SERVICES = ("sotto-core", "sotto-door", "sotto-wyoming")
ASK = """\
import json, socket
with socket.create_connection(("127.0.0.1", 10500), 5) as peer:
    peer.sendall(b'{"type": "describe"}\\n')
    head = json.loads(peer.makefile("rb").readline())
print(head["type"])
"""


def check(machine: Machine) -> list[str]:
    """Print how each is; what is not as it should be."""
    wrong: list[str] = []
    machine.must("systemctl start sotto.target sotto-door sotto-wyoming; sleep 3", 180)
    print(f"\n{'service':<18}{'state':<10}{'RSS':<10}says")
    for service in SERVICES:
        state = machine.run(f"systemctl is-active {service}")[1]
        says = machine.run(f"systemctl show -P StatusText {service}")[1]
        process = machine.run(f"systemctl show -P MainPID {service}")[1]
        resident = machine.run(f"grep VmRSS /proc/{process}/status | tr -dc 0-9")[1]
        print(f"{service:<18}{state:<10}{int(resident or 0) // 1024:>4} MB   {says}")
        if state != "active" or not says:
            wrong.append(f"{service} is {state}, and says {says!r}")
    machine.must(f"echo '{HOUSE}' >>{SETTINGS} && systemctl restart sotto-door sotto-core", 90)
    for what, command, expected in _QUESTIONS:
        said = machine.run(command, 60)[1]
        good = said == expected
        print(f"{what:<56}{said if good else f'{said[-200:]} !'}")
        if not good:
            wrong.append(f"{what}: {said[-300:]}")
    machine.must(f"sed -i /home_assistant/d {SETTINGS} && systemctl stop sotto.target")
    return wrong


_QUESTIONS = (
    (
        "the core hears through the door that a token is missing",
        "journalctl -q -b -u sotto-core | grep -c token-missing",
        "1",
    ),
    ("the wyoming service answers", f"python3 - <<'END'\n{ASK}END", "info"),
    ("sudo sotto data list", "sotto data list >/dev/null 2>&1; echo $?", "0"),
    (
        "sudo sotto keys status, as the service's user",
        "sotto keys status >/dev/null 2>&1; echo $?",
        "0",
    ),
    (
        "what it keeps is the service's and nobody else's",
        "find /var/lib/private/sotto -user root | wc -l",
        "0",
    ),
    (
        "words in the journal",
        "journalctl -b -q | grep -ciE 'kitchen|turn on'",
        "0",
    ),
)

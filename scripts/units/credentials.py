"""The master key as a credential of systemd's, in a machine of machine.py."""

from __future__ import annotations

from scripts.units.machine import Machine
from scripts.units.steps import tried

STEPS = (
    ("systemctl stop sotto-core", "systemctl stop sotto-core", 0),
    ("a folder for encrypted credentials", "mkdir -p -m 700 /etc/credstore.encrypted", 0),
    (
        "systemd-creds encrypt the key file",
        "systemd-creds encrypt --name=sotto-master /var/lib/private/sotto/master.key "
        "/etc/credstore.encrypted/sotto-master",
        0,
    ),
    ("the key file goes", "rm /var/lib/private/sotto/master.key", 0),
    ("it starts, with what it kept", "systemctl start sotto-core", 0),
    ("the key is not written down again", "test ! -e /var/lib/private/sotto/master.key", 0),
    (
        "and comes from the credential",
        "sotto keys status | grep -qi credential",
        0,
    ),
    (
        "without it the core does not start",
        "systemctl stop sotto-core; mv /etc/credstore.encrypted/sotto-master /root/; "
        "timeout 30 systemctl start sotto-core",
        1,
    ),
    ("and does not try again", "sleep 2; systemctl is-failed sotto-core", 0),
    (
        "it says why",
        "journalctl -q -b -u sotto-core -n 8 | grep -q 'sotto-master.*missing'",
        0,
    ),
)


def check(machine: Machine) -> list[str]:
    """Print what happens; what is not as it should be."""
    print("\nthe master key as a credential")
    return tried(machine, "credential", STEPS)

"""The Debian package in a machine of machine.py: install, check, upgrade, remove, purge."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scripts.units.machine import Machine, booted
from scripts.units.stage import HERE
from scripts.units.steps import tried

LEFT_BY_DEBIAN = (
    "/var/lib/dpkg",
    "/var/cache",
    "/var/log",
    "/var/lib/systemd",
    "/etc/group",
    "/etc/gshadow",
)
"""Where dpkg and systemd note what they did."""


def check(folder: Path, wheels: Path) -> list[str]:
    """Print what happens; what is not as it should be."""
    out = folder / "package"
    shutil.rmtree(out, ignore_errors=True)
    more = {"WHEELS": str(wheels), "OUT": str(out)}
    subprocess.run(
        ["sh", str(HERE / "scripts/make_deb.sh")],
        check=True,
        env={**os.environ, **more},
        stdout=subprocess.DEVNULL,
    )
    package = next(out.glob("*.deb"))
    root = folder / "package-root"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder / "debian"), str(root)], check=True)
    shutil.copy(package, root / "root/sotto.deb")
    print(f"\nthe package: {package.name}, {package.stat().st_size / 1e6:.0f} MB")
    with booted(root) as machine:
        wrong = tried(machine, "package", _STEPS, 300)
        wrong += _left(machine)
    shutil.rmtree(root, ignore_errors=True)
    return wrong


def _left(machine: Machine) -> list[str]:
    """What is there after the purge that was not there before."""
    hidden = "".join(f" -e '^{place}'" for place in LEFT_BY_DEBIAN)
    left = machine.run(f"{_LIST} | comm -13 /root/before - | grep -v {hidden}")[1]
    print(f"  {'files that are left after the purge':<56}{left or 'none'}")
    return [f"package: left after the purge: {left}"] if left else []


_LIST = "find / -xdev" + "".join(f" ! -path '/{one}/*'" for one in ("proc", "sys", "run", "dev"))
_LIST += " ! -path '/tmp/*' | sort"
_STEPS = (
    (
        "before",
        f"touch /root/before; {_LIST} >/root/before.new; mv /root/before.new /root/before",
        0,
    ),
    ("dpkg -i", "dpkg -i /root/sotto.deb", 0),
    ("nothing listens before somebody says so", "systemctl is-active sotto-core", 3),
    (
        "sotto check (there is no microphone: 1)",
        "HOME=/tmp/home sotto check --config /etc/sotto/settings.yaml",
        1,
    ),
    (
        "sotto check names nothing but the microphone",
        "HOME=/tmp/home sotto check | grep MISSING | grep -qv microphone",
        1,
    ),
    ("man sotto", "zcat /usr/share/man/man1/sotto.1.gz | head -1 | grep -q SOTTO", 0),
    ("systemctl enable sotto.target", "systemctl enable sotto.target sotto-door.service", 0),
    ("its own settings", "echo 'wake: {engine: none}' >>/etc/sotto/settings.yaml", 0),
    ("dpkg -i again, as an upgrade", "dpkg -i --force-confold /root/sotto.deb", 0),
    ("the settings are as they were", "grep -q 'engine: none' /etc/sotto/settings.yaml", 0),
    ("dpkg -r", "dpkg -r sotto", 0),
    ("the configuration is kept", "test -e /etc/sotto/settings.yaml && ! test -e /opt/sotto", 0),
    ("dpkg -P", "dpkg -P sotto", 0),
    ("no group is left", "getent group sotto sotto-link sotto-names sotto-lamps sotto-metrics", 2),
)
"""What is done, how, and the status that it should have."""

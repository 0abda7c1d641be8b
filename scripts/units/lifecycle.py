"""`make install`, `upgrade` and `uninstall` in a machine, with a version that does not start."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

from scripts.units.machine import booted
from scripts.units.stage import CORE, HERE, PULSE
from scripts.units.steps import tried

BROKEN = b"def run(*_):\n    raise RuntimeError\n\n\ndef _run("


def check(folder: Path, wheels: Path) -> list[str]:
    """Print what happens; what is not as it should be."""
    root = folder / "life-root"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder / "debian"), str(root)], check=True)
    broken = _broken(folder / "broken", wheels)
    units = root / "etc/systemd/system"
    (units / "sotto-core.service.d").mkdir(parents=True)
    (units / "pulse-test.service").write_text(PULSE)
    (units / "sotto-core.service.d/test.conf").write_text(CORE)
    shown = [f"{HERE}:/src", f"{wheels.absolute()}:/wheels", f"{broken.absolute()}:/broken"]
    print("\nmake install, upgrade, uninstall")
    with booted(root, *(f"--bind-ro={one}" for one in shown)) as machine:
        wrong = tried(machine, "install", _STEPS, 600)
    shutil.rmtree(root, ignore_errors=True)
    return wrong


def _broken(folder: Path, wheels: Path) -> Path:
    """The same wheels, but a Sotto that fails as soon as it is to listen."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for wheel in wheels.glob("*.whl"):
        if not wheel.name.startswith("sotto_voice"):
            (folder / wheel.name).hardlink_to(wheel)
            continue
        with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(folder / wheel.name, "w") as new:
            for name in old.namelist():
                text = old.read(name)
                bad = name == "assistant/commands/run.py"
                new.writestr(name, text.replace(b"def run(", BROKEN, 1) if bad else text)
    return folder


_MAKE = "WITH=mic WHEELS=/{} sh /src/scripts/install.sh {}"
_PLACES = " -o ".join(f"-path {one}" for one in ("/src", "/wheels", "/broken", "/proc"))
_OTHERS = "^/var/log -e test.conf -e sotto-core.service.d"
_LEFT = f"! find / -xdev \\( {_PLACES} \\) -prune -o -name '*sotto*' -print | grep -v -e {_OTHERS}"
_STEPS = (
    ("sudo make install", _MAKE.format("wheels", "install"), 0),
    ("again: it says that it is there", _MAKE.format("wheels", "install"), 1),
    ("the configuration is not for everybody", "test $(stat -c %a:%G /etc/sotto) = 750:sotto", 0),
    ("systemctl enable --now sotto.target", "systemctl enable --now sotto.target", 0),
    ("it listens", "systemctl start sotto-core", 0),
    ("a setting of the household's", "echo '# ours' >>/etc/sotto/settings.yaml", 0),
    ("sudo make upgrade", _MAKE.format("wheels", "upgrade"), 0),
    ("it listens", "systemctl is-active sotto-core", 0),
    ("sudo make upgrade to one that does not start", _MAKE.format("broken", "upgrade"), 1),
    ("the one before listens again", "systemctl is-active sotto-core", 0),
    ("nothing of the other is left", "test ! -e /opt/sotto.old && test ! -e /opt/sotto.new", 0),
    ("the setting is still there", "grep -q '# ours' /etc/sotto/settings.yaml", 0),
    ("sudo make uninstall", "sh /src/scripts/install.sh uninstall", 0),
    ("only configuration and state are left", "test ! -e /opt/sotto && test -e /etc/sotto", 0),
    ("what was kept is still there", "test -e /var/lib/private/sotto/keyslots", 0),
    ("sudo make install again finds it", _MAKE.format("wheels", "install"), 0),
    ("it listens, with the keys from before", "systemctl start sotto-core", 0),
    ("sudo make uninstall PURGE=1", "PURGE=1 sh /src/scripts/install.sh uninstall", 0),
    ("nothing is left", _LEFT, 0),
)  # fmt: skip
"""What is done, how, and the status that it should have."""

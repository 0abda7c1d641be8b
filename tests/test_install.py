"""`make install` into a folder: what is put where, what is never written over, what is left.

pip is stood in for: `make units-test` tests what is installed into the environment, and
test_manual.py what `sotto help` prints.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON = f"""\
#!/bin/sh
# A Python whose environments need no network: pip does nothing.
case "$*" in
"-m venv "*)
  mkdir -p "$3/bin" "$3/lib"
  cp "$0" "$3/bin/python"
  printf '#!%s/bin/python\\nimport sys\\n' "$3" >"$3/bin/sotto"
  chmod 755 "$3/bin/sotto"
  touch "$3/bin/pip" "$3/bin/activate"
  ;;
*" -m pip "* | "-m pip "*) [ ! -e "$(dirname "$0")/../../../fails" ] ;;
*" -m compileall "* | "-m compileall "*) ;;
*"-m assistant help"*) echo "$@" ;;
*) exec {sys.executable} "$@" ;;
esac
"""
UNITS = {path.name for path in (ROOT / "systemd").iterdir() if path.name.startswith("sotto")}
UNITS -= {"sotto.sh"}


class Machine:
    def __init__(self, root: Path, python: Path) -> None:
        self.root = root
        self._python = python

    def make(self, action: str, **more: str) -> subprocess.CompletedProcess[str]:
        given = {"DESTDIR": str(self.root), "PYTHON": str(self._python), **more}
        line = ["sh", str(ROOT / "scripts/install.sh"), action]
        environment = {**os.environ, **given}
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    def files(self) -> set[str]:
        return {
            f"/{path.relative_to(self.root)}" for path in self.root.rglob("*") if path.is_file()
        }


@pytest.fixture
def machine(tmp_path):
    python = tmp_path / "python3"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / "root").mkdir()
    return Machine(tmp_path / "root", python)


def installed(machine: Machine, **more: str) -> Machine:
    done = machine.make("install", **more)
    assert done.returncode == 0, done.stderr
    return machine


def test_everything_is_where_the_platform_looks_for_it(machine):
    files = installed(machine, PREFIX="/usr").files()
    assert {Path(name).name for name in files if "/systemd/system/" in name} == UNITS
    assert {
        "/usr/lib/sysusers.d/sotto.conf",
        "/usr/lib/tmpfiles.d/sotto.conf",
        "/usr/bin/sotto",
        "/usr/share/man/man1/sotto.1",
        "/usr/share/bash-completion/completions/sotto",
        "/usr/share/zsh/vendor-completions/_sotto",
        "/etc/sotto/settings.yaml",
        "/etc/sotto/policies/house.yaml",
        "/opt/sotto/share/examples/settings.yaml",
    } <= files
    assert not any(name.startswith("/usr/local") for name in files)


def test_by_default_nothing_is_mixed_with_what_packages_own(machine):
    files = installed(machine).files()
    mine = ("/usr/local/", "/opt/sotto/", "/etc/sotto/")
    assert [name for name in files if not name.startswith(mine)] == []


def test_the_command_runs_where_the_environment_will_stand_and_without_pip(machine):
    installed(machine)
    environment = machine.root / "opt/sotto"
    assert (environment / "bin/sotto").read_text().startswith("#!/opt/sotto/bin/python\n")
    assert {path.name for path in (environment / "bin").iterdir()} == {"python", "sotto"}
    assert stat.S_IMODE((machine.root / "etc/sotto/settings.yaml").stat().st_mode) == 0o640


def test_a_second_install_changes_nothing_and_says_what_to_type(machine):
    installed(machine)
    done = machine.make("install")
    assert done.returncode == 1
    assert "sudo make upgrade" in done.stderr


def test_an_upgrade_keeps_the_configuration_and_brings_back_what_is_missing(machine):
    installed(machine)
    settings = machine.root / "etc/sotto/settings.yaml"
    settings.write_text("language: en\n")
    (machine.root / "etc/sotto/policies/house.yaml").unlink()
    kept = machine.root / "var/lib/private/sotto/keyslots"
    kept.parent.mkdir(parents=True)
    kept.write_text("keys")
    (machine.root / "opt/sotto/old").touch()
    done = machine.make("upgrade")
    assert done.returncode == 0, done.stderr
    assert settings.read_text() == "language: en\n"
    assert (machine.root / "etc/sotto/policies/house.yaml").exists()
    assert kept.read_text() == "keys"
    assert sorted(path.name for path in (machine.root / "opt").iterdir()) == ["sotto"]
    assert not (machine.root / "opt/sotto/old").exists()


def test_an_upgrade_that_can_not_be_made_leaves_the_version_before(machine):
    installed(machine)
    (machine.root / "opt/sotto/old").touch()
    (machine.root / "fails").touch()
    done = machine.make("upgrade")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert (machine.root / "opt/sotto/old").exists()


def test_an_upgrade_of_nothing_says_what_to_type(machine):
    done = machine.make("upgrade")
    assert (done.returncode, "sudo make install" in done.stderr) == (1, True)


@pytest.mark.parametrize("prefix", ["/usr", "/usr/local"])
def test_uninstalling_leaves_configuration_and_state_and_nothing_else(machine, prefix):
    installed(machine, PREFIX=prefix)
    kept = machine.root / "var/lib/private/sotto/keyslots"
    kept.parent.mkdir(parents=True)
    kept.touch()
    done = machine.make("uninstall", PREFIX=prefix)
    assert done.returncode == 0, done.stderr
    assert machine.files() == {
        "/etc/sotto/settings.yaml",
        "/etc/sotto/policies/house.yaml",
        "/var/lib/private/sotto/keyslots",
    }
    assert machine.make("uninstall", PREFIX=prefix, PURGE="1").returncode == 0
    assert machine.files() == set()


@pytest.mark.parametrize(
    "script", ["scripts/install.sh", "scripts/make_deb.sh", "systemd/sotto.sh"]
)
def test_the_scripts_are_plain_posix_shell(script):
    assert subprocess.run(["sh", "-n", ROOT / script], check=False).returncode == 0
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed; their syntax is right")
    done = subprocess.run(
        ["shellcheck", ROOT / script], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""

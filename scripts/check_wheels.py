"""Ask the package index whether Sotto installs on aarch64 without a compiler.

    check_wheels.py

Resolves the dependencies in pyproject.toml, at the versions in constraints.txt, as pip
would on 64-bit ARM with Debian 12 or Ubuntu 22.04 (glibc 2.35) and every Python we name,
wheels only. Writes what it finds for the core and the oldest Python to docs/aarch64.txt,
which a test compares with what is installed; ends with 1 where that lacks a wheel. What has
none elsewhere is built from source by pip (a C compiler is all pocketsphinx needs).
Markers are those of this machine, so a dependency for ARM alone would not be seen; there is
none.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "aarch64.txt"
GLIBC = 35
PYTHONS = ("3.11", "3.12", "3.13")
HEAD = (
    "# The core's dependencies as they install on 64-bit ARM; written by scripts/check_wheels.py\n"
)


def main() -> int:
    """Check the core and every extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = {"core": project["dependencies"], **project["optional-dependencies"]}
    del parts["dev"]
    failed = False
    for part, requirements in parts.items():
        for python in PYTHONS:
            try:
                wheels = resolve(requirements, python)
            except subprocess.CalledProcessError as error:
                failed = failed or (part == "core" and python == PYTHONS[0])
                print(f"{part}, Python {python}: {_reason(error.stderr)}")
                continue
            print(f"{part}, Python {python}: {len(wheels)} packages, all with wheels")
            if part == "core" and python == PYTHONS[0]:
                TABLE.write_text(HEAD + "".join(f"{line}\n" for line in wheels), encoding="utf-8")
    return 1 if failed else 0


def resolve(requirements: Sequence[str], python: str) -> list[str]:
    """Give `name==version tag` for all that is installed for the requirements, sorted."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(GLIBC, 16, -1)]
    platforms.append("manylinux2014_aarch64")
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
        command += ["--quiet", "--dry-run", "--ignore-installed", "--target", place]
        command += ["--report", str(report), "--only-binary=:all:", f"--python-version={python}"]
        command += ["--constraint", str(ROOT / "constraints.txt")]
        command += [f"--platform={platform}" for platform in platforms]
        subprocess.run([*command, *requirements], check=True, capture_output=True, text=True)
        installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted((_line(item) for item in installed), key=str.lower)


def _reason(said: str) -> str:
    """Find in pip's words which package has no wheel."""
    found = re.search(r"(?:Cannot install|satisfies the requirement) ([^\s;]+)", said)
    return f"no wheel for {found[1]}" if found else said.strip().splitlines()[-1]


def _line(item: dict[str, dict[str, str]]) -> str:
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    wheel = item["download_info"]["url"].rsplit("/", 1)[-1].removesuffix(".whl")
    return f"{name}=={version} {'-'.join(wheel.split('-')[-3:])}"


if __name__ == "__main__":
    sys.exit(main())

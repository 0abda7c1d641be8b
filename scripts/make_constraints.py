"""Write constraints.txt: the exact versions a fresh environment gets with every extra.

    make_constraints.py

Installs the project into a new environment in a temporary directory, from the package index
that pip is set up for. Names and versions only: where they came from is each machine's own
business.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"pip", "setuptools", "sotto-voice", "wheel"}


def main() -> None:
    """Install, list, write."""
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        pip = [f"{place}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "install", "--quiet", f"{ROOT}[mic,whisper,presidio,dev]"],
            check=True,
            stdout=sys.stderr,
        )
        listed = subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True)
    packages = {item["name"].lower(): item for item in json.loads(listed.stdout)}
    lines = [
        f"{item['name']}=={item['version']}\n"
        for name, item in sorted(packages.items())
        if name not in LEFT_OUT
    ]
    (ROOT / "constraints.txt").write_text("".join(lines), encoding="utf-8")
    print(f"constraints.txt: {len(lines)} packages")


if __name__ == "__main__":
    main()

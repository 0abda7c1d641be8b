"""`sotto skills new`: writes a package with a skill that works, and its test."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from assistant.errors import ManifestError

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sotto-skill-{dashed}"
version = "0.1.0"
description = "A skill for Sotto"
requires-python = ">=3.11"
dependencies = ["sotto-voice"]

[project.entry-points."sotto.skills"]
{name} = "{module}:skill"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""
_MODULE = '''\
"""Greets the house."""

from assistant import Intent, Reply, Skill

skill = Skill(name="{name}", sentences="sentences.yaml")


@skill.on("{intent}")
async def greet(intent: Intent) -> Reply:
    """Greet whoever was named, as often as was asked."""
    times = int(intent.number("times") or 1)
    return Reply(" ".join([f"Hello, {{intent['whom']}}."] * times))
'''
_SENTENCES = """\
# Home Assistant's custom-sentence format:
# https://developers.home-assistant.io/docs/voice/intent-recognition/template-sentence-syntax
language: en
intents:
  {intent}:
    data:
      - sentences:
          - "say (hello|good day) to the {{whom}} [{{times}} times] [{signature}]"
lists:
  whom:
    values: [house, kitchen, garden]
  times:
    range: {{from: 2, to: 5}}
"""
_TEST = '''\
"""The skill hears its sentences, and answers them."""

import asyncio
import subprocess
import sys
from pathlib import Path

from {module} import greet
from assistant import Intent, Reply

HERE = Path(__file__).parent
RECORDINGS = sorted((HERE / "recordings").glob("*.flac"))
"""Put recordings of your commands there, without a wake word; each must be understood."""


def test_its_sentences_texts_and_recordings_reach_it() -> None:
    command = [sys.executable, "-m", "assistant", "skills", "test", str(HERE.parent)]
    command += ["--say", "say hello to the garden three times {signature}"]
    for recording in RECORDINGS:
        command += ["--audio", str(recording)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_greets() -> None:
    reply = asyncio.run(greet(Intent.of("{intent}", whom="house", times=2)))
    assert reply == Reply("Hello, house. Hello, house.")
'''


def run(parsed: argparse.Namespace) -> int:
    """Write the files; refuse where something is already."""
    name = str(parsed.name)
    if not _NAME.fullmatch(name):
        raise ManifestError(f"{name}: a skill's name is small letters, digits, - and _, at most 40")
    directory: Path = parsed.directory or Path(name)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ManifestError(f"{directory}: there is something already; name another --directory")
    for place, text in files(name).items():
        path = directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{directory} is a skill. Next:")
    print(f"  sotto skills test {directory}")
    print(f"  pip install -e {directory}    (into the environment of Sotto)")
    return 0


def files(name: str) -> dict[str, str]:
    """The files of a new skill by their places."""
    module = f"sotto_{name.replace('-', '_')}"
    words = re.split(r"[-_]+", name)
    known = {
        "name": name,
        "module": module,
        "dashed": "-".join(word for word in words if word),
        "intent": "".join(word.capitalize() for word in words) + "Greet",
        "signature": f"from {' '.join(word for word in words if word)}",
    }
    return {
        "pyproject.toml": _PROJECT.format(**known),
        f"{module}/__init__.py": _MODULE.format(**known),
        f"{module}/sentences.yaml": _SENTENCES.format(**known),
        f"{module}/py.typed": "",
        f"tests/test_{module}.py": _TEST.format(**known),
    }

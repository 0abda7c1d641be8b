"""A skill in a project of its own is type-checked there, however Sotto was installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKILL = '''"""Calls people."""

from assistant import Intent, Reply, Skill, SkillError

phone = Skill(
    name="phone",
    sentences={"PlaceCall": ["call {person} [{2..10:times} times]"]},
    choices={"person": ["grandma"]},
    opens={"person": "to place the call"},
    hosts=["api.example.org"],
    timeout=4,
)


@phone.on("PlaceCall", "CallAgain")
async def place_call(intent: Intent) -> Reply:
    reveal_type(intent["person"])
    reveal_type(intent.text("person"))
    reveal_type(intent.number("times"))
    reveal_type(intent.opened("person"))
    answer = await intent.ask("Shall I?", expect=["yes", "no"])
    reveal_type(answer)
    try:
        reveal_type(await intent.fetch("https://api.example.org", b"body"))
    except SkillError as error:
        return Reply(str(error))
    return Reply(f"Calling {intent['person']}.")


@phone.on("Wrong")  # error: arg-type
def not_awaitable(intent: Intent) -> Reply:
    return Reply(len(intent))  # error: arg-type


Skill(name=5)  # error: arg-type
Skill("x", opens=["person"])  # error: arg-type
Intent.of("A").text(1)  # error: arg-type
Intent.of("A", times=2)["times"].upper()  # error: union-attr
'''
SEEN = [
    "str | int | float",
    "str | None",
    "float | None",
    "str | None",
    "str | None",
    "bytes",
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of its own, with nothing in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    return site


def install(site: Path, how: str) -> None:
    """Put Sotto there as an installer does: the wheel's packages, or a path to the project."""
    for left in site.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    if how == "editable":
        (site / "_sotto_voice.pth").write_text(f"{ROOT}\n")
        return
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        ignored = shutil.ignore_patterns("__pycache__", "*.model", "*.flac")
        shutil.copytree(ROOT / package, site / package, ignore=ignored)


@pytest.mark.parametrize("how", ["editable", "wheel"])
def test_the_api_is_typed_in_another_project(environment: Path, tmp_path: Path, how: str) -> None:
    install(environment, how)
    skill = tmp_path / "phone.py"
    skill.write_text(SKILL)
    python = environment.parent.parent.parent / "bin" / "python"
    command = [
        *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-pretty"),
        *("--no-error-summary", "--python-executable", str(python), "phone.py"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin"}
    )
    seen = re.findall(r'Revealed type is "([^"]+)"', done.stdout)
    assert seen == SEEN, done.stdout + done.stderr
    wrong = re.findall(r"^phone\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    marked = [
        (str(number), match[1])
        for number, line in enumerate(SKILL.splitlines(), start=1)
        if (match := re.search(r"# error: ([\w-]+)$", line))
    ]
    assert set(wrong) == set(marked), done.stdout

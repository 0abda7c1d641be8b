"""What must not type-check, does not; what an author of a skill writes, does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAKS = ROOT / "tests" / "typing" / "leaks.py"


def errors_of(path: Path) -> set[tuple[int, str]]:
    command = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return {
        (int(line), code)
        for line, code in re.findall(r":(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    }


def test_each_marked_line_is_refused_and_no_other():
    marked = {
        (number, match[1])
        for number, line in enumerate(LEAKS.read_text().splitlines(), start=1)
        if (match := re.search(r"# error: ([\w-]+)$", line))
    }
    assert len(marked) > 25
    assert errors_of(LEAKS) == marked


def test_a_skill_on_one_screen_type_checks(tmp_path):
    skill = tmp_path / "lamp.py"
    skill.write_text(
        '"""Switches lamps."""\n\n'
        "from assistant import Intent, Reply, Skill\n\n"
        "lamp = Skill(\n"
        '    name="lamp",\n'
        '    sentences={"TurnOn": ["turn on [the] {lamp}"]},\n'
        '    choices={"lamp": ["desk lamp", "kitchen lamp"]},\n'
        ")\n\n\n"
        '@lamp.on("TurnOn")\n'
        "async def turn_on(intent: Intent) -> Reply:\n"
        "    return Reply(f\"The {intent['lamp']} is on.\")\n"
    )
    assert errors_of(skill) == set()

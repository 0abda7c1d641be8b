"""Seventy ways out, each tried with and without the sandbox, as root and as nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from plugins.sandbox import landlock, seccomp

HERE = Path(__file__).parent / "sandbox"
LEAST = 26
"""Escapes that must be tried, and whose controls must succeed."""
WEAKER = {"landlock": {"ask_when_a_file_changed", "ask_by_system_call"}}
"""What a set of fences is known to leave open: Landlock alone doesn't hide that a file exists."""


FENCES = ("both", "landlock", "root", "broker")


@cache
def tried(user: str) -> dict[str, dict[str, str]]:
    """What each escape gained, without the sandbox ("control") and within each set of fences."""
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "SOTTO_CANARY": "the canary sings"}
    command = [sys.executable, str(HERE / "stage.py"), user, *FENCES]
    return json.loads(
        subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    )


@pytest.mark.skipif(not seccomp.is_there(), reason="this kernel has no seccomp")
@pytest.mark.parametrize("fences", FENCES)
@pytest.mark.parametrize("user", ["root", "nobody"])
def test_no_escape_succeeds(user, fences, record_property):
    if user == "root" and os.geteuid() != 0:
        pytest.skip("needs root")
    if fences in ("both", "landlock") and not landlock.version():
        pytest.skip("this kernel has no Landlock")
    control, caged = tried(user)["control"], tried(user)[fences]
    if set(caged.values()) == {"never began: skill hostile could not be confined"}:
        pytest.skip(f"this kernel does not give {user} a root of its own")
    possible = {name for name, said in control.items() if said == "gained"}
    record_property("controls that can't succeed here", sorted(control.keys() - possible))
    assert len(possible) >= LEAST
    assert caged["read_what_is_mine"] == "gained"  # else nothing below says anything
    gained = {name for name in control if not caged[name].startswith(("held", "killed"))}
    assert gained <= WEAKER.get(fences, set()), {name: caged[name] for name in gained}

"""Commands in a machine, one after the other, each with the status it should end with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from scripts.units.machine import Machine

Step: TypeAlias = tuple[str, str, int]
"""What it is, the command, and its status."""


def tried(machine: Machine, part: str, steps: Iterable[Step], seconds: float = 120) -> list[str]:
    """Print what came of each; what is not as it should be, with the last it said."""
    wrong: list[str] = []
    for what, command, expected in steps:
        status, said = machine.run(command, seconds)
        good = status == expected
        print(f"  {what:<56}{'as it should be' if good else f'status {status}'}")
        if not good:
            wrong.append(f"{part}: {what}: status {status}: {said[-400:]}")
    return wrong

"""A thing that happens to computers, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias

from assistant.faults.stage import Stage

Verdict: TypeAlias = Literal["held", "broken", "not here"]
"""not here: this machine can't have the fault; the text says what it lacks."""


def always() -> str | None:
    """What can happen anywhere."""
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    name: str
    what: str
    """What is done."""
    strike: Callable[[Stage, Random], str]
    """Do it, look, and take the cause away again; says what was seen. Calls `Stage.mended` when
    the cause is gone. Raises BrokenError where the daemon did what it may not."""
    lack: Callable[[], str | None] = always
    """What is missing to do it here, or None."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a fault."""

    fault: str
    what: str
    happened: str
    recovery: float | None
    """Seconds until the first command that was answered began; None where it never was."""
    verdict: Verdict
    problems: tuple[str, ...] = ()
    """Invariants that don't hold."""
    said: tuple[str, ...] = ()
    """Where something is broken: the last lines of the daemon and the door."""

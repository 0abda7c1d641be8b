"""What the sandbox must know of a skill, from its manifest and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Confined:
    """A skill to be run in a process of its own."""

    name: str
    entry: str
    """`module:attribute`, or the full path of a Python file."""
    directory: Path
    """The only one that it may write; made where it is missing."""
    hosts: frozenset[str] = frozenset()
    """What it may fetch from, through the host: `api.example.org`, `192.168.1.5:8443`."""
    storage: int = MIB
    """Bytes that its directory may hold."""
    memory: int = 192 * MIB
    """Bytes of address space, the interpreter's own 40 MiB among them."""
    seconds: float = 5.0
    """For one intent, without the time that the person or the network takes."""

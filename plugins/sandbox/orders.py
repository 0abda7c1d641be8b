"""What the host tells the zygote to fork: a skill, its place, its limits and its fences."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

MOST_BYTES = 32 * 1024
"""Of an order, and of anything else that goes over the zygote's socket."""
NOT_CONFINED = 3
"""Exit status of a child whose fences could not be put up."""


@dataclass(frozen=True, slots=True)
class Fences:
    """What closes a skill's process, of what the kernel gives."""

    filter: bool
    """seccomp: which system calls there are."""
    landlock: bool
    """Landlock: which files may be opened."""
    root: bool
    """A root of its own: which files are there at all."""

    @property
    def brokered(self) -> bool:
        """Nothing else closes files, so naming one is refused and the host opens them."""
        return self.filter and not self.landlock and not self.root

    @property
    def closes_files(self) -> bool:
        """Whether other files than the skill's are closed at all."""
        return self.landlock or self.root or self.brokered


@dataclass(frozen=True, slots=True)
class Order:
    """One skill's process."""

    name: str
    entry: str
    """`module:attribute`, or the path of a Python file."""
    origin: str
    """The file of the entry's top package, as the host found it, or the Python file itself."""
    readable: tuple[str, ...]
    own: str
    """The skill's directory: the only one that it may write."""
    memory: int
    """Bytes of address space."""
    largest_file: int
    """Bytes."""
    user: int | None
    """Who to become where the host is root."""
    fences: Fences

    def pack(self) -> bytes:
        """As it goes over the zygote's socket."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, data: bytes) -> Order:
        """Read what `pack` wrote. It comes from the host, which is trusted."""
        fields: dict[str, Any] = json.loads(data)
        readable, fences = tuple(fields["readable"]), Fences(**fields["fences"])
        return cls(**{**fields, "readable": readable, "fences": fences})

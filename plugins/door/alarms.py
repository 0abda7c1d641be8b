"""Why nothing goes out, as a value: a kind to act on, and one line for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

AlarmKind: TypeAlias = Literal[
    "unreachable",
    "refused",
    "stalled",
    "dropped",
    "taken-over",
    "certificate-expired",
    "certificate-foreign",
    "certificate-name",
    "certificate-missing",
    "nobody-listens",
    "budget",
    "muted",
    "misfit",
    "policy",
    "door-away",
    "outbox-full",
    "outdated",
]
"""unreachable: no connection; refused: the broker says no; stalled: it says nothing; dropped: it
hangs up; taken-over: another device uses our site's name; nobody-listens: no subscriber would get
the message; budget, muted: the policy says not now; misfit: the policy says never; policy: the door
can't use its files; door-away: the door itself does not run; outbox-full: messages went unsent to
make room; outdated: they went unsent because their time was over."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with the way out."""

    kind: AlarmKind
    detail: str
    """One line: addresses, codes, names of keys; nothing that was said."""
    destination: str | None = None
    """None: nothing goes out at all."""

    def __str__(self) -> str:
        whom = f" to {self.destination}" if self.destination else ""
        return f"{self.kind}{whom}: {self.detail}"

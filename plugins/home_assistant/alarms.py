"""Why Home Assistant can't be used, as a value: a kind to act on, and one line for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

AlarmKind: TypeAlias = Literal[
    "away",
    "token-missing",
    "token-refused",
    "too-old",
    "certificate",
    "stalled",
    "dropped",
    "nonsense",
    "door-away",
]
"""away: no connection, or it is still starting; token-missing: there is none that can be used;
token-refused: Home Assistant does not know it; too-old: its version; certificate: TLS fails;
stalled: it says nothing; dropped: it hangs up; nonsense: it says what Home Assistant does not say,
or too much; door-away: `sotto door` itself does not run."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong between us and Home Assistant."""

    kind: AlarmKind
    detail: str
    """One line: addresses, versions, names of keys and files; never the token."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


class LostError(Exception):
    """The connection to Home Assistant can't be made, or is over."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(str(alarm))
        self.alarm = alarm

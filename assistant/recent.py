"""What was said lately, as numbers: how much of it there was today, and where the last of it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.dialogue import TOGETHER


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance that was dealt with; none of its words."""

    start: float
    """Seconds from the start of the source."""
    end: float
    at: float
    """Unix seconds at which it was dealt with."""
    rows: tuple[int, ...] = ()
    """What was kept of it."""
    acts: tuple[str, ...] = ()
    """The names of the intents that were acted on."""


class Recent:
    """Counts utterances by what became of them, and remembers the last dialogue."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now` gives unix seconds."""
        self._now = now
        self.began = now()
        """Since when utterances are counted here."""
        self._day = midnight(now())
        self._today: Counter[str] = Counter()
        self._dialogue: list[Said] = []
        self._since = now()

    @property
    def today(self) -> Counter[str]:
        """Utterances since midnight by what became of them: allow, refuse, not_understood, ..."""
        self._turn()
        return Counter(self._today)

    @property
    def since(self) -> float:
        """Unix seconds at which what was said before the last dialogue was dealt with."""
        return self._since

    @property
    def dialogue(self) -> Sequence[Said]:
        """The utterances of the last dialogue, oldest first."""
        return tuple(self._dialogue)

    def add(self, said: Said, became: str) -> None:
        """Take an utterance that was dealt with."""
        self._turn()
        self._today[became] += 1
        if self._dialogue and not 0 <= said.start - self._dialogue[-1].end <= TOGETHER:
            self.forget()
        self._dialogue.append(said)

    def forget(self) -> None:
        """The last dialogue is no more."""
        if self._dialogue:
            self._since = self._dialogue[-1].at
        self._dialogue.clear()

    def _turn(self) -> None:
        day = midnight(self._now())
        if day != self._day:
            self._day = day
            self._today.clear()


def midnight(now: float) -> float:
    """The unix seconds at which the local day of `now` began."""
    local = datetime.fromtimestamp(now).astimezone()
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return min(day.astimezone().timestamp(), now)

"""Lists, lengths of time, times of day and numbers as they are said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

_UNITS = (("hour", 3600), ("minute", 60), ("second", 1))


def joined(items: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def length(seconds: float) -> str:
    """ "1 hour and 30 minutes"."""
    left = round(seconds)
    parts = []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return joined(parts) or "0 seconds"


def clock(at: datetime) -> str:
    """ "7:05 AM"."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def near(day: date, today: date) -> str:
    """ "today", "tomorrow", "on Monday", "on May 3"."""
    days = (day - today).days
    if days in (0, 1):
        return ("today", "tomorrow")[days]
    return f"on {day:%A}" if 1 < days < 7 else f"on {written(day)}"


def written(day: date) -> str:
    """ "May 3"."""
    return f"{day:%B} {day.day}"


def number(value: Fraction, places: int = 4) -> str:
    """The number in digits; one that has no end is rounded, and said to be "about" it."""
    rounded = round(value, places)
    if rounded == 0 and value != 0:
        return f"about {float(value):.1e}"
    whole, _, rest = f"{float(rounded):.{places}f}".partition(".")
    if rounded.denominator == 1:
        whole, rest = str(rounded.numerator), ""
    rest = rest.rstrip("0")
    digits = f"{whole}.{rest}" if rest else whole
    return digits if rounded == value else f"about {digits}"

"""Answers questions about days: which weekday, how long until."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from assistant.skill import Intent, Reply, Skill
from plugins.wording import written

_FIXED: Final[Mapping[str, tuple[int, int]]] = {
    "christmas": (12, 25),
    "christmas eve": (12, 24),
    "new year": (1, 1),
    "new year's eve": (12, 31),
    "valentine's day": (2, 14),
    "halloween": (10, 31),
}
_YEARS: Final = 8
"""Years in which every date comes: February 29 the least often."""


def dates_skill(now: Callable[[], datetime] = datetime.now) -> Skill:
    """The skill; `now` gives local time."""
    skill = Skill("dates")

    @skill.on("DayOf")
    async def day_of(intent: Intent) -> Reply:
        today = now().date()
        if "occasion" not in intent and "month" not in intent:
            tomorrow = intent.text("day") == "tomorrow"
            day = today + timedelta(days=tomorrow)
            return Reply(f"{'Tomorrow' if tomorrow else 'Today'} is {day:%A}.")
        meant = _meant(intent, today)
        return Reply(f"{meant:%A}, {written(meant)}." if meant else "There is no such day.")

    @skill.on("DaysUntil")
    async def days_until(intent: Intent) -> Reply:
        today = now().date()
        meant = _meant(intent, today)
        if meant is None:
            return Reply("There is no such day.")
        days = (meant - today).days
        return Reply("That is today." if days == 0 else f"{days} day{'' if days == 1 else 's'}.")

    @skill.on("DateOf")
    async def date_of(intent: Intent) -> Reply:
        today = now().date()
        if intent.response == "week":
            return Reply(f"It is week {today.isocalendar().week}.")
        return Reply(f"{written(today + timedelta(days=1))}.")

    return skill


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus, Nature 1876)."""
    century, place = divmod(year, 100)
    cycle = year % 19
    shift = (century + 8) // 25
    moon = (19 * cycle + century - century // 4 - (century - shift + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (place // 4) - moon - place % 4) % 7
    late = (cycle + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _meant(intent: Intent, today: date) -> date | None:
    """The next such day, today included; None: it never comes."""
    occasion = intent.text("occasion")
    for year in range(today.year, today.year + _YEARS + 1):
        if occasion == "easter":
            day = easter(year)
        else:
            month = int(intent.number("month") or 1)
            month, number = _FIXED.get(
                occasion or "", (month, int(intent.number("day_of_month") or 1))
            )
            try:
                day = date(year, month, number)
            except ValueError:
                continue
        if day >= today:
            return day
    return None

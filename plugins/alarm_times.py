"""When an alarm rings: the time of day that was said, as the next moment it can mean."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from assistant.skill import Intent

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_TWELVE = timedelta(hours=12)
_DAY = timedelta(days=1)


def moment(intent: Intent, now: datetime) -> datetime | None:
    """The next moment that fits what was said; None: no time was said, or it is past today.

    Without "am" or "pm", an alarm "at seven" is at the next seven there is; on another day, or
    to be woken by, it is in the morning. Twelve is noon, unless it is to wake somebody.
    """
    said = time_said(intent)
    if said is None:
        return None
    hour, minute, open_half = said
    morning = intent.text("part") == "wake"
    day = _day(intent.text("day"), now.date())
    if day is None:
        first = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        step = _TWELVE if open_half and not morning else _DAY
        if open_half:
            first -= _TWELVE if hour >= 12 else timedelta(0)
        while first <= now:
            first += step
        return first
    if open_half and hour == 0 and not morning:
        hour = 12
    there = datetime(day.year, day.month, day.day, hour, minute)
    if there <= now and open_half and not morning and there + _TWELVE > now:
        there += _TWELVE
    if there <= now and intent.text("day") in _WEEKDAYS:
        there += 7 * _DAY
    return there if there > now else None


def time_said(intent: Intent) -> tuple[int, int, bool] | None:
    """Hour, minute, and whether it may be in either half of the day; None: none was said."""
    named = intent.text("named")
    if named is not None:
        return (12 if named == "noon" else 0), 0, False
    said = intent.number("hour")
    if said is None:
        return None
    hour, minute = int(said), int(intent.number("minute") or 0)
    if (before := intent.number("minutes_to")) is not None:
        hour, minute = (hour - 1) % 24 if hour != 1 else 12, 60 - int(before)
    part = intent.text("part")
    if part == "am" and hour <= 12:
        return hour % 12, minute, False
    if part == "pm" and hour <= 12:
        return hour % 12 + 12, minute, False
    is_open = 1 <= hour <= 12
    return (hour % 12 if is_open else hour), minute, is_open


def _day(said: str | None, today: date) -> date | None:
    if said is None:
        return None
    if said in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS.index(said) - today.weekday()) % 7)
    return today + _DAY if said == "tomorrow" else today

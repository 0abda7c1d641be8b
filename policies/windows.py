"""Whether a rule holds at a moment. The moment is the caller's: nothing here knows the time."""

from __future__ import annotations

from datetime import date, datetime

from policies.sections import Window
from policies.values import DAYS


def is_open(window: Window, moment: datetime) -> bool:
    """Whether the window holds at a moment that knows its offset from UTC.

    Days and hours, and moments without an offset, are the moment's own wall time. A
    `valid_until` that is a day holds through that day, one that is a moment holds before it.
    """
    return (
        (window.valid_from is None or has_come(window.valid_from, moment))
        and (window.valid_until is None or not is_over(window.valid_until, moment))
        and _is_day_and_hour(window, moment)
    )


def is_here(window: Window, location: str | None) -> bool:
    """Whether it holds where the device stands."""
    return window.location is None or window.location == location


def has_come(when: date, moment: datetime) -> bool:
    """Whether a day or moment is now or past."""
    if not isinstance(when, datetime):
        return moment.date() >= when
    return _same_clock(moment, when) >= when


def is_over(when: date, moment: datetime) -> bool:
    """Whether something that ends then is over."""
    if not isinstance(when, datetime):
        return moment.date() > when
    return _same_clock(moment, when) >= when


def _same_clock(moment: datetime, when: datetime) -> datetime:
    return moment if when.tzinfo is not None else moment.replace(tzinfo=None)


def _is_day_and_hour(window: Window, moment: datetime) -> bool:
    today = not window.days or DAYS[moment.weekday()] in window.days
    if window.hours is None:
        return today
    start, end = window.hours
    minute = moment.hour * 60 + moment.minute
    if start < end:
        return today and start <= minute < end
    yesterday = not window.days or DAYS[moment.weekday() - 1] in window.days
    return (today and minute >= start) or (yesterday and minute < end)

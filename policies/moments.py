"""Every moment that a policy tells apart: enough of them that none is left out.

Rules begin and end at moments, and come back by day and hour. Between two such edges nothing
changes, so one moment for each stretch stands for all of it, to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from assistant.errors import PolicyError
from policies.sections import Window
from policies.values import DAYS

Mask: TypeAlias = NDArray[np.bool_]
Seconds: TypeAlias = NDArray[np.int64]
"""Of wall time, since 1970 began on the house's clock."""

MOST = 100_000
_DAY = 86_400
_WEEK = 7 * _DAY
_THURSDAY = 3
"""The day on which 1970 began, counted from Monday."""


def edges(windows: Sequence[Window], given: Sequence[date], now: datetime) -> Seconds:
    """One moment for each stretch in which no window opens or closes.

    `given` are moments from which something holds. Raises PolicyError where there are too many.
    """
    zone = now.tzinfo or UTC
    once = {_seconds(now, zone)}
    once |= {_seconds(when, zone) for when in given}
    for window in windows:
        if window.valid_from is not None:
            once.add(_seconds(window.valid_from, zone))
        if window.valid_until is not None:
            once.add(_ends(window.valid_until, zone))
    starts = np.array(sorted({min(once) - _WEEK, *once}), dtype=np.int64)
    ends = np.append(starts[1:], starts[-1] + _WEEK)
    minutes = {0} | {minute % 1440 for window in windows for minute in window.hours or ()}
    if len(starts) * 8 * len(minutes) > MOST:
        raise PolicyError(f"more than {MOST} moments to tell apart; expected fewer windows")
    daily = (np.arange(8)[:, None] * _DAY + np.array(sorted(minutes)) * 60).ravel()
    points = (starts // _DAY * _DAY)[:, None] + daily
    inside = (points >= starts[:, None]) & (points < ends[:, None])
    return np.unique(np.concatenate([starts, points[inside]]))


def open_at(window: Window, moments: Seconds, zone: tzinfo) -> Mask:
    """At which moments a window is open."""
    opened = np.ones(len(moments), dtype=np.bool_)
    if window.valid_from is not None:
        opened &= moments >= _seconds(window.valid_from, zone)
    if window.valid_until is not None:
        opened &= moments < _ends(window.valid_until, zone)
    days = np.array([not window.days or day in window.days for day in DAYS])
    weekday = (moments // _DAY + _THURSDAY) % 7
    today, yesterday = days[weekday], days[weekday - 1]
    if window.hours is None:
        opened &= today
        return opened
    minute = moments % _DAY // 60
    start, end = window.hours
    if start < end:
        opened &= today & (minute >= start) & (minute < end)
    else:
        opened &= (today & (minute >= start)) | (yesterday & (minute < end))
    return opened


def since(when: date, moments: Seconds, zone: tzinfo) -> Mask:
    """At which moments something that begins then has begun."""
    return moments >= _seconds(when, zone)


def as_datetime(moment: int, zone: tzinfo) -> datetime:
    """A moment of the house's clock."""
    return (datetime(1970, 1, 1) + timedelta(seconds=int(moment))).replace(tzinfo=zone)


def _ends(when: date, zone: tzinfo) -> int:
    """The first second after it: a day holds to its end."""
    return _seconds(when, zone) + (0 if isinstance(when, datetime) else _DAY)


def _seconds(when: date, zone: tzinfo) -> int:
    if not isinstance(when, datetime):
        wall = datetime(when.year, when.month, when.day)
    else:
        wall = when if when.tzinfo is None else when.astimezone(zone).replace(tzinfo=None)
    return round((wall - datetime(1970, 1, 1)).total_seconds())

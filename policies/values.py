"""The values a policy file may hold: ids, durations, moments, hours, sizes, types to redact."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

LONGEST_KEPT = timedelta(days=3653)
"""Nothing is kept for longer than ten years."""

Category: TypeAlias = Literal[
    "audio",
    "transcript",
    "intent",
    "metric",
    "voiceprint",
    "timer",
    "list",
    "decision",
    "outbox",
]
"""Kinds of data that may be kept."""
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def expected(what: str) -> PydanticCustomError:
    """The error for a value of another kind; it does not quote the value."""
    return PydanticCustomError("expected", "expected {what}", {"what": what})


def _no_number(name: str) -> str:
    """A name goes into the audit log, which holds nothing that could be somebody's number."""
    if re.search("[0-9]{6}", name):
        raise expected("a name without six digits in a row")
    return name


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"), AfterValidator(_no_number)]
"""A name that a policy gives: of a consent, a person, a purpose, a destination, a rule."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$"), AfterValidator(_no_number)]
"""The name of an intent or of a slot."""
NamePattern = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}\*?$")]
"""The name of an intent, or how it begins and then `*`."""
Domain = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
EntityType = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
"""PERSON, PHONE_NUMBER, ..., as Presidio names them."""
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=100)]
"""Words on one line."""


class Hours(NamedTuple):
    """A time of day, from and until, in minutes after midnight. It may go past midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in self)


def _text(read: Callable[[str], Any], what: str, *made: type) -> PlainValidator:
    """A validator that reads text, and says what it expected where it can't.

    It takes a value that was `made` in a program as it is.
    """

    def check(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
        if made and isinstance(value, made):
            return value
        try:
            if isinstance(value, str):
                return read(value)
        except (ValueError, OverflowError):
            pass
        raise expected(what)

    return PlainValidator(check)


_DURATION = re.compile(
    r"P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?)"
)


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) < length <= LONGEST_KEPT:
        raise ValueError
    return length


def iso_duration(length: timedelta) -> str:
    """A duration as ISO 8601 writes it: P30D, PT12H, P1DT90S."""
    seconds = f"T{length.seconds}S" if length.seconds else ""
    hours = f"T{length.seconds // 3600}H" if length.seconds and length.seconds % 3600 == 0 else ""
    days = f"{length.days}D" if length.days else ""
    return f"P{days}{hours or seconds}"


Duration = Annotated[
    timedelta,
    _text(
        _duration,
        "an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as P30D or PT12H, "
        "of at most ten years",
    ),
    PlainSerializer(iso_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DURATION.pattern}$"}),
]

_WHEN = re.compile(r"2[01]\d\d-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")


def _when(text: str) -> date | datetime:
    match = _WHEN.fullmatch(text)
    if match is None:
        raise ValueError
    return datetime.fromisoformat(text) if match[1] else date.fromisoformat(text)


When = Annotated[
    date | datetime,
    _text(
        _when, "a date or a moment of this century, such as 2026-10-31 or 2026-10-31T18:00", date
    ),
    PlainSerializer(lambda when: when.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_WHEN.pattern}$"}),
]
"""A day, or a moment; a moment without an offset is the house's own time."""

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _hours(text: str) -> Hours:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError
    first, minute, last, late = map(int, match.groups())
    start, end = first * 60 + minute, last * 60 + late
    if start == end or end > 24 * 60:
        raise ValueError
    return Hours(start, end)


HoursOfDay = Annotated[
    Hours,
    _text(_hours, "a time of day, from and until, such as 22:00-07:00"),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOURS.pattern}$"}),
]

_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(rf"([1-9]\d{{0,5}}) ?({'|'.join(_UNITS)})")


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError
    return int(match[1]) * _UNITS[match[2]]


def _shown_size(size: int) -> str:
    unit = next(
        (unit for unit in ("GB", "MB", "GiB", "MiB", "kB", "KiB") if size % _UNITS[unit] == 0),
        "KiB",
    )
    return f"{size // _UNITS[unit]} {unit}"


Size = Annotated[
    int,
    _text(_size, "a size such as 200 MB or 64 KiB"),
    PlainSerializer(_shown_size, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE.pattern}$"}),
]
"""Bytes."""

_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


def _types(value: Any) -> tuple[str, ...] | Literal["all"]:  # noqa: ANN401  # as above
    if value == "all":
        return "all"
    if isinstance(value, list | tuple) and all(
        isinstance(item, str) and _TYPE.fullmatch(item) for item in value
    ):
        return tuple(value)
    raise expected("all, or a list of types such as [PERSON, PHONE_NUMBER]")


Types = Annotated[
    tuple[str, ...] | Literal["all"],
    PlainValidator(_types),
    PlainSerializer(lambda types: types if types == "all" else list(types)),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"type": "string", "pattern": f"^{_TYPE.pattern}$"}},
            ]
        }
    ),
]
"""Types of what is private: all of them, or these."""

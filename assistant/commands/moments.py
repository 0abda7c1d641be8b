"""Days and moments on the command line."""

from __future__ import annotations

import argparse
from datetime import date, datetime, timedelta

from assistant.errors import SettingsError


def add_span(parser: argparse.ArgumentParser) -> None:
    """Options that say which rows by when they were made."""
    parser.add_argument(
        "--since", metavar="WHEN", help="made from then on: 2026-11-20 or 2026-11-20T18:30"
    )
    parser.add_argument("--until", metavar="WHEN", help="made until then; a day is included")


def span(parsed: argparse.Namespace) -> tuple[float | None, float | None]:
    """Unix seconds of --since and --until, the second not included. Raises SettingsError."""
    since = None if parsed.since is None else _moment("--since", parsed.since, timedelta())
    until = None if parsed.until is None else _moment("--until", parsed.until, timedelta(days=1))
    if since is not None and until is not None and until <= since:
        raise SettingsError("--until: not after --since")
    return since, until


def _moment(option: str, text: str, day: timedelta) -> float:
    """A moment, or a day and `day` more; local time where the text names no zone."""
    try:
        if len(text) == len("2026-11-20"):
            whole = date.fromisoformat(text) + day
            return datetime(whole.year, whole.month, whole.day).astimezone().timestamp()
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise SettingsError(
            f"{option}: expected a day or a moment, such as 2026-11-20 or 2026-11-20T18:30"
        ) from None

"""Logs that can't quote people: our own lines, and only the place of everybody else's.

A library's log line or an exception's text may hold what somebody said, so of those only
the logger's name, the level and the line are printed.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from assistant.errors import outline

OURS = ("assistant", "pipeline", "plugins", "policies", "storage")
LEVELS = ("debug", "info", "warning", "error")


class PlaceOnly(logging.Formatter):
    """Formats a record without any text from outside Sotto, and exceptions as an outline."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        level = record.levelname.lower()
        if record.name.split(".", 1)[0] not in OURS:
            return f"sotto: {level}: {record.name} line {record.lineno} (its text is not logged)"
        line = f"sotto: {level}: {record.getMessage()}"
        error = record.exc_info[1] if record.exc_info else None
        return line if error is None else f"{line}: {outline(error)}"


def set_up(level: str) -> None:
    """Log to stderr from this level on; route every stray exception through `outline`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlaceOnly())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread_died


def _uncaught(
    _kind: type[BaseException], error: BaseException, _traceback: TracebackType | None
) -> None:
    print(f"sotto: stopped by {outline(error)}", file=sys.stderr)  # noqa: T201


def _unraisable(problem: Any) -> None:  # noqa: ANN401  # sys.UnraisableHookArgs is not a class
    error = problem.exc_value
    _log.error("ignored while cleaning up: %s", outline(error) if error else "unknown")


def _thread_died(problem: threading.ExceptHookArgs) -> None:
    name = problem.thread.name if problem.thread else "?"
    error = problem.exc_value
    _log.error("thread %s died: %s", name, outline(error) if error else "unknown")


_log = logging.getLogger(__name__)

"""Logs that can't quote people: lines from a list, with fields from a list.

A library's log line or an exception's text may hold what somebody said, so of those only the
place and the level are printed. A line of our own that is not in `assistant.observe.lines` is
treated as a library's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, TextIO, TypeAlias

from assistant.errors import outline
from assistant.observe import streams
from assistant.observe.classified import LOG, shown
from assistant.observe.lines import LINES

OURS = ("assistant", "pipeline", "plugins", "policies", "storage")
LEVELS = ("debug", "info", "warning", "error")
LogFormat: TypeAlias = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = ("text", "json")
_log = logging.getLogger(__name__)


class AllowList(logging.Formatter):
    """Formats a record: a line of our list with its fields; of any other only the place."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        level, message, _ = told(record)
        return f"sotto: {level}: {message}"


class JsonAllowList(logging.Formatter):
    """The same as a JSON object a line, for journald and whoever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        level, message, fields = told(record)
        return json.dumps({"level": level, "message": message, **fields})


def told(record: logging.LogRecord) -> tuple[str, str, dict[str, Any]]:
    """Level, message and fields of a record, as far as they may be told."""
    level = record.levelname.lower() if record.levelname.lower() in LEVELS else "error"
    place = {"file": _short(record.pathname), "line": record.lineno}
    names = LINES.get(record.msg) if isinstance(record.msg, str) else None
    values = _values(record.args)
    if record.name.split(".", 1)[0] not in OURS or names is None or len(names) != len(values):
        library = _library(record.name)
        message = f"{library} at {place['file']}:{record.lineno} (its text is not logged)"
        return level, message, {"logger": library, **place}
    fields = {name: shown(LOG[name], value) for name, value in zip(names, values, strict=True)}
    try:
        message = record.msg % tuple(fields.values())
    except (TypeError, ValueError):  # a value was not of its kind
        message = record.msg
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields["error"] = shown("ours", error)
        message = f"{message}: {fields['error']}"
    return level, message, {"logger": record.name, **place, **fields}


def set_up(level: str, form: LogFormat = "text", stream: TextIO | None = None) -> None:
    """Log to stderr from this level on; route every stray exception through `outline`.

    Whatever handlers and levels libraries have set before are undone; what they set later goes
    through standard error, which `assistant.observe.streams` watches.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonAllowList() if form == "json" else AllowList())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(capture=False)
    warnings.showwarning = _warned
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread_died


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """For a daemon: the log and our own lines get out, whatever else is written does not."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
    ]
    with streams.guarded() as stderr:
        before = [handler.setStream(stderr) for handler in handlers]
        try:
            yield
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream or sys.stderr)


def mind_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody awaited as types and lines; its debug mode, which quotes, stays off."""
    loop.set_exception_handler(_loop_failed)
    loop.set_debug(False)


def _loop_failed(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    error = context.get("exception")
    _log.error("the event loop met %s", error if error is not None else "trouble, no exception")


def _uncaught(
    _kind: type[BaseException], error: BaseException, _traceback: TracebackType | None
) -> None:
    print(f"sotto: stopped by {outline(error)}", file=sys.stderr)  # noqa: T201


def _unraisable(problem: Any) -> None:  # noqa: ANN401  # sys.UnraisableHookArgs is not a class
    _log.error("ignored while cleaning up: %s", problem.exc_value or "unknown")


def _thread_died(problem: threading.ExceptHookArgs) -> None:
    name = problem.thread.name if problem.thread else "?"
    _log.error("thread %s died: %s", name, problem.exc_value or "unknown")


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _log.warning(
        "warning: %s at %s:%d (its text is not logged)", category.__name__, _short(filename), lineno
    )


def _values(arguments: object) -> tuple[object, ...]:
    if isinstance(arguments, tuple):
        return arguments
    return (arguments,) if arguments else ()


def _library(name: str) -> str:
    """The library of a logger: a logger may be called anything, a module that is loaded not."""
    first = name.split(".", 1)[0]
    return first if first in sys.modules else "a library"


def _short(path: str) -> str:
    return path.rsplit("/", 1)[-1]

"""Runs something as a daemon would, and gives everything that got out of it."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from assistant import logs

CANARY = "zanzibar"
SAID = f"call {CANARY}"


class Heard:
    """All that came out: the log, standard output, standard error."""

    def __init__(self) -> None:
        self.text = ""


@contextlib.contextmanager
def as_a_daemon(
    capfd: pytest.CaptureFixture[str], form: logs.LogFormat = "text"
) -> Iterator[Heard]:
    """Log as `sotto run` does, at the lowest level, and put everything back afterwards."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level, warnings.showwarning
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    levels = {name: logging.getLogger(name).level for name in logs.OURS}
    heard = Heard()
    try:
        logs.set_up("debug", form)
        with logs.guarded():
            yield heard
        logging.getLogger("assistant").info("stopped")
        captured = capfd.readouterr()
        heard.text = captured.out + captured.err
    finally:
        root.handlers[:], level, warnings.showwarning = kept
        root.setLevel(level)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        logging.raiseExceptions = True
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


class StubbornError(Exception):
    def __str__(self) -> str:
        raise RuntimeError(CANARY)

    __repr__ = __str__


class Model(BaseModel):
    number: int


def invalid() -> Exception:
    try:
        Model.model_validate({"number": SAID})
    except ValidationError as error:
        return error
    raise AssertionError


def chained() -> Exception:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(SAID) from error
    except ValueError as error:
        return error


def noted() -> Exception:
    error = ValueError()
    error.add_note(CANARY)
    return error


ERRORS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError(SAID),
    "KeyError": lambda: KeyError(CANARY),
    " from KeyError": chained,
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", SAID.encode(), 0, 1, CANARY),
    "UnicodeEncodeError": lambda: UnicodeEncodeError("ascii", SAID, 0, 1, CANARY),
    "FileNotFoundError": lambda: FileNotFoundError(2, CANARY, f"/tmp/{CANARY}"),
    "ExceptionGroup": lambda: ExceptionGroup(CANARY, [ValueError(CANARY)]),
    "ValidationError": invalid,
    "JSONDecodeError": lambda: json.JSONDecodeError(CANARY, SAID, 0),
    "OperationalError": lambda: sqlite3.OperationalError(f'near "{CANARY}": syntax error'),
    "SyntaxError": lambda: SyntaxError(CANARY, (CANARY, 1, 1, SAID)),
    "MemoryError": lambda: MemoryError(CANARY),
    "RecursionError": lambda: RecursionError(CANARY),
    "StubbornError": StubbornError,
    "SystemExit": lambda: SystemExit(SAID),
    "ValueError at": noted,
}
"""What a library may raise, by what the log says of it."""


def fail(error: Callable[[], BaseException]) -> Any:
    raise error()

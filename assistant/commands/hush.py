"""`sotto hush`: end what is said or rings now; for a button, or for whoever has no voice."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.errors import StateError
from assistant.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Tell the daemon."""
    directory = state.directory(parsed.state)
    status = control.ask(directory, {"command": parsed.command})
    if status is None:
        raise StateError(f"{directory}: no `sotto run` speaks here")
    return status


def answer(hush: Callable[[], bool], _request: Mapping[str, Any]) -> int:
    """Do it in the daemon."""
    print("hushed" if hush() else "nothing was said, and nothing rang")
    return 0

"""`sotto listen-again`: hear again, where somebody said to stop listening."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.pausing import Pause, end_elsewhere
from assistant.settings import Settings

_SAID = {True: "listening again", False: "it was listening already"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Tell the daemon, or see to it that the next one listens."""
    directory = state.directory(parsed.state)
    status = control.ask(directory, {"command": parsed.command})
    if status is not None:
        return status
    print("the next `sotto run` listens" if end_elsewhere(directory) else "nothing was stopped")
    return 0


def answer(pause: Pause, _request: Mapping[str, Any]) -> int:
    """Do it in the daemon."""
    print(_SAID[pause.end()])
    return 0

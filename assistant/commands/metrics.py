"""`sotto metrics`: what Prometheus asks for, from the daemon that runs here."""

from __future__ import annotations

import argparse

from assistant import state
from assistant.commands import control
from assistant.errors import StateError
from assistant.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Print it."""
    directory = state.directory(parsed.state)
    status = control.ask(directory, {"command": parsed.command})
    if status is None:
        raise StateError(f"{directory}: no `sotto run` runs here")
    return status

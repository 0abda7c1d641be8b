"""`sotto models`: which Whisper models there are, getting one, and where it lies."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from assistant import state
from assistant.commands.fetching import HUB, damage, fetch, megabytes
from assistant.errors import ModelError, SettingsError
from assistant.model_catalogue import MODELS, Model, models_directory
from assistant.settings import Settings

ADDRESS = "SOTTO_MODELS_URL"
"""Environment variable: a mirror of the hub, of the same layout."""
State: TypeAlias = Literal["there", "damaged", "absent"]
_BAR = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "action",
        choices=("list", "fetch", "path"),
        help="list: those there are, and whether they are here, unharmed; fetch: get one over the "
        "network (nothing else ever does); path: the directory of one, or of all of them",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help=", ".join(MODELS))
    parser.epilog = (
        f"{ADDRESS}=https://... names another server of the hub's layout; what it sends is "
        f"checked against the same sums."
    )


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do what is asked; 1 where `path` names a model that is not there."""
    directory = models_directory(state.directory(parsed.state))
    if parsed.name is not None and parsed.name not in MODELS:
        raise SettingsError(f"there is no model {parsed.name}; there are {', '.join(MODELS)}")
    if parsed.action == "list":
        return _list(directory, as_json=parsed.json)
    if parsed.action == "path":
        return _path(parsed.name, directory)
    if parsed.name is None:
        raise SettingsError(f"say which model to fetch: {', '.join(MODELS)}")
    return _fetch(MODELS[parsed.name], directory)


def _list(directory: Path, *, as_json: bool) -> int:
    for model in MODELS.values():
        status, fault = _look_at(model, directory)
        path = directory / model.name
        if as_json:
            line = {"name": model.name, "state": status, "bytes": model.size, "path": str(path)}
            print(json.dumps(line))
            continue
        mark = {"there": "here", "damaged": "DAMAGED", "absent": "-"}[status]
        print(f"{model.name:<18}{megabytes(model.size):>9}  {mark:<9}{fault or model.note}")
    if not as_json:
        print(f"\nThey lie in {directory}; `sotto models fetch NAME` gets one.")
    return 0


def _look_at(model: Model, directory: Path) -> tuple[State, str | None]:
    if not (directory / model.name).is_dir():
        return "absent", None
    fault = damage(model, directory)
    return ("damaged", f"{fault}; fetch it again") if fault else ("there", None)


def _fetch(model: Model, directory: Path) -> int:
    status, _ = _look_at(model, directory)
    if status == "there":
        print(f"{model.name} is here already, and its checksums are right.", file=sys.stderr)
    else:
        address = _address()
        size = megabytes(model.size)
        print(f"fetching {model.name} ({size}) from {address}", file=sys.stderr)
        with _Bar() as bar:
            fetch(model, directory, address, bar.show)
    print(directory / model.name)
    return 0


def _address() -> str:
    address = os.environ.get(ADDRESS) or HUB
    if not address.startswith(("https://", "http://")):
        raise SettingsError(f"{ADDRESS}: not an address that begins with https:// or http://")
    return address


def _path(name: str | None, directory: Path) -> int:
    path = directory / name if name else directory
    print(path)
    if name and not path.is_dir():
        raise ModelError(f"{path} is not there yet; `sotto models fetch {name}` gets it")
    return 0


class _Bar:
    """Shows on stderr how far a file is: a bar that moves on a terminal, else a line each."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._shown = 0.0

    def __enter__(self) -> _Bar:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cursor on a line of its own."""
        if self._moves and self._shown:
            print(file=sys.stderr)

    def show(self, name: str, there: int, size: int) -> None:
        """Show one more step."""
        now = time.monotonic()
        done = there >= size
        if not done and (not self._moves or now - self._shown < 0.1):
            return
        self._shown = now
        sys.stderr.write("".join(self._line(name, there, size, done=done)))
        sys.stderr.flush()

    def _line(self, name: str, there: int, size: int, *, done: bool) -> Iterable[str]:
        if self._moves:
            full = _BAR * there // size
            yield f"\r{name:<26}[{'#' * full}{' ' * (_BAR - full)}] {100 * there // size:3d} %"
        else:
            yield f"{name:<26}"
        yield f"  {megabytes(there)}"
        yield "\n" if done else ""

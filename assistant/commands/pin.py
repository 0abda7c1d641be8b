"""`sotto pin`: the PIN with which risky acts are confirmed. Only a hash of it is ever written."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.commands.options import add_common
from assistant.errors import PinError
from assistant.private import Private
from assistant.settings import Settings
from pipeline.digits import LONGEST, SHORTEST
from storage.files import private_directory, write_private
from storage.pin import CREDENTIAL, Pin, hash_of, read_hash, remove, write_hash
from storage.store import Store

_EASY = ("0123456789", "9876543210")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a sub-command for each action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        add_common(sub, top=False)
        return sub

    setting = add("set", "choose the PIN; it is typed unseen, or comes from stdin")
    setting.add_argument(
        "--output", type=Path, metavar="FILE",
        help=f"write the hash there instead, for the systemd credential {CREDENTIAL}",
    )  # fmt: skip
    add("status", "whether there is a PIN, and whether it waits after wrong ones")
    add("remove", "have no PIN; what asks for one is refused")


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do what is asked; in the daemon where one runs. Raises PinError and StateError."""
    request: dict[str, Any] = {
        "command": "pin", "action": parsed.action, "json": parsed.json, "hash": None
    }  # fmt: skip
    if parsed.action == "set":
        request["hash"] = hash_of(_asked()).model_dump_json()
        if parsed.output is not None:
            write_private(parsed.output, f"{request['hash']}\n".encode())
            print(f"The hash is in {parsed.output}. Encrypt it, and remove the file:")
            print(f"  systemd-creds encrypt --name={CREDENTIAL} {parsed.output} {CREDENTIAL}.cred")
            return 0
    directory = private_directory(state.directory(parsed.state))
    status = control.ask(directory, request)
    return _do(directory, request, time.time) if status is None else status


def answer(store: Store, request: Mapping[str, Any]) -> int:
    """Do it in the daemon, whose files these are. Raises PinError and StateError."""
    return _do(store.state, request, store.clock.now)


def _do(directory: Path, request: Mapping[str, Any], now: Callable[[], float]) -> int:
    pin = Pin(directory, os.environ, now)
    if request["action"] == "status":
        return _status(pin, as_json=bool(request["json"]))
    if request["action"] == "remove":
        remove(directory)
        print("There is no PIN." if pin.source is None else _instead(pin))
        return 0
    write_hash(directory, read_hash(str(request["hash"])))
    print("The PIN is set." if pin.source == "file" else _instead(pin))
    return 0


def _status(pin: Pin, *, as_json: bool) -> int:
    wait = pin.wait()
    if as_json:
        print(json.dumps({"set": pin.source is not None, "from": pin.source, "wait": round(wait)}))
    elif pin.source is None:
        print("There is no PIN: what asks for one is refused. Type: sotto pin set")
    else:
        print(f"There is a PIN, from a {pin.source}.")
        if wait:
            print(f"It was wrong too often: {wait:.0f} s to wait. `sotto pin set` ends that.")
    return 0


def _instead(pin: Pin) -> str:
    return f"The PIN stays that of the {pin.source} {CREDENTIAL}, which goes before the file."


def _asked() -> Private[str]:
    """The PIN that somebody types. Raises PinError where it is none."""
    if sys.stdin.isatty():
        typed = getpass.getpass(f"PIN ({SHORTEST} to {LONGEST} digits): ")
        if typed != getpass.getpass("The same again: "):
            raise PinError("these are two PINs; nothing was changed")
    else:
        typed = sys.stdin.readline().strip()
    if not (typed.isascii() and typed.isdecimal() and SHORTEST <= len(typed) <= LONGEST):
        raise PinError(f"expected {SHORTEST} to {LONGEST} digits; nothing was changed")
    if len(set(typed)) == 1 or any(typed in easy for easy in _EASY):
        print("sotto: this PIN is easily guessed; you may set another", file=sys.stderr)
    return Private(typed)

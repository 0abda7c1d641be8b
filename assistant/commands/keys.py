"""`sotto keys`: how the keys are, another master key, and the master key on paper."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.commands.options import add_common
from assistant.errors import KeyslotError
from assistant.private import Private
from assistant.settings import Settings
from storage.files import StateLock, private_directory
from storage.keyslots import NAME as KEYSLOTS
from storage.master import find_master
from storage.recovery import import_recovery, recovery_text
from storage.rotation import begin_rotation, pending_rotation
from storage.slots import key_id
from storage.store import Store, open_store
from storage.vault import STATE

_LONGEST = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a sub-command for each action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        add_common(sub, top=False)
        return sub

    add("status", "where the master key comes from, and how the keys are")
    rotate = add("rotate", "go over to another master key; nothing that is kept is lost")
    source = rotate.add_mutually_exclusive_group()
    source.add_argument("--key", type=Path, metavar="FILE", help="the new key: 64 hex digits")
    source.add_argument("--passphrase", type=Path, metavar="FILE", help="the new passphrase")
    recovery = add("recovery", "the master key as letters for paper; who has it opens everything")
    recovery.add_argument(
        "--import", dest="file", type=Path, metavar="FILE",
        help="put the key from such letters back into its file",
    )  # fmt: skip


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do what is asked. Raises KeyslotError or StateError where the keys can't be used."""
    directory = private_directory(state.directory(parsed.state))
    if parsed.action == "recovery" and parsed.file is not None:
        return _import(directory, parsed.file)
    if not (directory / KEYSLOTS).exists() and not (directory / "master.key").exists():
        raise KeyslotError(f"{directory}: there are no keys yet; `sotto run` makes them")
    if parsed.action == "status":
        return _status(directory, parsed)
    if parsed.action == "rotate":
        return _rotate(directory, parsed)
    with StateLock(directory):
        letters = recovery_text(find_master(directory, os.environ).key)
    print(json.dumps({"recovery": letters.reveal()}) if parsed.json else letters.reveal(), end="")
    print("Keep it on paper, away from this device.", file=sys.stderr)
    return 0


def _status(directory: Path, parsed: argparse.Namespace) -> int:
    status = control.ask(directory, vars(parsed))
    if status is not None:
        return status
    with open_store(directory, os.environ) as store:
        return answer(store, vars(parsed))


def answer(store: Store, request: Mapping[str, Any]) -> int:
    """Say how the keys of the store that is open here are."""
    master = find_master(store.state, os.environ)
    directory, as_json = store.state, request["json"]
    consents = [name for name in store.keyslots.consents() if not name.startswith(f"{STATE}/")]
    until = datetime.fromtimestamp(store.keyslots.expired * 60).astimezone()
    status = store.vault.status
    fields = {
        "master": master.source,
        "name": key_id(store.master).hex(),
        "rotating": pending_rotation(directory, store.master) is not None,
        "epoch": store.keyslots.epoch,
        "consents": len(consents),
        "expired_until": until.isoformat(timespec="minutes"),
        "clock_doubtful": status.clock_doubtful,
        "settled": status.keys_settled,
    }
    if as_json:
        print(json.dumps(fields))
        return 0
    print(f"master key   {fields['name']}, from a {master.source}")
    if fields["rotating"]:
        print("             being changed: start Sotto once with the new key")
    print(f"keyslots     epoch {fields['epoch']}, {len(consents)} consents")
    print(f"ended        everything that was to be kept until {until:%Y-%m-%d %H:%M}")
    if status.clock_doubtful:
        print("clock        the wall clock is not believed; time goes on without it")
    return 0


def _rotate(directory: Path, parsed: argparse.Namespace) -> int:
    with StateLock(directory):
        begin_rotation(directory, os.environ, key=parsed.key, words=parsed.passphrase)
    with open_store(directory, os.environ) as store:
        is_done = pending_rotation(directory, store.master) is None
        name = key_id(store.master).hex()
    if parsed.json:
        print(json.dumps({"name": name, "done": is_done}))
    elif is_done:
        print(f"Everything is under the master key {name}; the old one is gone.")
    else:
        print(f"Everything is under the master key {name}; the old one works until Sotto")
        print("has been started with the new one: put it in place, and start Sotto.")
    return 0


def _import(directory: Path, file: Path) -> int:
    try:
        with file.open("rb") as opened:
            text = Private(opened.read(_LONGEST).decode("utf-8", "replace"))
    except OSError as error:
        raise KeyslotError(f"{file}: {error.strerror}") from None
    with StateLock(directory):
        import_recovery(directory, os.environ, text)
    print(f"The master key is back in {directory}.")
    return 0

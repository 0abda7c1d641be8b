"""`sotto data`: what is kept: see it, take it along, have it forgotten, and prove that it is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.commands.moments import add_span, span
from assistant.commands.options import add_common
from assistant.errors import SettingsError, VaultError
from assistant.progress import Bar
from assistant.settings import Settings
from pipeline.engines.flac import write_flac
from storage import forgetting
from storage.checking import check
from storage.export import export, plain_facts
from storage.files import read_private
from storage.forgetting import LARGEST_RECEIPT, RECEIPTS, Deleted
from storage.keyslots import NAME as KEYSLOTS
from storage.receipt import read_receipt
from storage.rows import Facts, Row, Wanted
from storage.store import Store, open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a sub-command for each action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
        add_common(sub, top=False)
        return sub

    every = add("list", "what is kept: when, what for and of whom, without its contents")
    add_span(every)
    every.add_argument("--subject", metavar="WHO", help="household, or a person's id")
    every.add_argument("--category", metavar="KIND", help="transcript, intent, audio, ...")
    add("show", "what single rows say").add_argument("ids", nargs="+", type=int, metavar="ID")
    taken = add("export", "everything of a person as files: JSON, and FLAC where sound is kept")
    taken.add_argument("directory", type=Path, metavar="DIR", help="a new or empty directory")
    taken.add_argument("--subject", metavar="WHO", required=True, help="household, or a person")
    forget = add("forget", "make rows unreadable for good, in every copy; gives a signed receipt")
    forget.add_argument("--subject", metavar="WHO", help="everything of household, or of a person")
    forget.add_argument("--all", action="store_true", help="everything, also timers and lists")
    add_span(forget)
    add("purge", "take out at once what has ended, and databases that were set aside")
    add("receipts", "the receipts of what was deleted")
    verify = add("verify", "read everything that is kept and say what is not as it should be")
    verify.add_argument(
        "--acknowledge", action="store_true", help="you know of the rows that are missing"
    )


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do what is asked; 1 where something is not as it should be, or is not there."""
    directory = state.directory(parsed.state)
    if parsed.action == "forget":
        _check_forget(parsed)
    if not (directory / KEYSLOTS).exists() and not (directory / "vault.db").exists():
        if parsed.action in ("show", "export", "forget"):
            raise VaultError(f"{directory}: nothing was ever kept here")
        print(f"{directory}: nothing was ever kept here", file=sys.stderr)
        return 0
    status = control.ask(directory, vars(parsed))
    if status is not None:
        return status
    with open_store(directory, os.environ) as store:
        return _do(store, parsed)


def answer(store: Store, request: Mapping[str, Any]) -> int:
    """Do what another process asks for, in the store that is open here."""
    parsed = argparse.Namespace(**request)
    if parsed.action == "export":
        parsed.directory = Path(parsed.directory)
    return _do(store, parsed)


def _do(store: Store, parsed: argparse.Namespace) -> int:
    for finding in store.vault.status.findings:
        print(f"sotto: {finding.text}", file=sys.stderr)
    return _ACTIONS[parsed.action](store, parsed)


def _list(store: Store, parsed: argparse.Namespace) -> int:
    since, until = span(parsed)
    wanted = Wanted(
        category=parsed.category,
        subject=parsed.subject,
        since=None if since is None else int(since // 60),
        until=None if until is None else int(-(-until // 60)) - 1,
    )
    found = store.vault.facts(wanted, actor="owner", purpose="list")
    for facts in found:
        print(json.dumps(plain_facts(facts)) if parsed.json else _line(facts))
    if not parsed.json:
        print(f"{len(found)} rows; `sotto data show ID` shows what one says", file=sys.stderr)
    return 0


def _line(facts: Facts) -> str:
    made, ends = _local(facts.made), _local(facts.expires)
    what = f"{facts.category:<12}{facts.subject:<16}{facts.purpose:<20}"
    return f"{facts.id:>8}  {made}  {what}until {ends}"


def _local(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60).astimezone().strftime("%Y-%m-%d %H:%M")


def _show(store: Store, parsed: argparse.Namespace) -> int:
    wanted = Wanted(ids=tuple(parsed.ids))
    shown = set()
    for row in store.vault.rows(wanted, actor="owner", purpose="show"):
        shown.add(row.facts.id)
        _print_row(row, as_json=parsed.json)
    missing = [number for number in parsed.ids if number not in shown]
    for number in missing:
        print(f"sotto: row {number}: not kept, or not any more", file=sys.stderr)
    return 1 if missing else 0


def _print_row(row: Row, *, as_json: bool) -> None:
    seconds = None if row.audio is None else len(row.audio.reveal()) / 32_000
    if as_json:
        sound = {} if seconds is None else {"audio_seconds": seconds}
        print(json.dumps({**plain_facts(row.facts), **sound, "content": dict(row.payload)}))
        return
    print(_line(row.facts))
    for name, value in row.payload.items():
        print(f"          {name}: {json.dumps(value, ensure_ascii=False)}")
    if seconds is not None:
        print(f"          {seconds:.1f} s of sound; `sotto data export` writes it out")


def _export(store: Store, parsed: argparse.Namespace) -> int:
    with Bar("exporting") as bar:
        counts = export(store.vault, parsed.subject, parsed.directory, write_flac, bar.show)
    if parsed.json:
        print(json.dumps({"directory": str(parsed.directory), "rows": counts}))
    else:
        print(f"{parsed.directory}: {_counted(counts)}; README.txt says how to read it")
    return 0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "no rows"


def _check_forget(parsed: argparse.Namespace) -> None:
    by_time = parsed.since is not None or parsed.until is not None
    if (parsed.subject is not None) + by_time + parsed.all != 1:
        raise SettingsError("forget: say what: --subject WHO, or --since/--until WHEN, or --all")
    span(parsed)


def _forget(store: Store, parsed: argparse.Namespace) -> int:
    if parsed.all:
        deleted = forgetting.forget_all(store.vault)
    elif parsed.subject is not None:
        deleted = forgetting.forget_subject(store.vault, parsed.subject)
    else:
        deleted = forgetting.forget_span(store.vault, *span(parsed))
    _print_deleted(deleted, as_json=parsed.json)
    return 0


def _print_deleted(deleted: Deleted, *, as_json: bool) -> None:
    receipt = deleted.receipt
    if as_json:
        told = {"rows": dict(receipt.rows), "keys": len(receipt.keys), "at": receipt.at}
        print(json.dumps({**told, "receipt": str(deleted.path)}))
        return
    print(f"{_counted(dict(receipt.rows))}: gone, with {len(receipt.keys)} keys")
    if receipt.until:
        first, last = _local(receipt.since // 60), _local(receipt.until // 60)
        print(f"whole minutes, from {first} to {last}; timers and lists stay")
    print(f"receipt: {deleted.path}")


def _purge(store: Store, parsed: argparse.Namespace) -> int:
    rows, aside = store.sweeper.purge()
    if parsed.json:
        print(json.dumps({"rows": rows, "databases": aside}))
    else:
        print(f"{rows} rows that had ended and {aside} databases set aside are gone")
    return 0


def _receipts(store: Store, parsed: argparse.Namespace) -> int:
    for path in sorted((store.state / RECEIPTS).glob("*.json")):
        text = read_private(path, LARGEST_RECEIPT).decode("utf-8", "replace").strip()
        receipt = read_receipt(text, store.audit.key.public)
        if parsed.json:
            print(text)
            continue
        when = _local(receipt.at // 60)
        what = f"{receipt.reason} {receipt.subject}".rstrip()
        print(f"{when}  {what:<28}{_counted(dict(receipt.rows))}  {path}")
    return 0


def _verify(store: Store, parsed: argparse.Namespace) -> int:
    if parsed.acknowledge:
        store.vault.acknowledge()
    with Bar("reading everything") as bar:
        report = check(store.vault, bar.show)
    problems = [*report.problems, *store.audit.verify().problems]
    if parsed.json:
        told = {"rows": report.rows, "readable": report.readable, "ended": report.ended}
        print(json.dumps({**told, "receipts": report.receipts, "problems": problems}))
    elif not problems:
        print(f"{report.rows} rows, all there: {report.readable} readable, {report.ended} ended")
        print(f"{report.receipts} receipts and {store.audit.size} audit entries hold")
    for problem in () if parsed.json else problems:
        print(f"sotto: {problem}", file=sys.stderr)
    return 1 if problems else 0


_ACTIONS: dict[str, Callable[[Store, argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "export": _export,
    "forget": _forget,
    "purge": _purge,
    "receipts": _receipts,
    "verify": _verify,
}

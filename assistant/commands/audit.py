"""`sotto audit`: what the audit log says, whether it is all there, and what others check it with.

It never writes to the log, so it works while Sotto runs; only `renew` needs it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant import state
from assistant.errors import AuditError, SettingsError
from assistant.settings import Settings
from storage.audit import AuditLog
from storage.audit_check import export, prove, signed_head, verify
from storage.audit_scan import HEAD, LOG, origin_of, read_entries, read_head, read_leaves
from storage.checkpoint import AuditKey, verifier_key
from storage.entry import KINDS, Entry
from storage.files import StateLock
from storage.forgetting import RECEIPTS
from storage.master import master_key
from storage.proof import canonical, read_proof
from storage.receipt import read_receipt
from storage.rotation import pending_rotation

_ACTIONS = {
    "show": "the last entries (--last, --kind)",
    "verify": "read all of it, and hold it against checkpoints, receipts and proofs in FILEs",
    "export": "copy the log, with a signed checkpoint of now, into the directory FILE",
    "key": "the public key: keep it elsewhere, from the first day on",
    "checkpoint": "a signed checkpoint of now, for somebody outside to keep",
    "prove": "a proof that entry --entry N is in the log, for a holder of the key",
    "renew": "set a damaged log aside and begin another, whose first entry says so",
}
_HIDDEN = ("kind", "at", "counts", "heights")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    told = "; ".join(f"{action}: {summary}" for action, summary in _ACTIONS.items())
    parser.add_argument("action", choices=tuple(_ACTIONS), metavar="ACTION", help=told)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--last", type=int, metavar="N", help="show: so many (default 20; 0: all)")
    parser.add_argument(
        "--kind", choices=sorted(KINDS), metavar="KIND", help=f"show: {', '.join(sorted(KINDS))}"
    )
    parser.add_argument("--entry", type=int, metavar="N", help="prove: which, counted from 0")
    parser.epilog = (
        "scripts/verify_audit.py checks an export on another machine, with the public key alone."
    )


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Do what is asked; 1 where the log, or what is held against it, is not right."""
    directory = state.directory(parsed.state)
    if parsed.files and parsed.action not in ("verify", "export"):
        raise SettingsError(f"sotto audit {parsed.action} takes no FILE")
    if not (directory / LOG).exists():
        raise AuditError(f"{directory / LOG}: there is no audit log yet; `sotto run` begins one")
    match parsed.action:
        case "show":
            return _show(directory, parsed)
        case "verify":
            return _verify(directory, parsed.files, as_json=parsed.json)
        case "export":
            return _export(directory, parsed.files)
        case "renew":
            return _renew(directory)
        case _:
            return _print_signed(directory, parsed)


def _show(directory: Path, parsed: argparse.Namespace) -> int:
    last = 20 if parsed.last is None else parsed.last
    if last < 0:
        raise SettingsError("--last: expected a number of entries, or 0 for all")
    found = (
        (index, entry)
        for index, entry in read_entries(directory / LOG)
        if parsed.kind in (None, entry.kind)
    )
    shown: Iterable[tuple[int, Entry]] = deque(found, maxlen=last) if last else found
    for index, entry in shown:
        print(entry.encode(index).decode() if parsed.json else _line(index, entry))
    return 0


def _line(index: int, entry: Entry) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at))
    return f"{index:>7}  {when}  {entry.kind:<18}{'  '.join(_said(entry))}".rstrip()


def _said(entry: Entry) -> Iterator[str]:
    for name in Entry.__dataclass_fields__:
        value = getattr(entry, name)
        if value and name not in _HIDDEN:
            yield f"{name} {value[:12] + '...' if name == 'digest' else value}"
    for name, count in {**entry.counts, **entry.heights}.items():
        yield f"{name} {count}"


def _verify(directory: Path, files: list[Path], *, as_json: bool) -> int:
    key = _key(directory)
    texts = {str(path): _read(path) for path in files}
    notes = {name: text for name, text in texts.items() if not text.startswith("{")}
    report = verify(directory, key, notes)
    problems = list(report.problems)
    leaves = list(read_leaves(directory / LOG)) if len(notes) < len(texts) else []
    for name in texts.keys() - notes.keys():
        for line in texts[name].splitlines():
            problems += _held_against(leaves, line, name, key)
    if as_json:
        root = report.root.hex()
        told = {"origin": report.origin, "entries": report.size, "root": root}
        print(json.dumps({**told, "unfinished": report.unfinished, "problems": problems}))
    elif not problems:
        print(f"{report.origin}: {report.size} entries, all there, unchanged and in order")
        print(f"held against: audit.head{''.join(f', {name}' for name in texts)}")
    for problem in () if as_json else problems:
        print(f"sotto: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _held_against(leaves: list[bytes], line: str, name: str, key: AuditKey) -> list[str]:
    """What is wrong with a receipt or a proof."""
    try:
        fields = json.loads(line)
        is_receipt = isinstance(fields, dict) and "receipt" in fields
        proof = read_receipt(line, key.public).proof if is_receipt else read_proof(fields)
        index, _, _ = proof.check(key.public)
    except (AuditError, ValueError) as error:
        return [f"{name}: {error if isinstance(error, AuditError) else 'not JSON'}"]
    if leaves[index : index + 1] != [proof.leaf]:
        return [f"{name}: entry {index} of this log is another one"]
    return []


def _export(directory: Path, files: list[Path]) -> int:
    if len(files) != 1:
        raise SettingsError("sotto audit export: say into which directory")
    kept = sorted((directory / RECEIPTS).glob("*.json"))
    size = export(directory, _key(directory), files[0], [_read(path) for path in kept])
    print(f"{files[0]}: {size} entries and their checkpoint; `sotto audit key` prints the key")
    return 0


def _print_signed(directory: Path, parsed: argparse.Namespace) -> int:
    key = _key(directory)
    fields: dict[str, Any]
    if parsed.action == "key":
        text = verifier_key(origin_of(directory / LOG), key.public)
        fields = {"key": text}
    elif parsed.action == "checkpoint":
        text = signed_head(directory, key)
        fields = {"checkpoint": text}
    elif parsed.entry is None:
        raise SettingsError("sotto audit prove: say which entry with --entry N")
    else:
        fields = prove(directory, key, parsed.entry).fields()
        text = canonical(fields)
    print(canonical(fields) if parsed.json else text.rstrip("\n"))
    return 0


def _renew(directory: Path) -> int:
    with StateLock(directory):
        report = verify(directory, _key(directory), {})
        if not report.problems:
            raise AuditError(f"{directory / LOG}: nothing is wrong with it, so it stays")
        AuditLog.renew(directory, _key(directory), time.time()).close()
    print("A new log begins; the old one lies beside it, with a number at its end.")
    return 0


def _key(directory: Path) -> AuditKey:
    """The key the log is under: while the master key is changed, one of two."""
    master = master_key(directory, os.environ)
    pending = pending_rotation(directory, master)
    if pending is None:
        return AuditKey.derive(master)
    new, old = AuditKey.derive(pending.new), AuditKey.derive(pending.old)
    return old if read_head(directory / HEAD, new.public) is None else new


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not a checkpoint, a receipt or a proof") from None

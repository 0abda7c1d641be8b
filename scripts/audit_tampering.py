"""Somebody who edits an audit log: at random, neatly, or with the master key in hand."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from assistant.errors import AuditError
from assistant.private import Private
from scripts import verify_audit
from storage.audit import AuditLog
from storage.audit_check import verify
from storage.audit_file import encode_batch, first_code, header, next_code
from storage.audit_scan import HEAD, LOG, read_leaves, scan
from storage.checkpoint import AuditKey, Checkpoint, sign_checkpoint, verifier_key
from storage.entry import Entry
from storage.merkle import EMPTY_ROOT, leaf_hash, root_of

KEY = AuditKey.derive(Private(b"k" * 32))
OTHER_KEY = AuditKey.derive(Private(b"o" * 32))
NOON = 1_763_640_000.0


def entry(number: int) -> Entry:
    """One of many, each its own."""
    return Entry(
        "permit",
        NOON + number,
        rule=f"family: {number}",
        category="transcript",
        purpose="service",
        subject="household",
        consent="c-1",
        heights={"row": number},
    )


def kept(directory: Path, dice: random.Random, entries: int) -> str:
    """Write a log with batches of one to five, leave old copies; give the last checkpoint."""
    directory.mkdir(mode=0o700)
    with AuditLog.open(directory, KEY) as log:
        while log.size < entries:
            log.append_many([entry(log.size + more) for more in range(dice.randint(1, 5))])
            if not _old(directory) or dice.random() < 0.1:
                log.checkpoint()
                copy = directory.with_name(f"{directory.name}-old-{log.size}")
                shutil.copytree(directory, copy)
        return log.checkpoint()


def tamper(directory: Path, dice: random.Random) -> str:
    """Do one thing to the log, so that its bytes are others; say which."""
    before = records(directory)
    while records(directory) == before:
        deed = dice.choice(DEEDS)
        deed(directory, dice)
    return deed.__name__


def records(directory: Path) -> bytes:
    """The log without the room at its end."""
    return (directory / LOG).read_bytes().rstrip(b"\n\0")


def is_noticed_here(directory: Path, witnessed: str) -> bool:
    """Whether Sotto itself finds it, with the witness's checkpoint."""
    try:
        return bool(verify(directory, KEY, {"the witness": witnessed}).problems)
    except AuditError:
        return True


def is_noticed_elsewhere(directory: Path, witnessed: Path) -> bool:
    """Whether the verifier of one file finds it, with the public key."""
    return outside(str(directory / LOG), str(witnessed)) != 0


def entries_of(directory: Path) -> tuple[str, list[bytes]]:
    """What a reader without the master key can see: the origin and the entries.

    A change to the codes alone leaves them whole; only Sotto itself finds that.
    """
    data = (directory / LOG).read_bytes()
    return verify_audit.read_log(data) if data.startswith(b"sotto-audit/1 ") else ("", [])


def outside(*paths: str, key: AuditKey = KEY) -> int:
    """Run the verifier of one file in this process: 0 right, 1 not, 2 it can't say."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return verify_audit.main(["--key", verifier_key("sotto", key.public), *paths])


def _write(directory: Path, data: bytes) -> None:
    size = (directory / LOG).stat().st_size
    (directory / LOG).write_bytes(data + b"\n" * max(1, size - len(data)))


def flip_a_bit(directory: Path, dice: random.Random) -> None:
    """One bit."""
    data = bytearray(records(directory))
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    _write(directory, bytes(data))


def overwrite_bytes(directory: Path, dice: random.Random) -> None:
    """Up to 600 bytes of noise."""
    data = bytearray(records(directory))
    place, length = dice.randrange(len(data)), dice.randint(1, 600)
    data[place : place + length] = dice.randbytes(len(data[place : place + length]))
    _write(directory, bytes(data))


def blank_a_stretch(directory: Path, dice: random.Random) -> None:
    """Line ends, zeros or spaces, as a disk might."""
    data = bytearray(records(directory))
    place, length = dice.randrange(len(data)), dice.choice((1, 100, 512, 4096))
    filler = dice.choice((b"\n", b"\0", b" "))
    data[place : place + length] = filler * len(data[place : place + length])
    _write(directory, bytes(data))


def delete_lines(directory: Path, dice: random.Random) -> None:
    """Up to four entries."""
    lines = records(directory).split(b"\n")
    place = dice.randrange(1, len(lines))
    del lines[place : place + dice.randint(1, 4)]
    _write(directory, b"\n".join(lines))


def swap_lines(directory: Path, dice: random.Random) -> None:
    """Two entries."""
    lines = records(directory).split(b"\n")
    one, other = dice.sample(range(1, len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    _write(directory, b"\n".join(lines))


def double_a_line(directory: Path, dice: random.Random) -> None:
    """One entry once more."""
    lines = records(directory).split(b"\n")
    lines.insert(dice.randrange(1, len(lines)), lines[dice.randrange(1, len(lines))])
    _write(directory, b"\n".join(lines))


def change_a_word(directory: Path, dice: random.Random) -> None:
    """Another category or consent."""
    lines = records(directory).split(b"\n")
    place = dice.randrange(1, len(lines))
    lines[place] = lines[place].replace(b"transcript", b"metric").replace(b"c-1", b"c-2")
    _write(directory, b"\n".join(lines))


def cut_anywhere(directory: Path, dice: random.Random) -> None:
    """All after some byte."""
    data = records(directory)
    _write(directory, data[: dice.randrange(len(data))])


def cut_after_a_batch(directory: Path, dice: random.Random) -> None:
    """All after some batch: what is left holds together."""
    lines = records(directory).split(b"\n")
    ends = [place for place, line in enumerate(lines) if not line.startswith(b"+ ")]
    _write(directory, b"\n".join(lines[: dice.choice(ends) + 1]))


def empty_the_file(directory: Path, _dice: random.Random) -> None:
    """All of it."""
    (directory / LOG).write_bytes(b"")


def put_an_old_log_back(directory: Path, dice: random.Random) -> None:
    """The log alone."""
    shutil.copy(dice.choice(_old(directory)) / LOG, directory / LOG)


def put_both_files_back(directory: Path, dice: random.Random) -> None:
    """The log and its head: both hold together."""
    old = dice.choice(_old(directory))
    shutil.copy(old / LOG, directory / LOG)
    shutil.copy(old / HEAD, directory / HEAD)


def forge_with_another_key(directory: Path, dice: random.Random) -> None:
    """An entry is another, everything made anew."""
    _rewritten(directory, dice, OTHER_KEY)


def forge_with_the_master_key(directory: Path, dice: random.Random) -> None:
    """The same by somebody who has the keys of this device."""
    _rewritten(directory, dice, KEY)


def cut_with_the_master_key(directory: Path, dice: random.Random) -> None:
    """The last entries never were, by somebody who has the keys."""
    leaves = list(read_leaves(directory / LOG))
    _made_anew(directory, leaves[: dice.randrange(1, len(leaves))], KEY)


def _old(directory: Path) -> list[Path]:
    return sorted(directory.parent.glob(f"{directory.name}-old-*"))


def _rewritten(directory: Path, dice: random.Random, key: AuditKey) -> None:
    leaves = list(read_leaves(directory / LOG))
    place = dice.randrange(len(leaves))
    leaves[place] = entry(place + 50_000).encode(place)
    _made_anew(directory, leaves, key)


def _made_anew(directory: Path, leaves: list[bytes], key: AuditKey) -> None:
    """A log that holds together: its codes, and a signed head."""
    origin = scan(directory / LOG, key).origin
    code = first_code(key.chain, origin, 0, EMPTY_ROOT)
    data = header(origin)
    for leaf in leaves:
        code = next_code(key.chain, code, (leaf,))
        data += encode_batch((leaf,), code)
    _write(directory, data)
    root = root_of([leaf_hash(leaf) for leaf in leaves])
    note = sign_checkpoint(Checkpoint(origin, len(leaves), root), key)
    (directory / HEAD).write_text(note)


Deed = Callable[[Path, random.Random], None]
DEEDS: tuple[Deed, ...] = (
    flip_a_bit,
    overwrite_bytes,
    blank_a_stretch,
    delete_lines,
    swap_lines,
    double_a_line,
    change_a_word,
    cut_anywhere,
    cut_after_a_batch,
    empty_the_file,
    put_an_old_log_back,
    put_both_files_back,
    forge_with_another_key,
    forge_with_the_master_key,
    cut_with_the_master_key,
)

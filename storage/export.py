"""Everything kept of a person, as files that a person can read."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeAlias

from assistant.errors import VaultError
from assistant.private import Private
from storage import tables
from storage.rows import Facts, Row, Wanted
from storage.vault import Vault

WriteAudio: TypeAlias = Callable[[Path, Private[bytes]], None]
Progress: TypeAlias = Callable[[int, int], None]
"""Told how many rows are done, and how many there are."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_README = """\
This is everything that Sotto keeps of: {subject}
Written on {now}.

{files}
Each .json file holds one category: a list of rows, oldest first. A row says when it was made
and when it ends by itself, what it was kept for (purpose), under which consent, and what it says
(content). Times are in UTC.

Nothing here is encrypted any more. Whoever has these files can read them.
To have it all forgotten: sotto data forget --subject {subject}
"""


def export(
    vault: Vault, subject: str, directory: Path, write_audio: WriteAudio, progress: Progress
) -> dict[str, int]:
    """Write the rows of a subject into a new directory (0700); says how many of each category.

    Raises VaultError where the directory is not new or empty, or can't be written.
    """
    _make(directory)
    wanted = Wanted(subject=subject)
    total = sum(tables.by_category(vault.ledger.database, wanted).values())
    counts: dict[str, int] = {}
    try:
        with contextlib.ExitStack() as opened:
            lists: dict[str, IO[str]] = {}
            rows = vault.rows(wanted, actor="owner", purpose="export")
            for done, row in enumerate(rows, start=1):
                category = row.facts.category
                if category not in lists:
                    lists[category] = opened.enter_context(_list(directory / f"{category}.json"))
                between = ",\n" if category in counts else "\n"
                counts[category] = counts.get(category, 0) + 1
                lists[category].write(between + _ENCODER.encode(_plain(row)))
                if row.audio is not None:
                    write_audio(directory / _audio_name(row), row.audio)
                progress(done, total)
        with _created(directory / "README.txt") as file:
            file.write(_readme(subject, counts))
    except OSError as error:
        raise VaultError(f"{error.filename or directory}: {error.strerror}") from None
    return counts


def plain_facts(facts: Facts) -> dict[str, object]:
    """When, what for, and whose."""
    return {
        "id": facts.id,
        "category": facts.category,
        "subject": facts.subject,
        "purpose": facts.purpose,
        "consent": facts.consent,
        "made": moment(facts.made),
        "ends": moment(facts.expires),
    }


@lru_cache(maxsize=1024)
def moment(minute: int) -> str:
    """A unix minute in ISO 8601, UTC."""
    return datetime.fromtimestamp(minute * 60, UTC).isoformat(timespec="minutes")


def _plain(row: Row) -> dict[str, object]:
    audio = {} if row.audio is None else {"audio": _audio_name(row)}
    return {**plain_facts(row.facts), **audio, "content": dict(row.payload)}


def _audio_name(row: Row) -> str:
    return f"{row.facts.category}-{row.facts.id}.flac"


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        if any(directory.iterdir()):
            raise VaultError(f"{directory}: not empty; name a new directory")
    except OSError as error:
        raise VaultError(f"{directory}: {error.strerror}") from None


@contextlib.contextmanager
def _list(path: Path) -> Iterator[IO[str]]:
    """A file that is a JSON list when it is closed."""
    with _created(path) as file:
        file.write("[")
        yield file
        file.write("\n]\n")


def _created(path: Path) -> IO[str]:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(file, "w", encoding="utf-8")


def _readme(subject: str, counts: dict[str, int]) -> str:
    files = "".join(f"{category}.json: {count} rows\n" for category, count in counts.items())
    now = datetime.now(UTC).isoformat(timespec="minutes")
    return _README.format(subject=subject, now=now, files=files or "Nothing is kept.\n")

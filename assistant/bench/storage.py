"""What keeping costs: a sealed insert beside plain SQLite, reading back, and destroying a key."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter

from assistant.private import Private
from assistant.progress import Bar
from assistant.settings import Settings
from assistant.types import Permit
from policies.consents import Consents
from policies.decide import keep
from policies.load import load
from policies.model import HOUSEHOLD
from storage import forgetting
from storage.export import export
from storage.rows import JSON, Facts, Wanted
from storage.store import Store, open_store
from storage.tables import TABLES

DAYS = 28
"""Over which the kept rows were made; counts are kept for 30."""
_MINUTES_A_DAY = 1_440
_MEMORY = Path("/dev/shm")  # noqa: S108  # a random name below it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--inserts", type=int, default=2_000, metavar="N", help="pairs of inserts (default: 2000)"
    )
    parser.add_argument(
        "--rows", type=int, default=100_000, metavar="N", help="rows read back (default: 100000)"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="a place on the disk to measure (default: here)"
    )


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Measure in a directory that is removed afterwards."""
    folder = arguments.folder or Path.cwd()
    with tempfile.TemporaryDirectory(prefix=".sotto-bench-", dir=folder) as name:
        figures: dict[str, object] = {**_inserts(Path(name), arguments.inserts)}
        figures |= _reading(Path(name), arguments.rows)
    if not arguments.json:
        for title, value in figures.items():
            print(f"{title:<34}{value}")
    return figures


def _inserts(place: Path, count: int) -> dict[str, float]:
    """A sealed row and a plain one in turn: both durable when the call returns."""
    sealed, plain = [], []
    permit = _permit()
    with open_store(place / "inserts", {}) as store:
        store.vault.give(permit.consent, permit.subject)
        database = _plain(place / "plain.db")
        for number in range(count):
            payload = _payload(number)
            sealed.append(_seconds(partial(store.vault.keep, permit, payload)))
            plain.append(_seconds(partial(_insert, database, payload)))
        database.close()
        destroyed = [_destroyed(store, number) for number in range(50)]
    return {
        "sealed insert p50 ms": _milliseconds(sealed, 50),
        "sealed insert p99 ms": _milliseconds(sealed, 99),
        "plain sqlite3 insert p50 ms": _milliseconds(plain, 50),
        "plain sqlite3 insert p99 ms": _milliseconds(plain, 99),
        "sealed / plain, mean": round(statistics.fmean(sealed) / statistics.fmean(plain), 2),
        "sealed / plain, median of pairs": round(
            statistics.median(one / other for one, other in zip(sealed, plain, strict=True)), 2
        ),
        "destroy a key p50 ms": _milliseconds(destroyed, 50),
        "destroy a key p99 ms": _milliseconds(destroyed, 99),
    }


def _plain(path: Path) -> sqlite3.Connection:
    """The same tables in plain SQLite, with the same promise: synchronous FULL, WAL."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    for statement in TABLES:
        database.execute(statement)
    return database


def _insert(database: sqlite3.Connection, payload: dict[str, JSON]) -> None:
    minute = int(os.times().elapsed // 60)
    facts = ("metric", "statistics", HOUSEHOLD, "counts", minute, minute + _MINUTES_A_DAY, 0)
    database.execute(
        "INSERT INTO rows VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
        (*facts, json.dumps(payload).encode()),
    )


def _destroyed(store: Store, number: int) -> float:
    store.keyslots.add_consent(f"gone-{number}", HOUSEHOLD)
    return _seconds(lambda: store.keyslots.destroy_consent(f"gone-{number}"))


def _reading(place: Path, count: int) -> dict[str, float]:
    """Rows of one subject over weeks: list a day, export all, forget all."""
    clock = _Clock(count)
    state = _filled(place / "reading", count, clock)
    listed: list[Facts] = []
    with open_store(state, {}, hands=clock) as store:
        minute = store.clock.minute()
        day = Wanted(since=minute - _MINUTES_A_DAY, until=minute)

        def list_day() -> None:
            listed[:] = store.vault.facts(day, actor="bench", purpose="bench")

        def write_out() -> None:
            export(store.vault, HOUSEHOLD, place / "out", _no_audio, _quietly)

        figures = {
            "rows kept": float(count),
            "list a day s": round(_seconds(list_day), 3),
            "rows in that day": float(len(listed)),
            "export the subject s": round(_seconds(write_out), 2),
            "compare every row s": round(_seconds(store.vault.ledger.agrees), 2),
        }
    started = perf_counter()
    with open_store(state, {}, hands=clock) as store:
        figures["open again s"] = round(perf_counter() - started, 2)
        forget = _seconds(lambda: forgetting.forget_subject(store.vault, HOUSEHOLD))
        figures["forget the subject s"] = round(forget, 2)
    return figures


class _Clock:
    """Some weeks, in which so many rows are kept at even intervals."""

    def __init__(self, count: int) -> None:
        self.now = time.time() - DAYS * 86_400
        self.step = DAYS * 86_400 / count

    def wall(self) -> float:
        """Moved by hand."""
        return self.now

    def uptime(self) -> float:
        """The same."""
        return self.now

    def boot(self) -> bytes:
        """The only one."""
        return bytes(16)

    def is_synchronised(self) -> bool:
        """It is."""
        return True


def _filled(place: Path, count: int, clock: _Clock) -> Path:
    """A store with rows, filled in memory and then copied to the disk that is measured."""
    permit = _permit()
    with tempfile.TemporaryDirectory(prefix=".sotto-bench-", dir=_memory(place)) as quick:
        state = Path(quick) / "state"
        with open_store(state, {}, hands=clock) as store, Bar("keeping rows") as bar:
            store.vault.give(permit.consent, permit.subject)
            for number in range(count):
                clock.now += clock.step
                store.vault.keep(permit, _payload(number))
                bar.show(number, count)
        shutil.copytree(state, place)
    return place


def _memory(place: Path) -> Path:
    return _MEMORY if os.access(_MEMORY, os.W_OK) else place.parent


def _permit() -> Permit:
    """What the shipped policy keeps: counts."""
    now = datetime.now().astimezone()
    permit = keep("metric", "statistics", HOUSEHOLD, load(), Consents(), now)
    assert isinstance(permit, Permit)
    return permit


def _payload(number: int) -> dict[str, JSON]:
    return {
        "text": "turn the kitchen light to forty percent",
        "intent": "HassLightSet",
        "slots": {"name": "kitchen light", "brightness": 40},
        "number": number,
    }


def _no_audio(_path: Path, _pcm: Private[bytes]) -> None:
    """There is none."""


def _quietly(_done: int, _total: int) -> None:
    """Nobody watches."""


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _milliseconds(seconds: Sequence[float], percent: int) -> float:
    return round(sorted(seconds)[len(seconds) * percent // 100] * 1000, 3)

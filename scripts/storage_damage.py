"""Damage to the files of a store, and the search for words on the raw disk.

Used by the tests in their short form and by scripts/torture_storage.py in the long one.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

from assistant.errors import AssistantError
from assistant.private import Private
from scripts.storage_faults import Hands, content, mounted, new_image, permit
from storage import forgetting
from storage.rescue import DATABASE
from storage.rows import Wanted
from storage.store import Store, open_store

ROWS = 120
TARGETS = (DATABASE, f"{DATABASE}-wal", "keyslots", "audit.log", "vault.height")
CANARY = "quokka-marmalade-7731"
FORMS = (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode())


def fill(state: Path, rows: int, hands: Hands) -> Path:
    """A store with kept, ended, withdrawn and forgotten rows; gives a copy made while open."""
    copy = state.with_name("pristine")
    with open_store(state, {}, hands=hands) as store:
        for consent in ("stays", "goes"):
            store.vault.give(consent, "ada")
        for number in range(1, rows + 1):
            consent = "goes" if number % 4 == 0 else "stays"
            assert store.vault.keep(permit(consent), content(number)) == number
            hands.now += 7
            if number == rows // 2:
                store.vault.ledger.tidy()
        forgetting.withdraw(store.vault, "goes")
        store.vault.put_state("lists", {"n": 1}, "list")
        for number in range(rows + 2, rows + 12):
            assert store.vault.keep(permit("stays"), content(number)) == number
        shutil.copytree(state, copy)
    return copy


def corrupt(path: Path, chance: random.Random) -> str:
    """Damage a file in one of several ways; says how."""
    data = bytearray(path.read_bytes())
    how = chance.choice(("bit", "bit", "bit", "block", "noise", "cut", "empty", "shift", "old"))
    place = chance.randrange(len(data))
    match how:
        case "bit":
            data[place] ^= 1 << chance.randrange(8)
        case "block":
            start = place - place % 512
            data[start : start + 512] = bytes(len(data[start : start + 512]))
        case "noise":
            data[place : place + 64] = chance.randbytes(len(data[place : place + 64]))
        case "cut":
            del data[place:]
        case "empty":
            data.clear()
        case "shift":
            del data[place : place + 1 + chance.randrange(64)]
        case "old":
            page = place - place % 4096
            other = chance.randrange(max(1, len(data) // 4096)) * 4096
            data[page : page + 4096] = data[other : other + len(data[page : page + 4096])]
    path.write_bytes(data)
    return f"{how} at {place} of {path.name}"


def corruption_round(pristine: Path, place: Path, seed: int, hands: Hands) -> tuple[str, str]:
    """Damage a copy and open it: how it was damaged, and refused, degraded, whole or SILENT."""
    chance = random.Random(seed)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(pristine, place)
    name = TARGETS[seed % len(TARGETS)]
    how = corrupt(place / name, chance)
    try:
        with open_store(place, {}, hands=hands) as store:
            return how, _judged(store)
    except AssistantError as error:
        one_line = len(str(error).splitlines()) == 1
        return how, "refused" if one_line else "SILENT: more than one line"


def _judged(store: Store) -> str:
    found = {
        row.facts.id: dict(row.payload)
        for row in store.vault.rows(Wanted(category="intent"), actor="test", purpose="test")
    }
    total = store.vault.ledger.height.last
    wrong = [number for number, said in found.items() if said != content(number)]
    back = [number for number in found if number % 4 == 0 and number <= ROWS]
    if wrong or back:
        return f"SILENT: {len(wrong)} wrong, {len(back)} back"
    missing = expected_rows() - found.keys()
    status = store.vault.status
    if store.vault.get_state("lists") is None:
        missing.add(0)
    if missing and not (status.lost >= len(missing) or status.unreadable):
        return f"SILENT: {len(missing)} of {total} missing, {status.lost} reported"
    return "degraded" if status.degraded else "whole"


def expected_rows() -> set[int]:
    """The rows of a filled store that must be there."""
    early = {number for number in range(1, ROWS + 1) if number % 4}
    return early | set(range(ROWS + 2, ROWS + 12))


def corruptions(directory: Path, rounds: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Damage copies of a store, each in one way; gives the outcomes, and the silent ones."""
    hands = Hands()
    pristine = fill(directory / "state", ROWS, hands)
    outcomes: Counter[str] = Counter()
    silent = []
    for number in range(rounds):
        how, outcome = corruption_round(pristine, directory / "damaged", seed + number, hands)
        outcomes[outcome.partition(":")[0]] += 1
        if outcome.startswith("SILENT"):
            silent.append(f"{seed + number}: {how}: {outcome}")
    return outcomes, silent


def canaries(directory: Path) -> list[str]:
    """Keep, replace, export nothing, forget; look for the words on the raw block device."""
    image, found = directory / "canary.img", []
    new_image(image)
    with mounted(image, directory / "disk") as disk:
        with open_store(disk / "state", {}) as store:
            store.vault.give("canary", "ada")
            for number in range(200):
                payload = {"text": f"{CANARY} {number}"}
                sound = Private(CANARY.encode() * 50) if number % 20 == 0 else None
                store.vault.keep(permit("canary"), payload, sound)
            store.vault.put_state("lists", {"items": [CANARY]}, "list")
            found += _seen(image, disk, "while it is kept")
            forgetting.forget_subject(store.vault, "ada")
            found += _seen(image, disk, "after it was forgotten")
        found += _seen(image, disk, "after the store was closed")
    return found


def _seen(image: Path, disk: Path, when: str) -> list[str]:
    subprocess.run(["sync", "-f", str(disk)], check=True)
    data = image.read_bytes()
    found = [f"{when}: on the disk at {data.find(form)}" for form in FORMS if form in data]
    files = (path for path in disk.rglob("*") if path.is_file())
    seen = [path.name for path in files if any(form in path.read_bytes() for form in FORMS)]
    return [*found, *(f"{when}: in {name}" for name in seen)]

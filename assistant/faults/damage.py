"""Damaged files: the database, the keys, the compiled grammar, the wake word's model."""

from __future__ import annotations

from pathlib import Path
from random import Random

from assistant.faults.fault import Fault
from assistant.faults.stage import READY, BrokenError, Stage

PAGE = 4096


def database(stage: Stage, dice: Random) -> str:
    """Damage a page of the database."""
    before = stage.rows()
    stage.core.clear()
    path = stage.state / "vault.db"
    pages = path.stat().st_size // PAGE
    _damage(path, dice.randrange(pages) * PAGE + dice.randrange(PAGE), 64, dice)
    stage.mended()
    stage.start()
    said = stage.excuse()
    lost = before - stage.rows() - stage.ended()
    if lost and not said:
        raise BrokenError(f"{len(lost)} rows are lost and nobody is told")
    return f"{len(lost)} of {len(before)} rows lost, and said so" if lost else "no row was in it"


def keyslots(stage: Stage, dice: Random) -> str:
    """Damage the file of keys at any place; where it can't be used, put the copy back."""
    stage.core.clear()
    path = stage.state / "keyslots"
    whole = path.read_bytes()
    match dice.randrange(3):
        case 0:
            path.write_bytes(whole[: dice.randrange(len(whole))])
        case 1:
            path.write_bytes(bytes(len(whole)))
        case _:
            _damage(path, dice.randrange(len(whole)), 16, dice)
    stage.mended()
    why = _starts(stage)
    if why is None:
        return "went on: what was damaged is there twice, or not used"
    path.write_bytes(whole)
    stage.mended()
    stage.start()
    _one_line(why, "keyslots")
    return "would not start, in one line; started with the copy"


def outbox(stage: Stage, dice: Random) -> str:
    """Cut the end off the write-ahead log, where what waits to be sent is written first."""
    stage.core.clear()
    path = stage.state / "vault.db-wal"
    size = path.stat().st_size if path.exists() else 0
    if size:
        with path.open("r+b") as file:
            file.truncate(dice.randrange(size))
    stage.mended()
    stage.start()
    said = stage.excuse()
    return "rows missing, and said so" if said else "nothing was in it"


def grammar(stage: Stage, dice: Random) -> str:
    """Damage the compiled grammar in the cache."""
    stage.core.clear()
    for path in (stage.state / "cache").glob("*.json"):
        _damage(path, dice.randrange(path.stat().st_size), 8, dice)
    stage.mended()
    stage.start()
    return "compiled it anew, or did not need it"


def model(stage: Stage, dice: Random) -> str:
    """Name a damaged model for the wake word."""
    stage.core.clear()
    broken = stage.folder / "broken.tflite"
    broken.write_bytes(dice.randbytes(50_000))
    settings = stage.folder / "settings.yaml"
    phrase = f"wake: {{phrases: [{{phrase: alexa, model: {broken}}}]}}\n"
    settings.write_text(settings.read_text() + phrase)
    why = _starts(stage)
    stage.restore()
    stage.mended()
    stage.start()
    if why is None:
        raise BrokenError("the daemon listens with a broken model")
    _one_line(why, "broken.tflite")
    return "would not start, in one line; started with the right one"


def _damage(path: Path, place: int, length: int, dice: Random) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(dice.randbytes(length))


def _starts(stage: Stage) -> list[str] | None:
    """None where the daemon starts; otherwise what it says."""
    mark = len(stage.core.lines)
    try:
        stage.start()
    except BrokenError:
        stage.core.wait(READY)
        return [line.text for line in stage.core.lines.since(mark)]
    return None


def _one_line(said: list[str], about: str) -> None:
    """It names what is wrong, in one line, and is no fault of its own."""
    errors = [line for line in said if line.startswith("sotto: ") and ": info:" not in line]
    if not any(about in line for line in errors) or any("please report" in line for line in said):
        raise BrokenError(f"the daemon does not say what is wrong: {errors}")


FAULTS = (
    Fault("database-damaged", "a page of the database damaged", database),
    Fault("keyslots-damaged", "file of keys damaged", keyslots),
    Fault("outbox-damaged", "write-ahead log (outbox) cut off", outbox),
    Fault("grammar-damaged", "compiled grammar damaged", grammar),
    Fault("model-damaged", "wake word's model damaged", model),
)

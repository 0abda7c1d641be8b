"""A skill that can behave, and misbehave in every way the tests need."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from pathlib import Path

from assistant import Intent, Reply, Skill
from plugins.sandbox.server import fetch

skill = Skill("rascal")
try:
    AT_IMPORT = Path("/etc/passwd").read_text()
except OSError as error:
    AT_IMPORT = type(error).__name__

WIRE = 3


class TheSpeakerSaidBanana(Exception):
    pass


def frame(text: str) -> bytes:
    return struct.pack(">I", len(text.encode())) + text.encode()


@skill.on("Echo")
async def echo(intent: Intent) -> Reply:
    kinds = {name: type(slot).__name__ for name, slot in intent.slots.items()}
    return Reply(f"{intent.name} {dict(intent)} {kinds} {intent.response}")


@skill.on("Opened")
async def tell(intent: Intent) -> Reply:
    return Reply(f"{intent.opened('who')} {intent.opened('whom')}")


@skill.on("Import")
async def imported(_intent: Intent) -> Reply:
    return Reply(AT_IMPORT)


@skill.on("Keep")
async def keep(intent: Intent) -> Reply:
    path = Path("notes") / "note"
    path.parent.mkdir(exist_ok=True)
    path.write_text(str(intent["text"]))
    path.replace("kept")
    found = (Path("kept").read_text(), os.listdir("."), os.stat("kept").st_size)
    path.parent.rmdir()
    Path("kept").unlink()
    import graphlib  # read from Python's own code, after the fences are up

    return Reply(f"{found} {graphlib.__name__} {Path('kept').exists()}")


@skill.on("Raise")
async def fail(_intent: Intent) -> Reply:
    raise ValueError("banana")


@skill.on("RaiseWords")
async def fail_with_words(_intent: Intent) -> Reply:
    raise TheSpeakerSaidBanana("banana")


@skill.on("ReplyWrongly")
async def reply_wrongly(_intent: Intent) -> Reply:
    return "no reply"


@skill.on("ReplyLong")
async def reply_long(_intent: Intent) -> Reply:
    return Reply("la " * 50_000)


@skill.on("Sleep")
async def sleep(intent: Intent) -> Reply:
    await asyncio.sleep(float(intent["seconds"]))
    return Reply("awake")


@skill.on("Hang")
async def hang(_intent: Intent) -> Reply:
    while True:
        pass


@skill.on("Burn")
async def burn(_intent: Intent) -> Reply:
    async def forever() -> None:
        while True:
            await asyncio.sleep(0)

    skill.handlers["task"] = asyncio.get_running_loop().create_task(forever())
    return Reply("warm")


@skill.on("Flood")
async def flood(_intent: Intent) -> Reply:
    while True:
        os.write(WIRE, frame('{"say":"reply","id":999,"text":"again"}') * 1000)


@skill.on("Drown")
async def drown(_intent: Intent) -> Reply:
    os.write(WIRE, struct.pack(">I", 1 << 31))
    await asyncio.sleep(60)
    return Reply()


@skill.on("Lie")
async def lie(intent: Intent) -> Reply:
    os.write(WIRE, frame(str(intent["text"])))
    await asyncio.sleep(60)
    return Reply()


@skill.on("Crash")
async def crash(_intent: Intent) -> Reply:
    ctypes.string_at(0)
    return Reply()


@skill.on("Leave")
async def leave(_intent: Intent) -> Reply:
    os._exit(7)


@skill.on("HangUp")
async def hang_up(_intent: Intent) -> Reply:
    os.close(WIRE)
    while True:
        pass


@skill.on("Gorge")
async def gorge(_intent: Intent) -> Reply:
    return Reply(str(len(bytearray(1 << 30))))


@skill.on("Hoard")
async def hoard(_intent: Intent) -> Reply:
    for number in range(40):
        Path(f"hoard{number}").write_bytes(bytes(100_000))
    await asyncio.sleep(60)
    return Reply()


@skill.on("Ask")
async def question(intent: Intent) -> Reply:
    return Reply(f"{await intent.ask('Which one?', ['left', 'right'], 2.5)}")


@skill.on("AskOften")
async def questions(intent: Intent) -> Reply:
    for _ in range(100):
        await intent.ask("Again?")
    return Reply("enough")


@skill.on("Fetch")
async def page(intent: Intent) -> Reply:
    return Reply((await fetch(str(intent["url"]))).decode())

"""A skill for `sotto bench sandbox`: it echoes, and it misbehaves in six ways."""

from __future__ import annotations

import os
from pathlib import Path

from assistant import Intent, Reply, Skill

skill = Skill("troublemaker")
_WIRE = 3
_LIE = b'{"say":"reply","id":999999999,"text":"lie"}'
_FRAME = len(_LIE).to_bytes(4, "big") + _LIE


@skill.on("Echo")
async def echo(intent: Intent) -> Reply:
    """Behave."""
    return Reply(f"{intent['word']}.")


@skill.on("Hang")
async def hang(_intent: Intent) -> Reply:
    """Never answer, and use the processor for it."""
    while True:
        pass


@skill.on("Flood")
async def flood(_intent: Intent) -> Reply:
    """Say more than anybody can hear."""
    while True:
        os.write(_WIRE, _FRAME * 1000)


@skill.on("Crash")
async def crash(_intent: Intent) -> Reply:
    """End in the middle of it."""
    os.abort()


@skill.on("Lie")
async def lie(_intent: Intent) -> Reply:
    """Answer what was not asked."""
    os.write(_WIRE, _FRAME)
    return Reply("and the truth")


@skill.on("Gorge")
async def gorge(_intent: Intent) -> Reply:
    """Take all the memory there is, as long as there is any."""
    eaten: list[bytes] = []
    while True:
        try:
            eaten.append(os.urandom(1 << 20))
        except MemoryError:
            eaten.clear()


@skill.on("Hoard")
async def hoard(_intent: Intent) -> Reply:
    """Fill the disk, file by file."""
    number = 0
    while True:
        number += 1
        _fill(f"hoard{number}")


def _fill(name: str) -> None:
    Path(name).write_bytes(bytes(1 << 18))

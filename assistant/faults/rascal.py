"""A skill for `sotto faults`: it misbehaves when it is asked to."""

from __future__ import annotations

import os

from assistant import Intent, Reply, Skill

skill = Skill(
    name="rascal",
    sentences={
        "RascalSlow": ["polish the silver"],
        "RascalHang": ["paint the ceiling"],
        "RascalFlood": ["ring the bell"],
        "RascalCrash": ["break the window"],
    },
    timeout=2,
)
WIRE = 3


@skill.on("RascalSlow")
async def slow(_intent: Intent) -> Reply:
    """Be so slow that nobody waits any longer."""
    total = 0
    for number in range(200_000_000):
        total += number
    return Reply(f"{total}.")


@skill.on("RascalHang")
async def hang(_intent: Intent) -> Reply:
    """Never answer."""
    while True:
        pass


@skill.on("RascalFlood")
async def flood(_intent: Intent) -> Reply:
    """Say more than anybody can hear."""
    lie = b'{"say":"reply","id":999999999,"text":"lie"}'
    while True:
        os.write(WIRE, (len(lie).to_bytes(4, "big") + lie) * 1000)


@skill.on("RascalCrash")
async def crash(_intent: Intent) -> Reply:
    """End in the middle of it."""
    os.abort()

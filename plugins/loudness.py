"""How loud Sotto itself speaks."""

from __future__ import annotations

from assistant.skill import Intent, Reply, Skill
from plugins.powers import Loudness

STEP = 10
LEAST = 10
"""Percent: softer than this nobody would hear how to undo it."""


def volume_skill(loudness: Loudness | None) -> Skill:
    """The skill."""
    skill = Skill("volume")

    @skill.on("SpeakVolume")
    async def change(intent: Intent) -> Reply:
        if loudness is None:
            return Reply("I can't change how loud I am here.")
        if intent.response == "ask":
            return Reply(f"My volume is at {loudness.volume} percent.")
        step = {"up": STEP, "down": -STEP}.get(intent.text("step") or "", 0)
        wanted = int(intent.number("level") or 0) if "level" in intent else loudness.volume + step
        before, loudness.volume = loudness.volume, min(100, max(LEAST, wanted))
        if before == loudness.volume and step:
            return Reply("I can't speak louder." if step > 0 else "I can't speak softer.")
        return Reply(f"My volume is at {loudness.volume} percent.")

    return skill

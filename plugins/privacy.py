"""Says what was heard, kept and sent today, forgets, and stops listening for a while."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.skill import Intent, Reply, Skill
from plugins.powers import Diary, Ear, Today
from plugins.wording import joined, length

LONGEST_PAUSE = 12 * 3600.0
"""Seconds; to be deaf for longer, mute the microphone."""


def privacy_skill(diary: Diary | None, ear: Ear | None) -> Skill:
    """The skill. Without a diary nothing is kept and nothing is sent, and it says so."""
    skill = Skill("privacy")

    @skill.on("TellToday")
    async def tell(intent: Intent) -> Reply:
        if diary is None:
            return Reply("I keep no record of what I hear, and nothing was kept or sent.")
        return Reply(_told(intent.text("what"), await diary.today()))

    @skill.on("ForgetThat")
    async def forget(intent: Intent) -> Reply:
        if diary is None:
            return Reply("I kept nothing of it.")
        erased = await diary.forget_last()
        if erased is None:
            return Reply("There is nothing before this that I could forget.")
        return Reply("It is forgotten." if erased else "I kept nothing of it.")

    @skill.on("StopListening")
    async def stop_listening(intent: Intent) -> Reply:
        if ear is None:
            return Reply("I can't stop listening on my own here. Mute the microphone, please.")
        wanted = 3600 * (intent.number("hours") or 0) + 60 * (intent.number("minutes") or 0)
        seconds = min(LONGEST_PAUSE, wanted)
        if seconds <= 0:
            return Reply("For how long?")
        ear.pause(seconds)
        return Reply(f"I stop listening for {length(seconds)}.")

    return skill


def _told(what: str | None, today: Today) -> str:
    if what == "kept":
        kept = _counted(today.kept)
        return f"Of today I keep {kept}." if kept else "Of today I keep nothing."
    if what == "sent":
        sent = [_times(count, f"to {where}") for where, count in today.sent.items() if count]
        return f"Today I sent {joined(sent)}." if sent else "Today I sent nothing."
    heard = "one command" if today.heard == 1 else f"{today.heard or 'no'} commands"
    return f"Today I heard {heard}."


def _times(count: int, where: str) -> str:
    return f"{'one message' if count == 1 else f'{count} messages'} {where}"


def _counted(counts: Mapping[str, int]) -> str:
    shown = [
        f"1 {what.removesuffix('s')}" if count == 1 else f"{count} {what}"
        for what, count in counts.items()
        if count
    ]
    return joined(shown)

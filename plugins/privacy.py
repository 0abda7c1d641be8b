"""Says what was heard, kept and sent today, forgets, and stops listening for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from assistant.errors import AssistantError
from assistant.skill import Intent, Reply, Skill
from plugins.alarm_times import moment
from plugins.powers import Diary, Ear, Forgotten, Today
from plugins.wording import clock, joined, length, near

log = logging.getLogger(__name__)

LONGEST_PAUSE = 12 * 3600.0
"""Seconds; to be deaf for longer, say "until I tell you", or mute the microphone."""
AGAIN = "To be heard before, unmute me, or type: sotto listen again."
_BECAME = {
    "allow": "done",
    "confirm": "left alone without a yes",
    "refuse": "not allowed",
    "not_understood": "not understood",
}


def privacy_skill(
    diary: Diary | None, ear: Ear | None, now: Callable[[], datetime] = datetime.now
) -> Skill:
    """The skill. Without a diary nothing is kept and nothing is sent, and it says so.

    `now` gives local time.
    """
    skill = Skill("privacy")

    @skill.on("TellToday")
    async def tell(intent: Intent) -> Reply:
        if diary is None:
            return Reply("I keep no record of what I hear, and nothing was kept or sent.")
        try:
            return Reply(_told(intent.text("what"), await diary.today()))
        except AssistantError as error:
            log.error("today can't be told: %s", error)
            return Reply("I can't read my records. The log says why.")

    @skill.on("ForgetThat")
    async def forget(intent: Intent) -> Reply:
        if diary is None:
            return Reply("I kept nothing of it.")
        try:
            forgotten = await diary.forget_last()
        except AssistantError as error:
            log.error("not all could be forgotten: %s", error)
            return Reply("I could not forget all of it. The log says why.")
        if forgotten is None:
            return Reply("There is nothing before this that I could forget.")
        return Reply(" ".join(_forgotten(forgotten)))

    @skill.on("StopListening")
    async def stop_listening(intent: Intent) -> Reply:
        if ear is None:
            return Reply("I can't stop listening on my own here. Mute the microphone, please.")
        if intent.response == "told":
            await asyncio.to_thread(ear.pause, None)
            return Reply(f"I stop listening. {AGAIN}")
        if intent.response == "until":
            at = moment(intent, now())
            if at is None:
                return Reply("Until when?")
            await asyncio.to_thread(ear.pause, (at - now()).total_seconds())
            return Reply(f"I stop listening until {clock(at)} {near(at.date(), now().date())}.")
        wanted = 3600 * (intent.number("hours") or 0) + 60 * (intent.number("minutes") or 0)
        seconds = min(LONGEST_PAUSE, wanted)
        if seconds <= 0:
            return Reply("For how long?")
        await asyncio.to_thread(ear.pause, seconds)
        return Reply(f"I stop listening for {length(seconds)}.")

    return skill


def _told(what: str | None, today: Today) -> str:
    if what == "kept":
        kept = _counted(today.kept)
        return f"Of today I keep {kept}." if kept else "Of today I keep nothing."
    if what == "sent":
        sent = [_times(count, f"to {where}") for where, count in today.sent.items() if count]
        return f"Today I sent {joined(sent)}." if sent else "Today I sent nothing."
    total = sum(today.heard.values())
    if not total:
        return "Today I heard no commands."
    became = [f"{today.heard[key]} {word}" for key, word in _BECAME.items() if today.heard.get(key)]
    heard = "one command" if total == 1 else f"{total} commands"
    said = [f"Today I heard {heard}: {joined(became)}."]
    if today.said:
        quoted = joined([f'"{text}"' for text in today.said])
        said.append(f"What I keep of it ends with {quoted}.")
    return " ".join(said)


def _forgotten(forgotten: Forgotten) -> list[str]:
    said = ["It is forgotten." if forgotten.rows else "I kept nothing of it."]
    if forgotten.sent:
        said.append(f"What went to {joined(forgotten.sent)} I can't take back.")
    if forgotten.stays:
        said.append(f"Your {joined(forgotten.stays)} stay as they are.")
    return said


def _times(count: int, where: str) -> str:
    return f"{'one message' if count == 1 else f'{count} messages'} {where}"


def _counted(counts: Mapping[str, int]) -> str:
    shown = [
        f"1 {what.removesuffix('s')}" if count == 1 else f"{count} {what}"
        for what, count in counts.items()
        if count
    ]
    return joined(shown)

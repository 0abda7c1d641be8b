"""Tells the time and the date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from assistant.skill import Intent, Reply, Skill
from plugins.replies import Replies


def clock_skill(replies: Replies, now: Callable[[], datetime] = datetime.now) -> Skill:
    """The skill; `now` gives local time."""
    skill = Skill("clock")

    @skill.on("HassGetCurrentTime")
    async def tell_time(intent: Intent) -> Reply:
        return Reply(replies.render(intent, {"time": now().time()}))

    @skill.on("HassGetCurrentDate")
    async def tell_date(intent: Intent) -> Reply:
        return Reply(replies.render(intent, {"date": now().date()}))

    return skill

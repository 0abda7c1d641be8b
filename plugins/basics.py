"""Small talk, and honest answers to what Sotto can't do yet."""

from __future__ import annotations

from assistant.skill import Intent, Reply, Skill
from plugins.replies import Replies

CANNOT = {
    "HassBroadcast": "I can't broadcast: this is the only speaker I know.",
    "HassMediaSearchAndPlay": "I can't look for music yet.",
}
"""What we understand and can't do."""


def basics_skill(replies: Replies) -> Skill:
    """The skill."""
    skill = Skill("basics")

    @skill.on("HassNevermind", "HassRespond")
    async def respond(intent: Intent) -> Reply:
        return Reply(replies.render(intent))

    @skill.on(*CANNOT)
    async def decline(intent: Intent) -> Reply:
        return Reply(CANNOT[intent.name])

    return skill

"""A skill that tries to get out: every escape is an attempt, asked for by its name.

The same functions run as a control without the sandbox, where they must succeed.
"""

from __future__ import annotations

import json
from pathlib import Path

from assistant import Intent, Reply, Skill
from hostile import files, kernel, processes
from hostile.attempts import CANARY, ESCAPES, EXITED, HARMLESS, attempt

__all__ = ["CANARY", "ESCAPES", "EXITED", "HARMLESS", "attempt", "files", "kernel", "processes"]

skill = Skill("hostile")


@skill.on("Escape")
async def escape(intent: Intent) -> Reply:
    """Try one, against the targets that the stage left in our directory."""
    return Reply(attempt(str(intent["name"]), _targets()))


def _targets() -> dict[str, object]:
    return json.loads(Path("targets.json").read_text())

"""Sotto: a voice assistant that keeps what is said at home. A skill imports from here."""

from assistant.errors import AssistantError, ManifestError, SkillError
from assistant.skill import Intent, Reply, Skill

__all__ = ["AssistantError", "Intent", "ManifestError", "Reply", "Skill", "SkillError"]

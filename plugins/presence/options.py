"""The policies that may be chosen from: those that the owner's settings list, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistant.errors import SettingsError
from assistant.settings import Settings

USUAL = "usual"
"""The name of what `policies.files` says."""


def options(settings: Settings) -> Mapping[str, tuple[Path, ...]]:
    """Files by name; the usual ones first. Raises SettingsError where a name is taken."""
    if USUAL in settings.presence.policies:
        raise SettingsError(
            f"presence.policies: {USUAL} means policies.files; expected another name"
        )
    return {USUAL: settings.policies.files, **settings.presence.policies}

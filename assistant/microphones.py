"""The microphone that the settings name: of this machine, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.settings import Settings
from pipeline.sources.microphone import Microphone
from pipeline.sources.remote import RemoteMicrophone
from plugins.wyoming.meeting import MICROPHONE, listener, place

ELSEWHERE = "wyoming"
"""The device that stands for `wyoming.microphone`."""


def microphone(
    settings: Settings,
    state: Path,
    waits: Callable[[str], None] | None = None,
    is_muted: Callable[[], bool] = lambda: False,
) -> Microphone | RemoteMicrophone:
    """Make it; with `waits` one that may come later, and that gives no sound while `is_muted`."""
    if settings.microphone.device == ELSEWHERE:
        return RemoteMicrophone(
            place(settings.wyoming, state, MICROPHONE), waits=waits, user=listener()
        )
    return Microphone(settings.microphone.device, waits=waits, is_muted=is_muted)

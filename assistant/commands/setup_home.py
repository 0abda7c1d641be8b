"""The question of `sotto setup` about Home Assistant: its address and token, tried at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from assistant.commands.setup_steps import Changes, Choice, Question
from assistant.commands.setup_talk import Talk
from assistant.errors import SettingsError
from assistant.settings import Settings
from plugins.home_assistant.client import HomeAssistant
from plugins.home_assistant.make import address, is_in_the_clear
from plugins.home_assistant.token import Token

KEPT_IN = "home-assistant.token"
"""The file beside the settings that holds it."""
PATIENCE = 15.0
"""Seconds in which Home Assistant has to answer."""


def question(beside: Path) -> Question:
    """Whether the house is Home Assistant's."""
    return Question(
        "Does Home Assistant run your house?",
        [
            Choice("no: your own file of things, or the demo house", _none),
            Choice("yes", lambda talk: _at(talk, beside)),
        ],
    )


def trial(settings: Settings) -> str:
    """Connect, and count what is there. Raises SettingsError."""
    if settings.home_assistant.url is None:
        return "no Home Assistant"
    return asyncio.run(_meet(settings))


async def _meet(settings: Settings) -> str:
    """Stay until it has told of its things, or said why not."""
    wanted = settings.home_assistant
    changed = asyncio.Event()
    home = HomeAssistant(address(wanted), Token(wanted.token_file, os.environ), changed=changed.set)
    staying = asyncio.create_task(home.run())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while home.things is None:
                    changed.clear()
                    await changed.wait()
                    if home.alarm is not None:
                        break
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
    if home.things is None:
        raise SettingsError(f"Home Assistant: {home.alarm or 'it told of no things'}")
    warning = "; the token crosses your network without TLS" if is_in_the_clear(wanted) else ""
    count = len(home.things.entities)
    return f"connected: {count} things in {len(home.things.areas)} areas{warning}"


def _none(_talk: Talk) -> Changes:
    return {"home_assistant": {"url": None, "token_file": None}}


def _at(talk: Talk, beside: Path) -> Changes:
    url = talk.ask("Its address, such as http://homeassistant.local:8123")
    path = beside / KEPT_IN
    token = talk.ask(
        f"A long-lived access token (your profile, Security), or Enter to use {path}", hidden=True
    )
    if token:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", errors="replace") as file:
            file.write(f"{token}\n")
    return {"home_assistant": {"url": url, "token_file": str(path.absolute())}}

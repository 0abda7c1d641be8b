"""`sotto door`: the only process that reaches the network, without microphone, store or speech."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import resource
import signal

from assistant import state
from assistant.settings import Settings
from plugins.door.make import make_door, socket_path
from plugins.door.packets import Doorstep
from plugins.door.service import Door, Published
from policies.load import Policies

log = logging.getLogger(__name__)

MEMORY = 1 << 30
"""Bytes of address space: a broker that sends without end is cut off there."""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Publish what the core releases, until SIGINT or SIGTERM; both are the usual way to end it.

    With --json every message that leaves is printed, to the byte.
    """
    home = state.directory(parsed.state)
    report = _print if parsed.json else _say_nothing
    door = make_door(settings.door, Policies(settings.policies.files), home, report)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    doorstep = Doorstep(socket_path(settings.door, home))
    try:
        asyncio.run(_until_told(door, doorstep))
    finally:
        doorstep.close()
    return 0


async def _until_told(door: Door, doorstep: Doorstep) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await door.run(doorstep)
    log.info("door: closed")


def _print(published: Published) -> None:
    shown = {"event": "published", "topic": published.topic, "code": published.code}
    print(json.dumps({**shown, "payload": json.loads(published.payload)}), flush=True)


def _say_nothing(_published: Published) -> None:
    """Without --json what leaves is not printed."""

"""`sotto door`: the only process that reaches the network, without microphone, store or speech."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from assistant import logs, state
from assistant.settings import Settings
from assistant.supervised import Supervisor, handed_over
from plugins.door.make import make_door
from plugins.door.packets import Doorstep, socket_path
from plugins.door.service import Published
from plugins.home_assistant.make import make_house_door
from plugins.home_assistant.places import names_path
from plugins.home_assistant.places import socket_path as house_path
from plugins.presence.link import socket_path as presence_path
from plugins.presence.make import make_presence
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
    supervisor = Supervisor(os.environ)
    home = state.directory(parsed.state)
    report = _print if parsed.json else _say_nothing
    policies = Policies(settings.policies.files)
    alone = settings.home_assistant.url is not None and settings.door.address is None
    door = None if alone else make_door(settings.door, policies, home, report)
    house = make_house_door(settings.home_assistant) if settings.home_assistant.url else None
    shows = make_presence(settings, policies.use, report) if settings.presence.enabled else None
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serving: list[Callable[[], Awaitable[None]]] = []
    with contextlib.ExitStack() as opened:
        if door is not None:
            path = socket_path(settings.door, home)
            doorstep = Doorstep(path, handed_over("door", os.environ))
            opened.callback(doorstep.close)
            serving.append(partial(door.run, doorstep))
        if house is not None:
            path = house_path(settings.home_assistant, home)
            step = Doorstep(path, handed_over("home", os.environ))
            opened.callback(step.close)
            serving.append(partial(house.run, step, _names(settings, home, opened)))
        if shows is not None:
            path = presence_path(settings.presence.socket, home)
            presence = Doorstep(path, handed_over("presence", os.environ))
            opened.callback(presence.close)
            serving.append(partial(shows.run, presence))
        supervisor.ready("waits for what the core releases")
        asyncio.run(_until_told(serving))
    return 0


def _names(settings: Settings, home: Path, opened: contextlib.ExitStack) -> Doorstep | None:
    """Where `sotto wyoming` is told what is in the house; None: it needs no names."""
    handed = handed_over("names", os.environ)
    if handed is None and settings.wyoming.asr is None and settings.wyoming.intent is None:
        return None
    step = Doorstep(names_path(home), handed)
    opened.callback(step.close)
    return step


async def _until_told(serving: Sequence[Callable[[], Awaitable[None]]]) -> None:
    task = asyncio.current_task()
    assert task is not None
    logs.mind_loop(asyncio.get_running_loop())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*(serve() for serve in serving))
    log.info("door: closed")


def _print(published: Published) -> None:
    shown = {"event": "published", "topic": published.topic, "code": published.code}
    payload = published.payload.decode()
    print(
        json.dumps({**shown, "payload": json.loads(payload) if payload[:1] == "{" else payload}),
        flush=True,
    )


def _say_nothing(_published: Published) -> None:
    """Without --json what leaves is not printed."""

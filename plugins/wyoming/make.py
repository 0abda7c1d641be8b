"""What `sotto wyoming` opens, by the settings; and running it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from assistant.errors import SettingsError
from assistant.settings import WyomingSettings
from assistant.supervised import handed_over
from plugins.door.packets import Doorstep
from plugins.wyoming.address import Address, parse
from plugins.wyoming.announce import announced
from plugins.wyoming.meeting import MICROPHONE, SATELLITE, place
from plugins.wyoming.peers import Peers
from plugins.wyoming.remote import Remote
from plugins.wyoming.satellite import Satellite
from plugins.wyoming.server import Server, Service

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["wake", "asr", "intent", "satellite"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is opened."""

    services: Mapping[Kind, Address]
    microphone: Address | None
    """The microphone elsewhere that we connect to."""


def plan(settings: WyomingSettings) -> Plan:
    """What the settings open. Raises SettingsError where that is nothing, or can't be."""
    uris: dict[Kind, str | None] = {
        "wake": settings.wake,
        "asr": settings.asr,
        "intent": settings.intent,
        "satellite": settings.satellite,
    }
    services = {kind: parse(uri, f"wyoming.{kind}") for kind, uri in uris.items() if uri}
    microphone = parse(settings.microphone, "wyoming.microphone") if settings.microphone else None
    places = [*services.values(), *([microphone] if microphone is not None else [])]
    if not places:
        raise SettingsError(
            "wyoming: nothing is to be opened; set wyoming.asr, wake, intent, satellite or "
            "microphone, such as asr: tcp://127.0.0.1:10300"
        )
    if microphone is not None and microphone.kind == "stdio":
        raise SettingsError("wyoming.microphone: expected tcp://ADDRESS:PORT or unix:///PATH")
    if len(places) > 1 and any(at.kind == "stdio" for at in places):
        raise SettingsError("wyoming: over stdio:// there is one service and nothing else")
    if len(set(places)) < len(places):
        raise SettingsError("wyoming: each service needs an address of its own")
    _warn_of_nobody(services.values(), settings)
    return Plan(services, microphone)


async def serve(
    plan: Plan,
    services: Mapping[Kind, Service],
    settings: WyomingSettings,
    state: Path,
    ready: asyncio.Event | None = None,
) -> None:
    """Serve until cancelled, or over stdio to its end; `ready` is set once all is open.

    Raises SettingsError, WyomingError or DoorError where something can't be opened.
    """
    peers = Peers(settings.peers)
    with contextlib.ExitStack() as stack:
        running: list[Coroutine[Any, Any, None]] = []
        opened: list[asyncio.Event] = []
        for kind, service in services.items():
            if isinstance(service, Satellite):
                step = _doorstep(place(settings, state, SATELLITE), stack)
                running.append(service.serve_core(step))
            opened.append(asyncio.Event())
            server = Server(service, peers, settings.clients)
            running.append(server.run(plan.services[kind], opened[-1]))
        if plan.microphone is not None:
            step = _doorstep(place(settings, state, MICROPHONE), stack)
            running.append(Remote(plan.microphone).run(step))
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(each) for each in running]
            for event in opened:
                await event.wait()
            async with _told(plan, settings):
                if ready is not None:
                    ready.set()
                await asyncio.wait(background, return_when=asyncio.FIRST_COMPLETED)
            for task in background:  # what spoke over stdio is over
                task.cancel()


def _told(plan: Plan, settings: WyomingSettings) -> contextlib.AbstractAsyncContextManager[None]:
    if not settings.announce:
        return contextlib.nullcontext()
    return announced(settings.name, plan.services.items())


def _doorstep(path: Path, stack: contextlib.ExitStack) -> Doorstep:
    step = Doorstep(path, handed_over(path.stem, os.environ))
    stack.callback(step.close)
    return step


def _warn_of_nobody(places: Iterable[Address], settings: WyomingSettings) -> None:
    """Say where a service is open to the network and nobody there may connect."""
    outside = [at for at in places if at.kind == "tcp" and not _is_loopback(at.host)]
    if outside and all(_is_loopback(peer.split("/", 1)[0]) for peer in settings.peers):
        log.warning("wyoming.peers: only this machine may connect; add Home Assistant's address")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""`sotto wyoming`: services for Home Assistant's voice protocol, in a process with a network."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from assistant import logs, memory, state
from assistant.agreed import Agreed
from assistant.commands import options
from assistant.errors import AssistantError, SettingsError
from assistant.serving import Serving
from assistant.settings import Settings
from assistant.supervised import Supervisor
from plugins.wyoming.make import KINDS, Plan, plan, serve
from policies.load import Policies

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--service", choices=KINDS, help="this one only, whatever the settings say")
    parser.add_argument(
        "--uri", help="and here: tcp://ADDRESS:PORT, unix:///PATH or stdio:// (needs --service)"
    )
    options.add_recognizer(parser)
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; both are the usual way to end it."""
    supervisor = Supervisor(os.environ)
    memory.few_heaps()
    settings = _narrowed(parsed, options.apply(parsed, settings))
    opened = plan(settings.wyoming)
    home = state.directory(parsed.state)
    agreed = Agreed(Policies(settings.policies.files), home, location=settings.home.area)
    with contextlib.ExitStack() as stack:
        serving = Serving(settings, agreed, home, stack)
        services = serving.services(opened.services)
        serves = partial(serve, opened, services, settings.wyoming, home)
        asyncio.run(_until_told(serves, serving, opened, agreed, supervisor))
    return 0


def _narrowed(parsed: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the one service that the command line names."""
    if parsed.service is None:
        if parsed.uri is not None:
            raise SettingsError("--uri: say which service is there, such as --service asr")
        return settings
    uri = parsed.uri or getattr(settings.wyoming, parsed.service)
    if uri is None:
        raise SettingsError(f"--service {parsed.service}: say where, with --uri")
    none = dict.fromkeys((*KINDS, "microphone"))
    wyoming = settings.wyoming.model_copy(update={**none, parsed.service: uri})
    return settings.model_copy(update={"wyoming": wyoming})


async def _until_told(
    serves: Callable[[asyncio.Event], Awaitable[None]],
    serving: Serving,
    opened: Plan,
    agreed: Agreed,
    supervisor: Supervisor,
) -> None:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    logs.mind_loop(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reloads(agreed.reload))
    watching = asyncio.create_task(agreed.watch())
    ready = asyncio.Event()
    telling = asyncio.create_task(_tell(ready, supervisor, opened))
    try:
        with contextlib.suppress(asyncio.CancelledError):
            async with serving.beside:
                await serves(ready)
    except* AssistantError as errors:
        raise _first(errors) from None
    finally:
        supervisor.stopping()
        watching.cancel()
        telling.cancel()
    log.info("wyoming: closed")


async def _tell(ready: asyncio.Event, supervisor: Supervisor, opened: Plan) -> None:
    await ready.wait()
    supervisor.ready(f"serves {', '.join(opened.services) or 'a microphone elsewhere'}")


def _first(errors: BaseExceptionGroup[AssistantError]) -> AssistantError:
    """The first error of a group, however deep: one reason is enough."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, AssistantError)
    return error

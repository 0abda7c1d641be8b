"""`sotto run`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Mapping
from functools import partial
from typing import Any

from assistant import build, memory, state
from assistant.agreed import Agreed
from assistant.commands import control, data, keys, options, printing
from assistant.runtime import Assistant
from assistant.settings import Settings
from pipeline.ports import Source
from storage.store import Store

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    options.add_recognizer(parser)
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Listen until SIGINT or SIGTERM; both are the usual way to end it."""
    memory.few_heaps()
    settings = options.apply(parsed, settings)
    report = printing.reporter(as_json=parsed.json)
    directory = state.directory(parsed.state)
    with build.agreement(settings, directory, always=True) as under:
        assistant = build.assistant(
            settings, state=directory, report=report, wake=True, speak=True, under=under
        )
        microphone = build.microphone(settings)
        phrases = ", ".join(phrase.phrase for phrase in settings.wake.phrases)
        log.info("listening for %s", phrases)
        assert under.store is not None
        with control.Control(directory, partial(_answer, under.store)):
            asyncio.run(_until_told(assistant, microphone, under.agreed))
    return 0


async def _until_told(assistant: Assistant, microphone: Source, agreed: Agreed) -> None:
    """Listen; a signal ends the listening, and everything is let go of in order."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, agreed.reload)
    watching = asyncio.create_task(agreed.watch())
    with contextlib.suppress(asyncio.CancelledError):
        try:
            async with assistant:
                await assistant.listen(microphone)
        finally:
            watching.cancel()
    log.info("stopped")


def _answer(store: Store, request: Mapping[str, Any]) -> int:
    """Do what `sotto data` or `sotto keys status` asks of the store that is open here."""
    answer = {"data": data.answer, "keys": keys.answer}[request["command"]]
    return answer(store, request)

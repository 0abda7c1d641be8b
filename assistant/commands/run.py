"""`sotto run`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal

from assistant import build, state
from assistant.commands import options, printing
from assistant.runtime import Assistant
from assistant.settings import Settings
from pipeline.ports import Source

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    options.add_recognizer(parser)
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Listen until SIGINT or SIGTERM; both are the usual way to end it."""
    settings = options.apply(parsed, settings)
    report = printing.reporter(as_json=parsed.json)
    assistant = build.assistant(
        settings, state=state.directory(parsed.state), report=report, wake=True, speak=True
    )
    microphone = build.microphone(settings)
    log.info("listening for %s", ", ".join(phrase.phrase for phrase in settings.wake.phrases))
    asyncio.run(_until_told(assistant, microphone))
    return 0


async def _until_told(assistant: Assistant, microphone: Source) -> None:
    """Listen; a signal ends the listening, and everything is let go of in order."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await assistant.listen(microphone)
    log.info("stopped")

"""`sotto run`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping
from functools import partial
from typing import Any

from assistant import build, logs, memory, quiet, state
from assistant.agreed import Agreed
from assistant.beside import Beside
from assistant.commands import control, data, hush, keys, listen_again, options, pin, printing
from assistant.observe.watch import Watch
from assistant.presenting import presenting
from assistant.runtime import Assistant
from assistant.settings import Settings
from assistant.supervised import Supervisor
from assistant.watched import Watched
from pipeline.ports import Source

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    options.add_recognizer(parser)
    options.add_home(parser)


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Listen until SIGINT or SIGTERM; both are the usual way to end it."""
    supervisor = Supervisor(os.environ)
    memory.few_heaps()
    settings = options.apply(parsed, settings)
    quiet.say_if_not(os.environ)
    directory = state.directory(parsed.state)
    watch = Watch(settings.observe, directory)
    report = watch.reporter(printing.reporter(as_json=parsed.json))
    with build.agreement(settings, directory, always=True) as under:
        shows = presenting(settings, directory, under, watch.state)
        report = report if shows is None else shows.reporter(report)
        assistant = build.assistant(
            settings,
            state=directory,
            report=report,
            wake=True,
            speak=True,
            under=under,
            meter=watch.meter,
        )
        if shows is not None:
            shows.forget_talk = assistant.forget_talk
        waits = supervisor.waits if supervisor.is_there else None
        microphone = build.microphone(
            settings, directory, waits, partial(under.is_stopped, "listening")
        )
        watch.follow(under, microphone, assistant)
        phrases = ", ".join(phrase.phrase for phrase in settings.wake.phrases)
        log.info("listening for %s", phrases)
        watched = Watched(watch.meter.measured(microphone), supervisor, f"listening for {phrases}")
        assert under.store is not None
        assert under.pause is not None
        answers: dict[str, control.Answer] = {
            "data": partial(data.answer, under.store),
            "keys": partial(keys.answer, under.store),
            "pin": partial(pin.answer, under.store),
            "listen-again": partial(listen_again.answer, under.pause),
            "hush": partial(hush.answer, assistant.hush),
            "status": watch.answer,
            "metrics": watch.answer_metrics,
        }
        with control.Control(directory, partial(_answer, answers)):
            beside = Beside(shows, watch)
            asyncio.run(_until_told(assistant, watched, under.agreed, supervisor, beside))
    return 0


async def _until_told(
    assistant: Assistant,
    microphone: Source,
    agreed: Agreed,
    supervisor: Supervisor,
    beside: Beside,
) -> None:
    """Listen; a signal ends the listening, and everything is let go of in order."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    logs.mind_loop(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reloads(agreed.reload))
    watching = asyncio.create_task(agreed.watch())
    with contextlib.suppress(asyncio.CancelledError):
        try:
            async with assistant, beside:
                await assistant.listen(microphone)
        finally:
            supervisor.stopping()
            watching.cancel()
    log.info("stopped")


def _answer(answers: Mapping[str, control.Answer], request: Mapping[str, Any]) -> int:
    """Do what another process asks of the daemon."""
    return answers[request["command"]](request)

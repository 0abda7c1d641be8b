"""`sotto status`: how the daemon is, once or as a live view."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant import state
from assistant.commands import control
from assistant.settings import Settings

WELL, WRONG, NOT_RUNNING, DEAF = 0, 1, 3, 4
EVERY = 0.2
"""Seconds between two looks of the live view."""
WIDTH = 30
"""Columns of a meter."""
_QUIETEST = -60.0
"""Decibels at the left end of the level meter."""
_BEGIN, _AGAIN, _END = "\x1b[?25l\x1b[2J", "\x1b[H", "\x1b[?25h"
_MOODS = {
    "idle": "waits for the wake word",
    "listening": "listens",
    "thinking": "thinks",
    "speaking": "speaks",
    "muted": "muted: it hears nobody",
    "error": "something failed",
}
_MUTES = {
    "switch": "the mute switch is on",
    "pause": "somebody said so; `sotto listen-again` ends it",
    "policy": "the policy says so",
}
_ALARMS = {
    "microphone": "there is no microphone; see `sotto check`",
    "stalled": "the microphone gives no sound",
    "silent": "the microphone gives only zeros; is it muted?",
    "switch": "the mute switch can't be read, so nobody is heard",
    "policy": "the policy files can't be used; see `sotto policy check`",
    "consents": "the record of consents can't be used",
    "store": "what may be kept can't be; see `sotto data verify`",
    "audit": "the audit log can't be written; see `sotto audit verify`",
    "door": "nothing can leave; see docs/door.md",
    "disk": "the disk is full",
    "memory": "memory runs out",
    "temperature": "it is too hot, and slows down",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--watch", action="store_true", help="a live view, until interrupted")


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Show it. 0: it listens; 1: something is wrong; 3: it does not run; 4: it hears nobody."""
    directory = state.directory(parsed.state)
    if parsed.watch:
        return _watch(directory, as_json=parsed.json)
    now = ask(directory)
    if parsed.json:
        print(json.dumps(now or {"mood": None}))
    elif now is None:
        print(f"{directory}: no `sotto run` runs here")
    else:
        print("\n".join(lines(now)))
    return code(now)


def ask(directory: Path) -> Mapping[str, Any] | None:
    """What the daemon says; None: it does not run, or does not answer."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        status = control.ask(directory, {"command": "status"})
    if status != 0:
        return None
    answer: Mapping[str, Any] = json.loads(said.getvalue())
    return answer


def code(now: Mapping[str, Any] | None) -> int:
    """The exit status for it."""
    if now is None:
        return NOT_RUNNING
    if now["alarms"]:
        return WRONG
    return DEAF if now["muted_by"] else WELL


def lines(now: Mapping[str, Any]) -> Iterator[str]:
    """The view, a line each."""
    today, counts = now["today"], now["counts"]
    yield f"  state     {_MOODS[now['mood']]}"
    for by in now["muted_by"]:
        yield f"            {_MUTES[by]}"
    share = (now["level"] - _QUIETEST) / -_QUIETEST
    yield f"  level     {_bar(share)} {now['level']:6.1f} dB"
    yield f"  wake      {_bar(now['wake_score'])} {now['wake_score']:6.2f}"
    yield f"  intent    {now['last_intent'] or 'none yet'}"
    yield (
        f"  today     {today.get('utterances', 0)} utterances, {today.get('kept', 0)} kept, "
        f"{today.get('sent', 0)} sent"
    )
    lost = f"{counts.get('dropped', 0)} utterances, {counts.get('late', 0)} frames"
    yield f"  dropped   {lost}; {counts.get('gap', 0)} gaps, {counts.get('failed', 0)} failed"
    heat = "" if now["celsius"] is None else f", {now['celsius']:.0f} degrees"
    used = f"{now['mebibytes']} MiB, {now['cpu'] * 100:.0f} % of a core{heat}"
    yield f"  uses      {used}; up {_duration(now['uptime'])}"
    for alarm in now["alarms"]:
        yield f"  alarm     {_ALARMS[alarm]}"


def _watch(directory: Path, *, as_json: bool) -> int:
    """Look again and again; the exit status is that of the last look."""
    is_view = sys.stdout.isatty() and not as_json
    now = None
    try:
        print(_BEGIN if is_view else "", end="")
        while (now := ask(directory)) is not None:
            if as_json:
                print(json.dumps(now), flush=True)
            else:
                shown = "".join(
                    f"{line}\x1b[K\n" if is_view else f"{line}\n" for line in lines(now)
                )
                print(f"{_AGAIN}{shown}\x1b[J" if is_view else shown, end="", flush=True)
            time.sleep(EVERY)
        print(f"{directory}: no `sotto run` runs here")
    except KeyboardInterrupt:
        pass
    finally:
        print(_END if is_view else "", end="", flush=True)
    return code(now)


def _bar(share: float) -> str:
    filled = round(min(1.0, max(0.0, share)) * WIDTH)
    return f"[{'#' * filled}{' ' * (WIDTH - filled)}]"


def _duration(seconds: int) -> str:
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"

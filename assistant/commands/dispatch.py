"""The arguments of every command, and the errors that end one."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from assistant import logs, quiet, settings_file
from assistant.commands.options import add_common, spread
from assistant.errors import AssistantError, KeyslotError, SettingsError, StateError, outline

COMMANDS = {
    "run": "listen to the microphone and act (the daemon, in the foreground)",
    "replay": "send recordings through the very same pipeline",
    "demo": "the main job, on recordings that ship with Sotto",
    "listen": "one utterance from the microphone, without a wake word",
    "listen-again": "hear again, where somebody said to stop listening",
    "hush": "end what it says or rings now, like a wake word does",
    "parse": "what a text would mean, without a recording",
    "redact": "stdin with what is private taken out, or what of it could leave",
    "policy": "what may be done, kept and shared: check it, explain it, give and withdraw consent",
    "audit": "what was decided, kept, read, released and deleted, and that it is all there",
    "data": "what is kept: see it, take it along, have it forgotten, prove that it is gone",
    "keys": "the keys of what is kept: how they are, a new master key, a copy on paper",
    "pin": "the PIN that confirms risky acts: set it, see how it is",
    "setup": "five questions, each answer tried live, and the settings file they make",
    "check": "what works here, what is missing and how to get it",
    "skills": "what it can do: list, write and test skills",
    "door": "publish what is released to an MQTT broker: the only process with a network",
    "wyoming": "speech to text, wake words, intents or a microphone for Home Assistant",
    "models": "list, fetch and find Whisper models",
    "status": "how the daemon is: what it does, kept and sent, what is wrong; --watch: live",
    "metrics": "the same as numbers, in Prometheus' format",
    "help": "what the documents say: sotto help TOPIC",
    "faults": "break real processes on purpose, and see that they get well again",
    "bench": "measure it on your own recordings",
}
FAILED = 1
MISUSED = 2


def run(arguments: Sequence[str], loaded: Callable[[], None] = lambda: None) -> int:
    """Run the command that the arguments name; `loaded` is called before it begins."""
    try:
        words = spread(list(arguments), "--sentences", (".yaml", ".yml"))
        parsed = _parser(words).parse_args(words)
        level = parsed.log_level or ("info" if parsed.command in ("run", "wyoming") else "warning")
        logs.set_up(level, parsed.log_format)
        command = importlib.import_module(_module(parsed.command))
        loaded()
        path = parsed.config or settings_file.find()
        if parsed.command == "setup" and path is not None and not path.exists():
            path = None  # it is about to be made
        settings = settings_file.load(path)
        quiet.close_up()
        with logs.guarded() if _is_daemon(parsed) else contextlib.nullcontext():
            status: int = command.run(parsed, settings)
        sys.stdout.flush()
        return status
    except (SettingsError, StateError, KeyslotError) as error:
        return _say(str(error), MISUSED)
    except AssistantError as error:
        return _say(str(error), FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _say("the reader of my output went away", FAILED)
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or outline(error)}", FAILED)
    except (Exception, SystemExit) as error:  # a bug of ours: its text may quote speech
        if isinstance(error, SystemExit) and not isinstance(error.code, str):
            raise
        return _say(f"a fault of Sotto's own, please report it: {outline(error)}", FAILED)


def _module(command: str) -> str:
    return f"assistant.commands.{command.replace('-', '_')}"


def _is_daemon(parsed: argparse.Namespace) -> bool:
    """Whether it runs for long and has nothing to print but events; `stdio:` is a conversation."""
    if parsed.command == "wyoming":
        return not str(parsed.uri).startswith("stdio:")
    return parsed.command in ("run", "door")


def _say(message: str, status: int) -> int:
    print(f"sotto: {message}", file=sys.stderr)
    return status


def whole_parser() -> argparse.ArgumentParser:
    """The parser with the options of every command."""
    return _parser(tuple(COMMANDS))


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser, with the options of the one command that is asked for."""
    parser = argparse.ArgumentParser(
        prog="sotto", description="A voice assistant that keeps what is said at home."
    )
    parser.add_argument("--version", action="version", version=f"sotto {version('sotto-voice')}")
    add_common(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = {word for word in arguments if word in COMMANDS}
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        add_common(sub, top=False)
        if name in asked:
            importlib.import_module(_module(name)).add_arguments(sub)
    return parser

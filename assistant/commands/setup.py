"""`sotto setup`: five questions, each answer tried live, and the settings file they make."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from assistant import settings_file, state, strictyaml
from assistant.commands import setup_home, setup_steps, setup_trials
from assistant.commands.setup_steps import Changes, Choice, Question, changed
from assistant.commands.setup_talk import Talk
from assistant.errors import AssistantError, SettingsError, outline
from assistant.settings import Settings

AFTER_FAILURE = ("try it again", "choose another answer", "keep it as it is")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--untried", action="store_true", help="write what is chosen without trying it"
    )


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Ask, try, write; 1 where something that was kept does not work."""
    logging.disable(logging.WARNING)  # what fails is said in the line of its question
    path = parsed.config or settings_file.find() or _usual()
    made = Setup(settings, Talk(), try_them=not parsed.untried)
    made.talk.say(f"Five questions; what you choose is written to {path}.")
    directory = state.directory(parsed.state)
    made.step("microphone", setup_steps.microphone, setup_trials.microphone)
    made.step("wake word", setup_steps.wake, setup_trials.wake)
    made.step(
        "recognizer",
        lambda: setup_steps.recognizer(directory),
        lambda chosen: setup_trials.recognizer(chosen, directory),
    )
    made.step("Home Assistant", lambda: setup_home.question(path.parent), setup_home.trial)
    made.step("policy", lambda: setup_steps.policy(path.parent), setup_trials.policy)
    write(path, made.changes)
    made.talk.say(f"\nwrote {path}; `sotto check` looks at all of it, `sotto run` begins")
    if made.broken:
        made.talk.say(f"does not work yet: {', '.join(made.broken)}")
    return 1 if made.broken else 0


class Setup:
    """What was chosen so far."""

    def __init__(self, settings: Settings, talk: Talk, *, try_them: bool) -> None:
        self.talk = talk
        self.changes: dict[str, Any] = {}
        self.broken: list[str] = []
        """The parts that did not work when they were tried."""
        self._settings = settings
        self._try_them = try_them

    def step(
        self, part: str, question: Callable[[], Question], trial: Callable[[Settings], str]
    ) -> None:
        """Ask one question until its answer works, or is kept all the same."""
        try:
            asked = question()
        except AssistantError as error:
            self.talk.say(f"\n{error}")
            self.broken.append(part)
            return
        choice = self._choose(asked)
        while True:
            fault = self._take(choice, trial)
            if fault is None:
                return
            self.talk.say(f"  it does not work: {fault}")
            default = 2 if self.talk.is_over else 0
            after = self.talk.choose("Now what?", AFTER_FAILURE, default)
            if after == 1:
                choice = self._choose(asked)
            elif after == 2:
                self.broken.append(part)
                return

    def _choose(self, question: Question) -> Choice:
        texts = [choice.text for choice in question.choices]
        return question.choices[self.talk.choose(question.text, texts)]

    def _take(self, choice: Choice, trial: Callable[[Settings], str]) -> str | None:
        """Set it and try it; why it does not work, or None."""
        try:
            changes = choice.change(self.talk)
            self._settings = changed(self._settings, changes)
            self._remember(changes)
            if self._try_them:
                self.talk.say(f"  {trial(self._settings)}")
        except ValidationError as error:
            return f"not a setting: {error.errors()[0]['msg'].lower()}"
        except AssistantError as error:
            return str(error)
        except Exception as error:  # a trial says what is wrong, whatever it is
            return outline(error)
        return None

    def _remember(self, changes: Changes) -> None:
        for section, keys in changes.items():
            self.changes.setdefault(section, {}).update(keys)


def write(path: Path, changes: Changes) -> None:
    """Write the settings, over those that are there; the file before is kept beside it.

    Raises SettingsError where it can't be written.
    """
    values: dict[str, Any] = {}
    try:
        if path.is_file():
            values = dict(strictyaml.load(path, SettingsError).values or {})
            path.with_name(path.name + ".before").write_bytes(path.read_bytes())
        for section, keys in changes.items():
            values[section] = {**(values.get(section) or {}), **keys}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "# Made by `sotto setup`; `sotto help settings` shows every key.\n"
        text += yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; choose another with --config") from None
    settings_file.load(path)


def _usual() -> Path:
    """Where settings go that are nowhere yet: the machine's for root, else one's own."""
    return Path(settings_file.PLACES[0 if os.geteuid() else 1]).expanduser()

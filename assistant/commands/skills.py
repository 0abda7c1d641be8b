"""`sotto skills`: what Sotto can do, and what a skill needs to be written and checked."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from assistant.commands import options, skills_new, skills_test
from assistant.commands.skills_found import Everything, asked, everything, said, wanted
from assistant.settings import Settings
from plugins.catalogue import Installed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _action(actions, "list", "every skill, what is left out and why")
    info = _action(actions, "info", "what one skill answers, and what it may see and do")
    info.add_argument("skill", help="its name; or a .py or .yaml file, or a project's directory")
    new = _action(actions, "new", "write a package with a skill in it that works")
    new.add_argument("name", help="small letters, digits, - and _")
    new.add_argument(
        "--directory", type=Path, metavar="DIR", help="where it is written (default: ./NAME)"
    )
    test = _action(actions, "test", "say a skill's sentences, and see whether it is meant")
    test.add_argument("skill", help="its name; or a .py or .yaml file, or a project's directory")
    test.add_argument("--say", action="append", default=[], metavar="TEXT", help="say this, too")
    test.add_argument(
        "--audio", action="append", default=[], type=Path, metavar="FILE",
        help="hear this recording of a command, too (without a wake word)",
    )  # fmt: skip
    options.add_recognizer(test)
    check = _action(actions, "install-check", "whether a skill can be installed, and what it asks")
    check.add_argument("skill", help="its name; or a .py or .yaml file, or a project's directory")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=summary.capitalize() + ".")
    options.add_home(parser)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    parser.add_argument(
        "--state", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="where caches are kept"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="settings file"
    )
    return parser


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Do what was asked."""
    if parsed.action == "new":
        return skills_new.run(parsed)
    settings = options.apply(parsed, settings)
    found = everything(settings)
    if parsed.action == "list":
        return _list(found, as_json=parsed.json)
    skill = wanted(parsed.skill, found)
    if parsed.action == "info":
        return _info(skill, as_json=parsed.json)
    if parsed.action == "test":
        return skills_test.test(skill, parsed, settings, found)
    return skills_test.install_check(skill, parsed, settings, found)


def _list(found: Everything, *, as_json: bool) -> int:
    catalogue = found.catalogue
    if as_json:
        skills = [_fields(skill) for skill in (*found.built_in, *catalogue.skills)]
        print(json.dumps({"skills": skills, "left_out": catalogue.problems,
                          "clashes": catalogue.clashes}))  # fmt: skip
        return 0
    for skill in (*found.built_in, *catalogue.skills):
        print(f"{skill.skill.name:<20}{_count(len(skill.intents)):<12}{skill.source}")
    for label, lines in (("left out", catalogue.problems), ("clash", catalogue.clashes)):
        for line in lines:
            print(f"{label:<20}{line}")
    return 0


def _info(skill: Installed, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_fields(skill)))
        return 0
    print(f"{skill.skill.name} ({skill.source})")
    for label, text in asked(skill):
        print(f"  {label:<12}{text}")
    for intent, sentences in said(skill).items():
        print(f"  {intent}")
        for sentence in sentences:
            print(f"    {sentence}")
    return 0


def _fields(skill: Installed) -> dict[str, object]:
    manifest = {
        key: value
        for key, value in asdict(skill.skill).items()
        if key in ("name", "opens", "hosts", "storage", "timeout")
    }
    if skill.cloud is not None:
        manifest = {
            "name": skill.skill.name,
            "destination": skill.cloud.destination,
            "fallback": skill.cloud.fallback,
        }
    return {**manifest, "kind": skill.kind, "source": skill.source, "intents": said(skill)}


def _count(intents: int) -> str:
    return f"{intents} intent{'' if intents == 1 else 's'}"

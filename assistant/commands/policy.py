"""`sotto policy`: check and explain what was agreed, and give or withdraw consent."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant import state
from assistant.agreed import Agreed
from assistant.commands import consent
from assistant.commands.options import add_common
from assistant.errors import InUseError, SettingsError
from assistant.settings import Settings
from assistant.types import Choice, Number, Placeholder, Slot, Words
from pipeline.sentences import built_in, load_sentences
from pipeline.things import load_things
from plugins.catalogue import catalogue, openers_of
from policies import load
from policies.check import Capacity, Finding, Report, check
from policies.consents import LEDGER, ConsentLedger
from policies.domain import CATEGORIES
from policies.explain import (
    Case,
    Explanation,
    asked,
    explain_act,
    explain_keep,
    explain_opening,
    explain_release,
    purposes_of,
)
from policies.load import Policies
from policies.model import HOUSEHOLD, Policy
from policies.schema import json_schema
from storage.keyslots import NAME as KEYSLOTS
from storage.store import open_store

_MARKS = {"allow": "allowed", "confirm": "needs a yes", "refuse": "refused"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = _action(actions, "check", "prove what the policy can never do, and find its mistakes")
    one.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="policy files or directories, in order (default: those of the settings)",
    )  # fmt: skip
    one = _action(actions, "explain", "why something may be done, sent or kept, or not")
    one.add_argument("intent", nargs="?", help="an intent such as HassGetWeather")
    one.add_argument("--to", metavar="DEST", help="send it to this destination")
    one.add_argument("--keep", metavar="CATEGORY", choices=CATEGORIES, help=", ".join(CATEGORIES))
    one.add_argument("--purpose", help="what it is kept for (default: each that is named)")
    one.add_argument("--subject", default=HOUSEHOLD, help="whose it is (default: household)")
    one.add_argument(
        "--slot", action="append", default=[], metavar="NAME=VALUE",
        help="what was said: a number, '<PERSON>' for a placeholder, 'words:...' for free "
        "speech, else a value of a list (any number of times)",
    )  # fmt: skip
    one.add_argument("--open", metavar="TYPE", help="let a skill (--skill) read such placeholders")
    one.add_argument("--skill", metavar="NAME", help="the skill that --open is about")
    one.add_argument("--at", metavar="MOMENT", help="such as 2026-10-31T18:00 (default: now)")
    consent.add_arguments(_action(actions, "consent", "give, withdraw or list consents"))
    _action(actions, "schema", "the JSON Schema of a policy file, for editors")
    _action(actions, "show", "every rule in force, and the file and line it stands on")


def _action(actions: Any, name: str, summary: str) -> argparse.ArgumentParser:  # noqa: ANN401
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary.capitalize() + "."
    )
    add_common(parser, top=False)
    return parser


def run(parsed: argparse.Namespace, settings: Settings) -> int:
    """Do what is asked; 1 where a check fails or a file can't be used."""
    if parsed.action == "schema":
        print(json.dumps(json_schema(), indent=2))
        return 0
    if parsed.action == "check":
        return _check(parsed, settings)
    policy = load.load(settings.policies.files)
    if parsed.action == "show":
        return _show(policy, as_json=parsed.json)
    directory = state.directory(parsed.state)
    ledger = ConsentLedger(directory / LEDGER)
    if parsed.action == "consent":
        status = consent.run(parsed, policy, ledger)
        if parsed.consent == "withdraw":
            _destroy_withdrawn(directory, settings)
        return status
    case = Case(policy, ledger.current, _moment(parsed.at), settings.home.area, parsed.subject)
    for explanation in _explanations(parsed, settings, case):
        _print_explanation(explanation, as_json=parsed.json)
    return 0


def _destroy_withdrawn(directory: Path, settings: Settings) -> None:
    """Destroy the withdrawn consent's key now; a daemon that holds the store does it itself."""
    if not (directory / KEYSLOTS).exists():
        return
    try:
        with open_store(directory, os.environ) as store:
            Agreed(Policies(settings.policies.files), directory, store=store)
    except InUseError:
        return


def _check(parsed: argparse.Namespace, settings: Settings) -> int:
    start = time.perf_counter()
    policy = load.load(parsed.files or settings.policies.files)
    files = (*built_in(), *load_sentences(settings.home.sentences))
    known = {intent for file in files for intent in file.values["intents"]}
    now = datetime.now().astimezone()
    if parsed.files:
        report = check(policy, now, intents=known)
    else:
        openers = openers_of(catalogue(settings.skills.directory))
        ledger = ConsentLedger(state.directory(parsed.state) / LEDGER)
        report = check(policy, now, ledger.current, known, openers)
    seconds = time.perf_counter() - start
    for line in _json_report(report, seconds) if parsed.json else _report(report, seconds):
        print(line)
    return 0 if report.holds else 1


def _json_report(report: Report, seconds: float) -> Iterator[str]:
    found = [
        {
            "level": finding.level,
            "rule": finding.entry,
            "file": finding.place.file if finding.place else None,
            "line": finding.place.line if finding.place else None,
            "text": finding.text,
        }
        for finding in report.findings
    ]
    yield json.dumps(
        {
            "holds": report.holds,
            "combinations": report.combinations,
            "allowed": report.allowed,
            "sent": report.sent,
            "seconds": round(seconds, 3),
            "findings": found,
            "destinations": [asdict(capacity) for capacity in report.capacities],
        }
    )


def _report(report: Report, seconds: float) -> Iterator[str]:
    for finding in sorted(report.findings, key=lambda finding: finding.level):
        yield _finding_line(finding)
    for capacity in report.capacities:
        yield _capacity_line(capacity)
    yield (
        f"{report.combinations} combinations enumerated in {seconds:.2f} s: "
        f"{report.allowed} allowed, {report.sent} of them leave the device"
    )
    if report.holds:
        yield (
            "holds: no audio and no transcript leaves the device; what is allowed has a purpose "
            "and a retention; no destination learns more than its budget"
        )
    else:
        errors = sum(finding.level == "error" for finding in report.findings)
        yield f"FAILS: {errors} error{'' if errors == 1 else 's'} above"


def _finding_line(finding: Finding) -> str:
    place = f"{finding.place.file}:{finding.place.line}: " if finding.place else ""
    return f"{finding.level:<6}{place}{finding.entry}: {finding.text}"


def _capacity_line(capacity: Capacity) -> str:
    return (
        f"{capacity.destination}: a message carries at most {capacity.message_bits:.1f} bits "
        f"(budget {capacity.message_budget:g}), a day of {capacity.messages} messages "
        f"{capacity.day_bits:.1f} (budget {capacity.day_budget:g})"
    )


def _show(policy: Policy, *, as_json: bool) -> int:
    plain = policy.model_dump(mode="json", exclude={"places"}, exclude_none=True)
    if as_json:
        print(json.dumps({**plain, "places": {key: list(at) for key, at in policy.places.items()}}))
        return 0
    for entry, place in policy.places.items():
        value: Any = plain
        for part in entry.split("."):
            value = value[part]
        print(f"{entry}  ({place.file}:{place.line})\n  {json.dumps(value)}")
    print(f"digest {policy.digest}")
    return 0


def _explanations(
    parsed: argparse.Namespace, settings: Settings, case: Case
) -> Iterator[Explanation]:
    if parsed.keep is not None:
        purposes = (parsed.purpose,) if parsed.purpose else purposes_of(parsed.keep, case.policy)
        for purpose in purposes or ("anything",):
            yield explain_keep(parsed.keep, purpose, case)
        return
    if parsed.open is not None:
        if parsed.skill is None:
            raise SettingsError("say to which skill: --skill NAME")
        yield explain_opening(parsed.skill, parsed.open.strip("<>").upper(), case)
        return
    if parsed.intent is None:
        raise SettingsError("say which intent to explain, or --keep CATEGORY")
    intent = asked(parsed.intent, dict(map(_slot, parsed.slot)))
    if parsed.to is not None:
        yield explain_release(intent, parsed.to, case)
    else:
        yield explain_act(intent, load_things(settings.home.things).entities, case)


def _print_explanation(explanation: Explanation, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(explanation)))
        return
    print(f"{explanation.question}: {_MARKS[explanation.effect]}")
    print(f"  because   {explanation.rule}")
    for line in explanation.because:
        print(f"  looked at {line}")


def _slot(text: str) -> tuple[str, Slot]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise SettingsError("--slot: expected NAME=VALUE")
    if value.startswith("<") and value.endswith(">"):
        return name, Placeholder(f"{value[1:-1]}_1", value[1:-1])
    if value.startswith("words:"):
        return name, Words(value.removeprefix("words:"))
    try:
        return name, Number(float(value))
    except ValueError:
        return name, Choice(value)


def _moment(text: str | None) -> datetime:
    try:
        return (datetime.now() if text is None else datetime.fromisoformat(text)).astimezone()
    except (ValueError, OverflowError):
        raise SettingsError("--at: expected a moment such as 2026-10-31T18:00") from None

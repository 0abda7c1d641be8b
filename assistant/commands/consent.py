"""`sotto policy consent`: gives, withdraws and lists consents."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from assistant.commands.options import add_common
from assistant.errors import SettingsError
from policies.check import lacking
from policies.consents import ConsentLedger, Consents, every_consent
from policies.cover import lapse
from policies.domain import CATEGORIES
from policies.mistakes import what_was_expected
from policies.model import HOME, HOUSEHOLD, Consent, Indication, Policy

_Section = TypeVar("_Section", Consent, Indication)
_OPTIONS = {
    "data_subject": "--subject",
    "personal_data": "--category",
    "purpose": "--purpose",
    "recipient": "--to",
    "valid_from": "--from",
    "valid_until": "--until",
    "days": "--days",
    "hours": "--hours",
    "location": "--place",
    "indicated_by": "--by",
}
"""The option that gives each key of a consent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    actions = parser.add_subparsers(dest="consent", metavar="give|withdraw|list", required=True)
    give = actions.add_parser("give", help="give a consent; its id is used once")
    withdraw = actions.add_parser("withdraw", help="take one back for good, also one of a file")
    every = actions.add_parser("list", help="every consent, and whether it holds now")
    for one in (give, withdraw, every):
        add_common(one, top=False)
    for one in (give, withdraw):
        one.add_argument("id", help="such as ada-samples")
        one.add_argument("--by", metavar="WHO", help="who says so (default: the data's subject)")
        one.add_argument(
            "--how", choices=("command", "spoken", "written"), default="command",
            help="how it was said (default: command)",
        )  # fmt: skip
    give.add_argument("--category", required=True, choices=CATEGORIES, help="which data")
    give.add_argument("--purpose", required=True, help="what for")
    give.add_argument("--subject", default=HOUSEHOLD, help="whose data (default: household)")
    give.add_argument(
        "--to", metavar="DEST", default=HOME, help="who gets it (default: it is kept at home)"
    )
    give.add_argument("--from", dest="first", metavar="WHEN", help="first day, or moment")
    give.add_argument("--until", metavar="WHEN", help="last day, or the moment it ends")
    give.add_argument("--days", metavar="mon,tue,...", help="days of the week")
    give.add_argument("--hours", metavar="HH:MM-HH:MM", help="time of day")
    give.add_argument("--place", metavar="AREA", help="only where the device stands there")


def run(parsed: argparse.Namespace, policy: Policy, ledger: ConsentLedger) -> int:
    """Do what is asked. Raises PolicyError where the ledger can't be used."""
    if parsed.consent == "list":
        return _list(policy, ledger.current, as_json=parsed.json)
    if parsed.consent == "give":
        consent = _given(parsed)
        ledger.give(parsed.id, consent, policy)
        _say(parsed, "given", lacking(consent, policy))
    else:
        owner = every_consent(policy, ledger.current).get(parsed.id)
        by = parsed.by or (owner.data_subject if owner is not None else HOUSEHOLD)
        ledger.withdraw(parsed.id, _indication(parsed, by), policy)
        _say(parsed, "withdrawn", None)
    return 0


def _say(parsed: argparse.Namespace, done: str, note: str | None) -> None:
    if parsed.json:
        print(json.dumps({"id": parsed.id, "done": done, "note": note}))
    else:
        print(f"consent {parsed.id}: {done}" + (f"; note: it {note}" if note else ""))


def _given(parsed: argparse.Namespace) -> Consent:
    fields = {
        "data_subject": parsed.subject,
        "personal_data": parsed.category,
        "purpose": parsed.purpose,
        "recipient": parsed.to,
        "valid_from": parsed.first,
        "valid_until": parsed.until,
        "days": parsed.days.split(",") if parsed.days else [],
        "hours": parsed.hours,
        "location": parsed.place,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    given = _indication(parsed, parsed.by or parsed.subject).model_dump(mode="json")
    return _validated(Consent, {**said, "given": given})


def _indication(parsed: argparse.Namespace, by: str) -> Indication:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    said = {"event_time": now, "indication_method": parsed.how, "indicated_by": by}
    return _validated(Indication, said)


def _validated(model: type[_Section], fields: dict[str, Any]) -> _Section:
    try:
        return model.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        problem = error.errors()[0]
        option = next((_OPTIONS[key] for key in problem["loc"] if key in _OPTIONS), "consent")
        raise SettingsError(f"{option}: expected {what_was_expected(problem)}") from None


def _list(policy: Policy, consents: Consents, *, as_json: bool) -> int:
    now = datetime.now().astimezone()
    for id_, consent in every_consent(policy, consents).items():
        state = lapse(consent, now, consent.location) or "holds"
        place = policy.place("consent", id_)
        source = f"{place.file}:{place.line}" if place is not None else "by command"
        if as_json:
            plain = consent.model_dump(mode="json", exclude_none=True)
            print(json.dumps({"id": id_, "state": state, "source": source, **plain}))
            continue
        to = f" to {consent.recipient}" if consent.recipient != HOME else ""
        what = f"{consent.personal_data} of {consent.data_subject} for {consent.purpose}{to}"
        until = f", until {consent.valid_until.isoformat()}" if consent.valid_until else ""
        print(f"{id_:<24}{state:<18}{what}{until}  ({source})")
    return 0

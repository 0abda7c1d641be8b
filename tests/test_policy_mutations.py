"""A slip of the pen in a policy file is refused with its line, or does what the line says."""

from __future__ import annotations

import difflib
import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from policy_slips import ORIGINALS, PLAIN, every_small_slip, mutants, replanted

from assistant.errors import PolicyError
from assistant.types import Permit, RedactedIntent, Release
from policies.consents import NONE
from policies.decide import keep, release
from policies.domain import CATEGORIES, domain_of, reaches
from policies.load import load, shipped
from policies.model import HOME, Policy, PolicyFile

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
WEEK = [NOW + timedelta(hours=hours) for hours in range(0, 168, 6)]
HOUSEHOLD = load([shipped("household")])
WIDENS = re.compile(
    r"withdrawn|event_time|valid_|days|hours|location|stops|quiet|mute|replaces|types|\d{4}-"
    r"|- (mon|tue|wed|thu|fri|sat|sun|replies|keeping|sharing|gating)"
)
"""Lines that take something back: without them more is allowed, which is what they say."""
SCHEMA = re.compile("words|range|choices|placeholders|step|minimum|maximum|omit")


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("slips") / "mutant.yaml"


@pytest.fixture(scope="module")
def before(path) -> dict[str, set[tuple[str, ...]]]:
    """What each of the originals allows."""
    found = {}
    for name, text in ORIGINALS.items():
        path.write_text(text)
        found[name] = allowed(load([path]))
    return found


def allowed(policy: Policy) -> set[tuple[str, ...]]:
    """Everything that is kept or sent at some moment, as it is decided."""
    given = policy.consent.values()
    purposes = {purpose for by in policy.retention.values() for purpose in by}
    subjects = {one.data_subject for one in given} | {"household", "ada", "ben"}
    places = {None, *(one.location for one in given)}
    kept = {
        (category, purpose, subject, HOME)
        for category, purpose, subject in itertools.product(CATEGORIES, purposes, subjects)
        if policy.retention.get(category, {}).get(purpose)
        and any(
            isinstance(keep(category, purpose, subject, policy, NONE, when, location=place), Permit)
            for when in WEEK
            for place in places
        )
    }
    domain = domain_of(policy, NONE, NOW)
    sent = {
        (domain.intents[i], domain.slots[x], str(domain.values[v]), one.destination)
        for one in reaches(policy, NONE, domain)
        if one.category == "intent" and one.destination != HOME and one.who.any()
        for i, x, v in zip(*one.what.nonzero(), strict=True)
    }
    return kept | sent


def examine(path: Path, name: str, data: bytes, before: set[tuple[str, ...]]) -> None:
    """Read a file with slips in it; what comes of it must be an error with a line, or no more
    than the original and what the changed lines say."""
    path.write_bytes(data)
    try:
        policy = load([path])
    except PolicyError as error:
        text = str(error)
        assert re.match(rf"{re.escape(str(path))}:\d+: ", text), text
        assert text.isprintable()
        assert len(text) < 1000
        return
    assert_nothing_is_overlooked(policy, data.decode("utf-8-sig"))
    assert_nothing_leaves(policy)
    said = "\n".join(changed(name, data.decode()))
    now = allowed(policy)
    for category, purpose, subject, _ in (one for one in now if one[0] in CATEGORIES):
        assert policy.retention[category][purpose].retention_period > timedelta(0)
        assert any(
            (one.personal_data, one.purpose, one.data_subject) == (category, purpose, subject)
            for one in policy.consent.values()
        ), (category, purpose, subject)
    for more in now - before:
        parts = [*more, *re.findall(r"'([^']+)'", more[2])]
        assert (
            any(part and part in said for part in parts)
            or WIDENS.search(said)
            or (more[0] not in CATEGORIES and SCHEMA.search(said))
        ), (more, said)


def assert_nothing_is_overlooked(policy: Policy, text: str) -> None:
    """Every key of the file has come into the model, and no entry of another file gave way."""
    tree = yaml.load(text, yaml.CBaseLoader)
    file = PolicyFile.model_validate_json(yaml_as_json(text))
    assert keys(file.model_dump(mode="json", exclude_unset=True)) == keys(tree)
    if file.extends == "household":
        for entry in HOUSEHOLD.places.keys() - set(file.replaces):
            assert policy.places[entry].file == "household.yaml"


def yaml_as_json(text: str) -> str:
    """The text as the loader gives it to the model."""
    return json.dumps(yaml.load(text, Values))


class Values(yaml.CSafeLoader):
    """Whole numbers, fractions, true, false and null; everything else is text."""


Values.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":merge"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def keys(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): keys(value) for key, value in tree.items()}
    return [keys(value) for value in tree] if isinstance(tree, list) else None


def assert_nothing_leaves(policy: Policy) -> None:
    """Nothing but described intents; a transcript only where text mode was written out."""
    described = {name for name, to in policy.sharing.items() if to.text is not None}
    for one in reaches(policy, NONE, domain_of(policy, NONE, NOW)):
        if one.destination != HOME and one.category != "intent":
            assert not (one.who.any() and one.what.any()) or (
                one.category == "transcript" and one.destination in described
            )


def changed(name: str, text: str) -> list[str]:
    """The lines that are not as they were, by the closer of the original's two forms."""
    sides = (ORIGINALS[name], PLAIN[name])
    differences = [
        [
            line[1:]
            for line in difflib.unified_diff(without_comments(side), without_comments(text), n=0)
            if line[0] in "+-"
        ][2:]
        for side in sides
    ]
    return min(differences, key=len)


def without_comments(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.lstrip().startswith("#")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants() | replanted())
def test_a_slip_is_refused_with_its_line_or_does_what_the_line_says(path, before, mutant):
    name, data = mutant
    examine(path, name, data, before[name])


def test_every_small_slip_is_refused_or_does_what_its_line_says(path, before):
    for data in every_small_slip("traps"):
        examine(path, "traps", data, before["traps"])


def test_the_originals_are_allowed_what_they_say(before):
    assert len(before["household"]) == 1
    assert len([one for one in before["traps"] if one[0] in CATEGORIES]) == 2 + 1
    assert ("Order", "what", "Choice(value='Milk')", "shop") in before["traps"]
    assert ("intent", "history", "household", HOME) in before["family"]


def test_a_release_of_a_policy_has_a_purpose_and_a_retention():
    policy = load([shipped("family")])
    for destination, to in policy.sharing.items():
        assert to.retention_period > timedelta(0)
        for intent in to.intents:
            said = RedactedIntent(1, intent, {})
            cleared = release(said, destination, policy, NONE, NOW, sent_today=0)
            assert isinstance(cleared, Release)
            assert policy.consent[cleared.consent].purpose == to.purpose

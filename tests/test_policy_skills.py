"""What a policy says of skills: what each may open, and which fences may be missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.errors import PolicyError
from assistant.types import Grant, Refusal
from policies.check import check
from policies.decide import open_to, why
from policies.load import load
from tests.cli import here

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str, name: str = "mine.yaml") -> Path:
        path = tmp_path / name
        path.write_text(f"version: 1\n{text}\n")
        return path

    return write


def test_a_skill_may_open_the_types_that_are_named_for_it_and_no_other(write) -> None:  # type: ignore[no-untyped-def]
    policy = load([write("skills: {phone: {opens: [PERSON]}}")])
    assert isinstance(open_to("phone", "PERSON", policy), Grant)
    refused = open_to("phone", "PHONE_NUMBER", policy)
    assert why(refused) == "not opened: PHONE_NUMBER to skill phone (mine.yaml:skills.phone)"
    assert isinstance(open_to("radio", "PERSON", policy), Refusal)
    assert isinstance(open_to("phone", "PERSON", load()), Refusal)
    assert load().sandbox.accepted == ()


def test_an_entry_is_replaced_whole(write) -> None:  # type: ignore[no-untyped-def]
    first = write("skills: {phone: {opens: [PERSON]}}\nsandbox: {accepted: [files]}", "a.yaml")
    second = write("skills: {phone: {opens: [ADDRESS]}}", "b.yaml")
    with pytest.raises(PolicyError, match=r"skills\.phone.*stands in .*a\.yaml:2 too"):
        load([first, second])
    replacing = "replaces: [skills.phone, sandbox.accepted]\nskills: {phone: {opens: [ADDRESS]}}"
    policy = load([first, write(replacing, "b.yaml")])
    assert (policy.skills["phone"].opens, policy.sandbox.accepted) == (("ADDRESS",), ())
    assert policy.source("skills", "phone") == "b.yaml:skills.phone"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("skills: {phone: {opens: []}}", "skills.phone.opens: expected at least one"),
        ("skills: {phone: {opens: all}}", "skills.phone.opens: expected a list"),
        ("skills: {phone: {opens: [person]}}", "skills.phone.opens.0: expected a type"),
        ("skills: {phone: {}}", "skills.phone: expected a key opens"),
        ("skills: {Phone: {opens: [PERSON]}}", "skills.Phone: expected a name"),
        (
            "skills: {phone: {opens: [PERSON], why: so}}",
            "there is no such key; expected one of opens",
        ),
        ("sandbox: {accepted: [everything]}", "sandbox.accepted.0: expected 'system-calls'"),
        ("sandbox: {accepted: [file-names]}", "sandbox.accepted.0: expected 'system-calls'"),
    ],
)
def test_a_slip_is_named_with_its_key(write, text: str, complaint: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PolicyError) as raised:
        load([write(text)])
    assert complaint in str(raised.value)


def test_the_check_finds_what_can_never_be_opened(write) -> None:  # type: ignore[no-untyped-def]
    policy = load(
        [write("skills: {phone: {opens: [PERSON, ADDRESS]}}\nredaction: {types: [ADDRESS]}")]
    )
    report = check(policy, NOON)
    found = [(one.level, one.entry, one.text) for one in report.findings if "skills" in one.entry]
    assert found == [("error", "skills.phone", "contradicts redaction: PERSON is never redacted")]
    notes = check(policy, NOON, openers=("radio",)).findings
    assert ("note", "no skill phone here asks to open anything") in [
        (one.level, one.text) for one in notes
    ]


def test_it_is_explained_and_shown(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write("extends: household\nskills: {phone: {opens: [PERSON]}}")
    config = tmp_path / "settings.yaml"
    config.write_text(f"policies: {{files: ['{path}']}}\n")
    options = ("--config", config, "--state", tmp_path / "state")
    ran = here("policy", "explain", "--open", "<PERSON>", "--skill", "phone", *options)
    assert ran.out.splitlines() == [
        "open PERSON to skill phone: allowed",
        "  because   opened: PERSON to skill phone (mine.yaml:skills.phone)",
        "  looked at mine.yaml:skills.phone: PERSON",
        "  looked at its manifest must ask for it, and name no host",
    ]
    ran = here("policy", "explain", "--open", "PERSON", "--skill", "radio", "--json", *options)
    assert json.loads(ran.out)["effect"] == "refuse"
    assert here("policy", "explain", "--open", "PERSON", *options).status == 2
    assert "skills.phone  (mine.yaml:3)" in here("policy", "show", *options).out
    assert "skills" in json.loads(here("policy", "schema").out)["properties"]

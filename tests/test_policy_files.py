"""Policy files: strict, merged by one rule, and every mistake named with file, line and key."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from assistant.errors import PolicyError
from policies.load import LARGEST, Policies, load, shipped
from policies.model import SHIPPED, Policy
from policies.schema import json_schema

GIVEN = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}"
CONSENT = f"""\
consent:
  samples:
    data_subject: ada
    personal_data: audio
    purpose: improvement
    recipient: home
    {GIVEN}
"""


def kept(says: str, complaint: str) -> tuple[str, str]:
    text = f"retention:\n  audio:\n    x: {{{says}}}"
    return text, f"3: retention.audio.x.{complaint}"


def gate(says: str, complaint: str) -> tuple[str, str]:
    return f"gating: {{rules: {{x: {{{says}}}}}}}", f"1: gating.rules.x.{complaint}"


@pytest.fixture
def write(tmp_path):
    def write_file(text: str, name: str = "mine.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_can_be_read(name):
    policy = load([shipped(name)])
    assert policy.gating.otherwise == "allow"
    assert all(place.line > 1 for place in policy.places.values())


def test_without_a_file_the_household_policy_counts():
    assert load() == load([shipped("household")])


def test_an_empty_policy_allows_nothing():
    policy = Policy()
    assert policy.gating.otherwise == "never"
    assert [*policy.consent, *policy.retention, *policy.sharing] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("consents: {}", "1: consents: there is no such key; expected one of version, extends"),
        (CONSENT + "    recipent: x", "8: consent.samples.recipent: there is no such key"),
        (CONSENT.replace("    purpose: improvement\n", ""), "2: consent.samples: expected a key"),
        (CONSENT.replace("audio", "sound"), "4: consent.samples.personal_data: expected 'audio'"),
        (CONSENT.replace("audio", "timer").replace("home", "cloud"), "2: consent.samples: expected "
         "recipient: home"),
        (CONSENT.replace("ada\n", "Ada\n"), "3: consent.samples.data_subject: expected a name of"),
        (CONSENT.replace("samples", "s12345678"), "2: consent.s12345678: expected a name without"),
        (CONSENT + "    hours: 25:00-26:00", "8: consent.samples.hours: expected a time of day"),
        (CONSENT + "    hours: 08:00-08:00", "8: consent.samples.hours: expected a time of day"),
        (CONSENT + "    days: [monday]", "8: consent.samples.days.0: expected 'mon'"),
        (CONSENT + "    days: [mon, mon]", "2: consent.samples: expected each day once"),
        (CONSENT + "    valid_until: 31.12.2026", "8: consent.samples.valid_until: expected"),
        (CONSENT + "    valid_until: 2026-13-01", "8: consent.samples.valid_until: expected"),
        (
            CONSENT + "    valid_from: 2026-12-02\n    valid_until: 2026-12-01",
            "2: consent.samples: expected valid_from before valid_until",
        ),
        (CONSENT + CONSENT, "8: consent stands here twice"),
        (CONSENT + "    valid_from: 2026-01-01\n    valid_from: 2026-01-01", "9: valid_from"),
        ("retention: {audio: {improvement: {}}}", "1: retention.audio.improvement: expected a key"),
        ("retention: {sound: {}}", "1: retention.sound: expected 'audio'"),
        kept("retention_period: 30", "retention_period: expected an ISO 8601"),
        kept("retention_period: P1Y", "retention_period: expected"),
        kept("retention_period: P0D", "retention_period: expected"),
        kept("retention_period: P9999D", "retention_period: expected"),
        kept("retention_period: P", "retention_period: expected"),
        kept("retention_period: P1D, maximum_count: 1.0", "maximum_count: expected a whole"),
        kept("retention_period: P1D, maximum_count: '9'", "maximum_count: expected a whole"),
        kept("retention_period: P1D, maximum_count: 0", "maximum_count: expected greater"),
        kept("retention_period: P1D, maximum_size: big", "maximum_size: expected a size"),
        ("sharing: {home: {}}", "1: sharing.home: expected a key purpose"),
        ("gating: {otherwise: ask}", "1: gating.otherwise: expected 'allow'"),
        gate("intents: [], confirm: pin", "intents: expected at least one"),
        gate("intents: ['*'], confirm: pin", "intents.0: expected the name"),
        ("redaction: {types: some}", "1: redaction.types: expected all, or a list of types"),
        ("redaction: {words: {PERSON: ada}}", "1: redaction.words.PERSON: expected a list"),
        ("redaction: {words: {person: [ada]}}", "1: redaction.words.person: expected a type"),
        ("redaction: {words: {PERSON: [1]}}", "1: redaction.words.PERSON.0: expected text"),
        ("quiet_hours: {night: {stops: [all]}}", "1: quiet_hours.night.stops.0: expected"),
        ("mute: replies", "1: mute: expected a list"),
        ("mute: [yes]", "1: expected quotes"),
        ("replaces: [gating.rules.locks]", "1: replaces.0: expected an entry of a file before"),
        ("extends: household\nconsent: &all {}\nsharing: *all", "3: YAML aliases"),
        ("extends: nobody", "1: extends: expected 'household'"),
        ("a: 1\n---\nb: 2", "2: more than one document"),
        ("\tmute: []", "1: "),
        ("{" * 60, "1: nested more than"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_key_and_what_was_expected(write, text, complaint):
    path = write(text + "\nversion: 1\n")
    with pytest.raises(PolicyError) as raised:
        load([path])
    assert str(raised.value).startswith(f"{path}:{complaint}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    "yes No on OFF y 010 0o17 0x1f 1_000 1:30 190:20:30 .inf TRUE False 08".split(),
)
def test_what_other_readers_take_for_something_else_needs_quotes(write, value):
    unquoted = write(f"version: 1\nextends: {value}\n")
    with pytest.raises(PolicyError, match="2: expected quotes"):
        load([unquoted])
    key = write(f"version: 1\n{value}: 1\n")
    with pytest.raises(PolicyError, match="2: expected quotes"):
        load([key])
    quoted = write(f"version: 1\nextends: '{value}'\n")
    with pytest.raises(PolicyError, match="2: extends: expected 'household'"):
        load([quoted])


@pytest.mark.parametrize("data", [b"version: 1\nmute: \xff", b"", b"[]", b"- 1", b"just words"])
def test_what_is_no_policy_is_refused(tmp_path, data):
    path = tmp_path / "bad.yaml"
    path.write_bytes(data)
    with pytest.raises(PolicyError, match=rf"^{re.escape(str(path))}:\d+: "):
        load([path])


def test_a_file_without_a_version_is_refused(write):
    with pytest.raises(PolicyError, match=r"mine\.yaml:1: expected a key version"):
        load([write("mute: []\n")])


def test_a_huge_file_is_refused(write):
    with pytest.raises(PolicyError, match="larger than 64 KiB"):
        load([write("version: 1\n" + "#" * LARGEST)])


def test_a_wrong_value_and_a_strange_key_are_not_printed(write):
    path = write('version: 1\nredaction: {words: {"\\u001b[2Jcanary": [a]}}\nmute: canaryvalue\n')
    with pytest.raises(PolicyError) as raised:
        load([path])
    assert "canaryvalue" not in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_a_message_is_short_whatever_stands_in_the_file(write):
    with pytest.raises(PolicyError, match="there is no such key") as raised:
        load([write(f"version: 1\n{'x' * 200}: 1\n")])
    assert len(str(raised.value)) < 800
    with pytest.raises(PolicyError) as raised:
        load([write(f"version: 1\n{'x' * 1000}: 1\n")])
    assert len(str(raised.value)) < 800


def test_a_missing_file_an_empty_directory_and_a_pipe_are_one_line(tmp_path):
    with pytest.raises(PolicyError, match=r"nowhere\.yaml: No such file"):
        load([tmp_path / "nowhere.yaml"])
    with pytest.raises(PolicyError, match=r"expected a \.yaml file"):
        load([tmp_path])
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(PolicyError, match="expected a file"):
        load([tmp_path])


def test_an_entry_stands_in_one_file_only(write):
    first = write(f"version: 1\n{CONSENT}", "a.yaml")
    second = write(f"version: 1\n{CONSENT}", "b.yaml")
    with pytest.raises(PolicyError, match=r"b\.yaml:3: consent\.samples: stands in .*a\.yaml:3"):
        load([first.parent])
    assert load([first]).consent == load([second]).consent


def test_an_entry_is_replaced_or_removed_where_the_file_says_so(write):
    path = write(
        "version: 1\nextends: household\n"
        "replaces: [gating.rules.locks, gating.rules.sirens, consent.counts]\n"
        "gating: {rules: {locks: {intents: [HassTurnOff], domains: [lock], confirm: never}}}\n"
    )
    policy = load([path])
    assert policy.gating.rules["locks"].confirm == "never"
    assert policy.source("gating", "rules", "locks") == "mine.yaml:gating.rules.locks"
    assert policy.source("gating", "rules", "valves") == "household.yaml:gating.rules.valves"
    assert "sirens" not in policy.gating.rules
    assert policy.consent == {}


def test_a_directory_is_read_by_name_and_what_it_extends_once(write, tmp_path):
    write("version: 1\nextends: household\nmute: [replies]\n", "a.yaml")
    write("version: 1\nextends: household\nreplaces: [mute]\nmute: [sharing]\n", "b.yml")
    write("not a policy", "notes.txt")
    policy = load([tmp_path])
    assert policy.mute == ("sharing",)
    assert policy.source("mute") == "b.yml:mute"


def test_rules_are_named_in_a_form_that_fits_the_audit_log(write):
    path = write(f"version: 1\n{CONSENT}", "our house 20261001 ümlaut.yaml")
    source = load([path]).source("consent", "samples")
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.yaml:consent\.samples", source)
    assert not re.search(r"\d{6}", source)
    long = Policy().source("sharing", "a" * 40, "intents", "B" * 64)
    assert long == f"default:sharing.{'a' * 40}.intents"


def test_a_policy_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        load().mute = ("replies",)  # type: ignore[misc]


def test_the_digest_tells_policies_apart_by_what_they_say(write):
    one = load([write("version: 1\nmute: [replies]\n")])
    assert one.digest == load([write("# a comment\nmute: ['replies']\nversion: 1\n")]).digest
    assert one.digest != load([write("version: 1\nmute: [acts]\n")]).digest


def test_the_schema_is_for_editors():
    schema = json_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"consent", "retention", "sharing", "gating"}
    assert "pattern" in str(schema["$defs"]["Retention"]["properties"]["retention_period"])


def test_a_good_edit_takes_effect_and_a_bad_one_keeps_the_old(write):
    path = write("version: 1\nmute: [replies]\n")
    policies = Policies([path])
    assert policies.alarm is None
    assert not policies.changed()

    write("version: 1\nmute: [acts]\n# longer\n")
    assert policies.changed()
    assert policies.reload()
    assert policies.policy.mute == ("acts",)
    assert not policies.changed()

    write("version: 1\nmut: [acts]\n")
    assert policies.changed()
    assert not policies.reload()
    assert policies.policy.mute == ("acts",)
    assert policies.alarm is not None
    assert policies.alarm.startswith(f"{path}:2: mut: ")
    assert "stays" in policies.alarm
    assert not policies.changed()  # until it is edited again

    write("version: 1\nmute: []\n")
    assert policies.changed()
    assert policies.reload()
    assert policies.alarm is None


def test_bad_files_at_the_start_allow_nothing_and_say_so(write, caplog):
    policies = Policies([write("version: 2\n")])
    assert policies.policy == Policy()
    assert policies.alarm is not None
    assert "nothing is allowed" in policies.alarm
    assert "nothing is allowed" in caplog.text


def test_a_file_that_comes_or_goes_is_a_change(write, tmp_path):
    first = write("version: 1\n", "a.yaml")
    policies = Policies([tmp_path])
    write("version: 1\nmute: [acts]\n", "b.yaml")
    assert policies.changed()
    assert policies.reload()
    assert policies.policy.mute == ("acts",)
    first.unlink()
    assert policies.changed()

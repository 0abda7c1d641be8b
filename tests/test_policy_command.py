"""`sotto policy`, as its users type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli import Ran, here, one_line

from policies.load import shipped


@pytest.fixture
def policy(tmp_path):
    """Run `sotto policy` with settings that name some policy files."""

    def run(*arguments: str | Path, files: tuple[Path, ...] = ()) -> Ran:
        settings = tmp_path / "settings.yaml"
        settings.write_text(f"policies: {{files: {json.dumps([str(file) for file in files])}}}\n")
        state = tmp_path / "state"
        return here("policy", *arguments, "--config", settings, "--state", state)

    return run


FAMILY = shipped("family")


def test_check_proves_the_policy_in_force(policy):
    ran = policy("check")
    assert ran.status == 0
    assert "holds: no audio and no transcript leaves the device" in ran.out
    told = policy("check", "--json", files=(FAMILY,)).events
    assert len(told) == 1
    assert told[0]["holds"]
    assert [to["destination"] for to in told[0]["destinations"]] == [
        "weather",
        "boiler-maker",
        "grocer",
    ]
    assert told[0]["findings"][0]["file"] == "family.yaml"


def test_check_fails_with_the_file_and_line_of_what_is_wrong(policy, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nextends: household\n\nsharing:\n  cloud:\n    purpose: all\n"
        "    retention_period: P1D\n"
        "    budget: {bits_per_message: 8, bits_per_day: 80, messages_per_day: 10}\n"
        "    text: {letters: 100}\n"
    )
    ran = policy("check", path)
    assert ran.status == 1
    assert "error mine.yaml:5: sharing.cloud.text: redacted transcripts may leave" in ran.out
    assert "FAILS: 3 errors above" in ran.out


def test_a_name_that_no_sentence_asks_for_is_noted(policy, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nextends: household\n"
        "gating: {rules: {mine: {intents: [HassTurnOf], confirm: pin}}}\n"
    )
    ran = policy("check", path)
    assert ran.status == 0
    assert "note  mine.yaml:3: gating.rules.mine: no sentence here asks for HassTurnOf" in ran.out


def test_a_bad_file_is_one_line(policy, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\nmute: [yes]\n")
    for action in (("check", path), ("show",), ("consent", "list"), ("explain", "--keep", "audio")):
        ran = policy(*action, files=(path,))
        assert ran.status == 1
        assert one_line(ran.err)
        assert f"{path}:2: expected quotes" in ran.err
        assert ran.out == ""


def test_explain_says_what_decided_and_what_was_looked_at(policy):
    ran = policy(
        "explain", "--to", "weather", "HassGetWeather", "--slot", "name=Home", files=(FAMILY,),
    )  # fmt: skip
    assert ran.status == 0
    assert "send HassGetWeather to weather: allowed" in ran.out
    assert "family.yaml:sharing.weather.intents.HassGetWeather" in ran.out
    at_noon = ("--at", "2026-10-14T12:00", "--json")
    told = policy("explain", "HassGetWeather", "--to", "grocer", *at_noon, files=(FAMILY,)).events
    assert told[0]["effect"] == "refuse"
    assert told[0]["rule"].startswith("not shared: HassGetWeather with grocer")
    for slot, effect in (("item=words:two eggs", "allow"), ("item=<PERSON>", "allow"),
                         ("item=<CODE>", "refuse"), ("item=eggs", "refuse"),
                         ("when=2", "refuse")):  # fmt: skip
        asked = ("explain", "HassListAddItem", "--to", "grocer", "--slot", slot)
        told = policy(*asked, "--at", "2026-10-14T12:00", "--json", files=(FAMILY,)).events
        assert told[0]["effect"] == effect, slot


def test_explain_knows_acts_and_what_is_kept(policy):
    ran = policy("explain", "HassTurnOff", "--slot", "domain=lock")
    assert "needs a yes" in ran.out
    assert "household.yaml:gating.rules.locks" in ran.out
    asked = ("explain", "HassTurnOff", "--slot", "domain=lock", "--at", "2026-10-14T23:30")
    assert "family.yaml:gating.rules.night-locks" in policy(*asked, files=(FAMILY,)).out
    told = policy("explain", "--keep", "metric", "--json").events
    assert [(one["question"], one["effect"]) for one in told] == [
        ("keep metric of household for statistics", "allow")
    ]
    assert policy("explain", "--keep", "audio", "--json").events[0]["effect"] == "refuse"


def test_a_consent_is_given_listed_and_withdrawn(policy):
    lab = (shipped("lab"),)
    give = ("consent", "give", "ada-samples", "--subject", "ada", "--category", "audio",
            "--purpose", "improvement", "--days", "mon,tue", "--by", "ada")  # fmt: skip
    ran = policy(*give, files=lab)
    assert (ran.status, ran.out) == (0, "consent ada-samples: given\n")
    keep = ("explain", "--keep", "audio", "--subject", "ada", "--json", "--at")
    told = policy(*keep, "2037-11-02T12:00", files=lab).events  # a Monday
    assert told[0]["effect"] == "allow"
    listed = {one["id"]: one for one in policy("consent", "list", "--json", files=lab).events}
    assert listed["ada-samples"]["source"] == "by command"
    assert listed["ada-samples"]["given"]["indicated_by"] == "ada"
    assert listed["counts"]["source"].startswith("household.yaml:")

    assert policy("consent", "withdraw", "ada-samples", "--json", files=lab).events == [
        {"id": "ada-samples", "done": "withdrawn", "note": None}
    ]
    assert "withdrawn" in policy("consent", "list", files=lab).out
    told = policy(*keep, "2037-11-02T12:00", files=lab).events
    assert told[0]["rule"].startswith("consent ada-samples: withdrawn")
    again = policy(*give, files=lab)
    assert again.status == 1
    assert one_line(again.err)


def test_a_consent_that_allows_nothing_yet_says_so(policy):
    give = ("consent", "give", "x", "--category", "audio", "--purpose", "improvement")
    assert "note: it has no retention: retention.audio.improvement" in policy(*give).out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("consent", "give", "X", "--category", "audio", "--purpose", "p"), "consent: expected"),
        (("consent", "give", "x", "--category", "audio", "--purpose", "P"), "--purpose: expected"),
        (
            ("consent", "give", "x", "--category", "timer", "--purpose", "p", "--to", "cloud"),
            "expected recipient: home, because timer never leaves the device",
        ),
        (
            ("consent", "give", "x", "--category", "audio", "--purpose", "p", "--until", "soon"),
            "--until: expected a date",
        ),
        (
            ("consent", "give", "x", "--category", "audio", "--purpose", "p", "--hours", "9-5"),
            "--hours: expected a time of day",
        ),
        (("consent", "withdraw", "nobody"), "there is none of this id"),
        (("explain",), "say which intent to explain"),
        (("explain", "A", "--slot", "b"), "--slot: expected NAME=VALUE"),
        (("explain", "A", "--at", "noon"), "--at: expected a moment"),
        (("check", "/nowhere/at-all.yaml"), "No such file"),
    ],
)
def test_misuse_is_one_line(policy, arguments, complaint):
    ran = policy(*arguments)
    assert ran.status in (1, 2)
    assert one_line(ran.err), ran.err
    assert complaint in ran.err


def test_the_schema_and_the_rules_in_force_are_printed(policy):
    assert json.loads(policy("schema").out)["title"] == "Sotto policy"
    ran = policy("show", files=(FAMILY,))
    assert "sharing.weather  (family.yaml:" in ran.out
    assert "gating.rules.locks  (household.yaml:" in ran.out
    told = policy("show", "--json").events[0]
    assert told["consent"].keys() == {"counts"}
    assert told["places"]["consent.counts"][0] == "household.yaml"


def test_a_damaged_record_of_consents_is_one_line(policy, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "consents.json").write_text("{")
    for action in (("check",), ("consent", "list"), ("explain", "--keep", "audio")):
        ran = policy(*action)
        assert ran.status == 1
        assert one_line(ran.err)
        assert "damaged" in ran.err

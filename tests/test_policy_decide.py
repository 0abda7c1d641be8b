"""What may be kept, shared and done under a policy, and which rule says so."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from assistant.types import (
    AudioRelease,
    Choice,
    Entity,
    Number,
    Permit,
    Placeholder,
    RedactedIntent,
    RedactedTranscript,
    Refusal,
    Release,
    TextRelease,
    Words,
)
from policies.consents import NONE, UNREADABLE, Consents
from policies.decide import act, keep, release, release_audio, release_text, stops, where, why
from policies.load import load
from policies.model import Consent, Indication, Policy
from policies.share import released_slots

HOUSE = timezone(timedelta(hours=2))
NOON = datetime(2026, 10, 14, 12, 0, tzinfo=HOUSE)  # a Wednesday
GIVEN = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}"
SAMPLES = "personal_data: audio, purpose: improvement"
TO_SHOP = "personal_data: intent, purpose: shopping, recipient: shop"
POLICY = f"""\
version: 1
consent:
  samples: {{data_subject: ada, {SAMPLES}, recipient: home, {GIVEN}}}
  order: {{data_subject: household, {TO_SHOP}, {GIVEN}}}
retention:
  audio: {{improvement: {{retention_period: P14D, maximum_count: 500, maximum_size: 200 MB}}}}
sharing:
  shop:
    purpose: shopping
    retention_period: P30D
    budget: {{bits_per_message: 200, bits_per_day: 4000, messages_per_day: 20}}
    intents:
      Order:
        slots:
          what: {{choices: [Milk, Bread]}}
          many: {{range: {{minimum: 1, maximum: 6, step: 0.5}}}}
          who: {{placeholders: [PERSON]}}
          note: {{words: 12}}
          area: {{omit: true}}
      Hello: {{}}
"""


@pytest.fixture
def policy(tmp_path):
    def read(text: str = "", base: str = POLICY) -> Policy:
        path: Path = tmp_path / "mine.yaml"
        path.write_text(base + text)
        return load([path])

    return read


def order(**slots: object) -> RedactedIntent:
    return RedactedIntent(7, "Order", slots, response="mine")  # type: ignore[arg-type]


def to_shop(policy: Policy, intent: RedactedIntent, moment=NOON, sent_today=0, **more):
    return release(intent, "shop", policy, NONE, moment, sent_today=sent_today, **more)


def test_what_has_a_consent_and_a_retention_is_kept_for_so_long(policy):
    assert keep("audio", "improvement", "ada", policy(), NONE, NOON) == Permit(
        "audio",
        "improvement",
        timedelta(days=14),
        "mine.yaml:retention.audio.improvement",
        "ada",
        "samples",
        500,
        200_000_000,
    )


@pytest.mark.parametrize(
    ("category", "purpose", "subject", "reason"),
    [
        ("transcript", "improvement", "ada", "no retention: transcript for improvement"),
        ("audio", "training", "ada", "no retention: audio for training"),
        ("audio", "improvement", "ben", "no consent: audio of ben for improvement"),
        ("audio", "improvement", "household", "no consent: audio of household for improvement"),
        ("", "", "", "no retention:  for "),
    ],
)
def test_without_both_nothing_is_kept(policy, category, purpose, subject, reason):
    refusal = keep(category, purpose, subject, policy(), NONE, NOON)
    assert refusal == Refusal(reason)
    assert where(refusal).startswith("default:")


def test_the_default_keeps_nothing_but_counts():
    from policies.domain import CATEGORIES

    kept = [
        (category, purpose)
        for category in CATEGORIES
        for purpose in ("statistics", "service", "history", "improvement")
        if isinstance(keep(category, purpose, "household", load(), NONE, NOON), Permit)
    ]
    assert kept == [("metric", "statistics")]


@pytest.mark.parametrize(
    ("window", "moments"),
    [
        ("valid_until: 2026-10-14", {NOON: True, datetime(2026, 10, 15, tzinfo=HOUSE): False}),
        ("valid_from: 2026-10-15", {NOON: False, datetime(2026, 10, 15, tzinfo=HOUSE): True}),
        ("valid_until: 2026-10-14T12:00", {NOON: False, NOON - timedelta(seconds=1): True}),
        ("valid_until: 2026-10-14T10:00Z", {NOON: False, NOON - timedelta(seconds=1): True}),
        ("valid_from: 2026-10-14T10:00:01Z", {NOON: False, NOON + timedelta(seconds=1): True}),
        ("days: [wed]", {NOON: True, NOON + timedelta(days=1): False}),
        ("hours: 12:00-13:00", {NOON: True, NOON + timedelta(hours=1): False}),
        ("hours: 22:00-07:00", {NOON: False, NOON + timedelta(hours=10): True,
                                NOON - timedelta(hours=6): True}),
        # Wednesday's night ends on Thursday morning; Tuesday's is none of it.
        ("days: [wed], hours: 22:00-07:00",
         {NOON + timedelta(hours=18): True, NOON - timedelta(hours=6): False,
          NOON + timedelta(hours=10): True, NOON + timedelta(hours=34): False}),
        ("hours: 00:00-24:00", {NOON: True, NOON.replace(hour=0): True}),
        ("given: {event_time: 2026-10-15, indication_method: spoken, indicated_by: ada}",
         {NOON: False, NOON + timedelta(days=1): True}),
    ],
)  # fmt: skip
def test_a_consent_holds_at_its_time_only(policy, window, moments):
    text = POLICY.replace("recipient: home, ", f"recipient: home, {window}, ")
    if window.startswith("given"):
        text = text.replace(f"}}, {GIVEN}}}", "}}", 1)
    agreed = policy(base=text)
    held = {
        moment: isinstance(keep("audio", "improvement", "ada", agreed, NONE, moment), Permit)
        for moment in moments
    }
    assert held == moments


def test_a_consent_for_a_place_holds_there_only(policy):
    agreed = policy(base=POLICY.replace("recipient: home,", "recipient: home, location: Kitchen,"))
    ask = ("audio", "improvement", "ada", agreed, NONE, NOON)
    assert isinstance(keep(*ask, location="Kitchen"), Permit)
    assert keep(*ask, location="Hall") == Refusal("consent samples: not for this place")
    assert keep(*ask) == Refusal("consent samples: not for this place")


def test_what_was_withdrawn_is_refused_with_the_place_that_says_so(policy):
    said = Indication(event_time=NOON, indication_method="spoken", indicated_by="ada")
    consents = Consents(withdrawn={"samples": said})
    refusal = keep("audio", "improvement", "ada", policy(), consents, NOON)
    assert why(refusal) == "consent samples: withdrawn (mine.yaml:consent.samples)"


def test_a_consent_by_command_counts_and_a_damaged_record_stops_all(policy):
    consent = Consent.model_validate_json(
        '{"data_subject": "ben", "personal_data": "audio", "purpose": "improvement",'
        ' "recipient": "home", "given": {"event_time": "2026-01-01",'
        ' "indication_method": "command", "indicated_by": "ben"}}'
    )
    permit = keep("audio", "improvement", "ben", policy(), Consents({"b": consent}), NOON)
    assert isinstance(permit, Permit)
    assert (permit.consent, permit.subject) == ("b", "ben")
    assert isinstance(keep("audio", "improvement", "ada", policy(), UNREADABLE, NOON), Refusal)


def test_a_moment_without_an_offset_is_refused(policy):
    naive = datetime(2026, 10, 14, 12)
    assert isinstance(keep("audio", "improvement", "ada", policy(), NONE, naive), Refusal)
    assert isinstance(to_shop(policy(), order(), naive), Refusal)
    assert isinstance(act(order(), (), policy(), naive), Refusal)


def test_a_release_holds_what_is_described_and_no_more(policy):
    intent = order(
        what=Choice("Milk"),
        many=Number(1.5),
        who=Placeholder("PERSON_1", "PERSON"),
        note=Words("  Semi  Skimmed"),
        area=Choice("Kitchen"),
    )
    cleared = to_shop(policy(), intent)
    assert isinstance(cleared, Release)
    assert cleared.rule == where(cleared) == "mine.yaml:sharing.shop.intents.Order"
    assert cleared.consent == "order"
    assert released_slots(cleared) == {
        "what": "Milk",
        "many": 1.5,
        "who": "<PERSON>",
        "note": "semi skimmed",
    }
    assert cleared.intent.response == "default"


@pytest.mark.parametrize(
    ("slots", "reason"),
    [
        ({"what": Choice("Beer")}, "not described: the value of slot what"),
        ({"what": Words("Milk")}, "not described: the value of slot what"),
        ({"many": Number(0.5)}, "not described: the value of slot many"),
        ({"many": Number(1.25)}, "not described: the value of slot many"),
        ({"many": Number(6.5)}, "not described: the value of slot many"),
        ({"many": Number(float("nan"))}, "not described: the value of slot many"),
        ({"many": Choice("2")}, "not described: the value of slot many"),
        ({"who": Placeholder("ADDRESS_1", "ADDRESS")}, "not described: the value of slot who"),
        ({"who": Choice("PERSON")}, "not described: the value of slot who"),
        ({"note": Words("x" * 13)}, "not described: the value of slot note"),
        ({"note": Words("for PERSON_1")}, "not described: the value of slot note"),
        ({"note": Words("né")}, "not described: the value of slot note"),
        ({"note": Words("")}, "not described: the value of slot note"),
        ({"colour": Choice("red")}, "not shared: slot colour"),
        ({"what": Choice("Milk"), "colour": Choice("red")}, "not shared: slot colour"),
    ],
)
def test_a_slot_that_is_not_described_stops_the_intent(policy, slots, reason):
    refusal = to_shop(policy(), order(**slots))
    assert refusal == Refusal(reason)
    assert where(refusal) == "mine.yaml:sharing.shop.intents.Order"


def test_nothing_goes_to_whom_or_of_what_nobody_said(policy):
    hello = RedactedIntent(1, "Hello", {})
    assert isinstance(to_shop(policy(), hello), Release)
    other = release(hello, "cloud", policy(), NONE, NOON, sent_today=0)
    assert other == Refusal("no destination: cloud")
    unknown = to_shop(policy(), RedactedIntent(1, "Bye", {}))
    assert unknown == Refusal("not shared: Bye with shop")
    assert to_shop(policy(), hello, subject="ada") == Refusal(
        "no consent: intent of ada for shopping to shop"
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("purpose: shopping", "purpose: heating"), ("recipient: shop", "recipient: home")],
)
def test_a_consent_for_another_purpose_or_recipient_sends_nothing(policy, right, wrong):
    agreed = policy(base=POLICY.replace(TO_SHOP, TO_SHOP.replace(right, wrong)))
    assert to_shop(agreed, order()) == Refusal(
        "no consent: intent of household for shopping to shop"
    )


def test_the_messages_of_a_day_are_counted(policy):
    assert isinstance(to_shop(policy(), order(), sent_today=19), Release)
    assert to_shop(policy(), order(), sent_today=20) == Refusal(
        "budget: shop had its messages of today"
    )


def test_free_speech_waits_for_enough_redaction(policy):
    note = order(note=Words("milk"))
    half = policy("redaction: {types: [PERSON]}\n")
    assert to_shop(half, note) == Refusal("not redacted enough for shop")
    assert isinstance(to_shop(half, order(what=Choice("Milk"))), Release)
    known = policy("redaction: {types: [PERSON, CODE], destinations: {shop: [PERSON]}}\n")
    assert isinstance(to_shop(known, note), Release)


TEXT = """\
    text: {letters: 30, placeholders: [PERSON]}
"""
TO_SHOP_TEXT = TO_SHOP.replace("intent", "transcript")


def test_text_mode_takes_a_consent_for_just_that_destination(policy):
    said = RedactedTranscript(1, "call PERSON_1", (Entity("PERSON", "PERSON_1"),), 0.9)
    ask = lambda policy, text=said: release_text(  # noqa: E731
        text, "shop", policy, NONE, NOON, sent_today=0
    )
    assert isinstance(ask(policy(TEXT)), Refusal)
    agreed = POLICY.replace(
        "retention:\n",
        f"  say: {{data_subject: household, {TO_SHOP_TEXT}, {GIVEN}}}\nretention:\n",
        1,
    )
    assert ask(policy(base=agreed)) == Refusal("not shared: text with shop")
    cleared = ask(policy(TEXT, agreed))
    assert cleared == TextRelease(said, "shop", "mine.yaml:sharing.shop.text", "say")
    for text, types in (("x" * 31, ()), ("caf\u00e9", ()), ("CODE_1", ("CODE",))):
        entities = tuple(Entity(kind, f"{kind}_1") for kind in types)
        refused = ask(policy(TEXT, agreed), RedactedTranscript(1, text, entities, 0.9))
        assert refused == Refusal("not described: the text")


def test_quiet_hours_and_mute_stop_what_they_name(policy):
    agreed = policy("quiet_hours: {noon: {hours: 12:00-13:00, stops: [keeping, replies]}}\n")
    refusal = keep("audio", "improvement", "ada", agreed, NONE, NOON)
    assert why(refusal) == "quiet hours: keeping (mine.yaml:quiet_hours.noon)"
    assert isinstance(to_shop(agreed, order()), Release)
    later = NOON + timedelta(hours=1)
    assert isinstance(keep("audio", "improvement", "ada", agreed, NONE, later), Permit)
    assert stops("replies", agreed, NOON) is not None
    assert stops("replies", agreed, later) is None
    assert stops("listening", agreed, NOON) is None
    muted = policy("mute: [sharing, acts]\n")
    assert why(to_shop(muted, order())) == "muted: sharing (mine.yaml:mute)"
    assert act(order(), (), muted, NOON) == Refusal("muted: acts")


SOUND = (
    POLICY
    + """\
  house:
    purpose: service
    retention_period: P1D
    budget: {bits_per_message: 1, bits_per_day: 1, messages_per_day: 3}
    audio: {seconds: 12}
"""
)
CONSENT = f"{{data_subject: household, personal_data: audio, purpose: service, {GIVEN}"


def with_consent(to: str, more: str = "") -> str:
    line = f"consent:\n  sound: {CONSENT}, recipient: {to}{more}}}\n"
    return SOUND.replace("consent:\n", line, 1)


def sound(policy: Policy, to: str = "house", sent_today: int = 0):
    return release_audio(to, policy, NONE, NOON, sent_today=sent_today)


def test_raw_sound_goes_to_a_destination_that_has_it_under_a_consent_for_it(policy):
    given = sound(policy(base=with_consent("house")))
    assert given == AudioRelease("house", 12, "mine.yaml:sharing.house.audio", "sound")
    assert where(given) == why(given) == "mine.yaml:sharing.house.audio"


@pytest.mark.parametrize(
    ("base", "to", "sent_today", "rule"),
    [
        (SOUND, "house", 0, "no consent: audio of household for service to house"),
        (with_consent("house"), "shop", 0, "no consent: audio of household for shopping to shop"),
        (with_consent("house"), "nobody", 0, "no destination: nobody"),
        (with_consent("house"), "house", 3, "budget: house had its messages of today"),
        (with_consent("house", ", valid_until: 2026-03-01"), "house", 0, "consent sound: outside"),
        (with_consent("house") + "mute: [sharing]\n", "house", 0, "muted: sharing"),
        (
            with_consent("shop").replace("purpose: service, given", "purpose: shopping, given"),
            "shop",
            0,
            "not shared: sound with shop",
        ),
    ],
)
def test_raw_sound_stays_otherwise(policy, base, to, sent_today, rule):
    refused = sound(policy(base=base), to, sent_today)
    assert isinstance(refused, Refusal)
    assert refused.rule.startswith(rule)

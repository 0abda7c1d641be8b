"""Which acts need a yes, and how it is given."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from assistant.types import Choice, Confirm, Grant, RedactedIntent, Refusal
from pipeline.things import Entity as Thing
from policies.decide import act, where
from policies.load import load, shipped
from policies.model import Policy

NOON = datetime(2026, 10, 14, 12, 0, tzinfo=timezone(timedelta(hours=2)))
THINGS = (
    Thing(name="Front Door", domain="lock", attributes={}),
    Thing(name="Alarm", domain="alarm_control_panel", attributes={}),
    Thing(name="Lamp", domain="light", attributes={}),
)


def off(name: str) -> RedactedIntent:
    return RedactedIntent(1, "HassTurnOff", {"name": Choice(name)})


def test_each_rule_says_how_somebody_says_yes():
    family = load([shipped("family")])
    night = NOON + timedelta(hours=12)
    assert act(off("Alarm"), THINGS, family, NOON) == Confirm(
        "risky: alarm_control_panel", by="pin"
    )
    assert act(off("Front Door"), THINGS, family, NOON) == Confirm("risky: lock", by="voice")
    assert act(off("Front Door"), THINGS, family, night) == Refusal("never: lock")
    assert act(off("Lamp"), THINGS, family, night) == Grant("local: HassTurnOff")
    by_night = act(off("Front Door"), THINGS, family, night)
    assert where(by_night) == "family.yaml:gating.rules.night-locks"


def test_strict_does_not_unlock_at_all():
    assert act(off("Front Door"), THINGS, load([shipped("strict")]), NOON) == Refusal("never: lock")


def test_payments_take_a_pin_and_messages_a_yes():
    for intent, by in (("PayBill", "pin"), ("SendMessage", "voice"), ("BuyTicket", "pin")):
        decision = act(RedactedIntent(1, intent, {}), (), load(), NOON)
        assert isinstance(decision, Confirm)
        assert decision.by == by


def test_an_empty_policy_refuses_every_act():
    for intent in (off("Lamp"), RedactedIntent(1, "HassGetCurrentTime", {})):
        assert isinstance(act(intent, THINGS, Policy(), NOON), Refusal)


def test_what_no_rule_names_can_need_a_yes(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\ngating: {otherwise: pin}\n")
    asking = load([path])
    assert act(off("Lamp"), THINGS, asking, NOON) == Confirm("risky: HassTurnOff", by="pin")

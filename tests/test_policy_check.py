"""What a check proves, and that the arrays it proves it with say what the decisions say."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from assistant.errors import PolicyError
from assistant.types import Permit, RedactedIntent, Release
from policies.check import check
from policies.consents import NONE
from policies.decide import keep, release
from policies.domain import CATEGORIES, domain_of, reaches
from policies.load import load, shipped
from policies.model import HOME, SHIPPED
from policies.moments import as_datetime

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
GIVEN = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}"
BUDGET = "budget: {bits_per_message: 9, bits_per_day: 99, messages_per_day: 9}"
SHOP = f"purpose: shopping, retention_period: P1D, {BUDGET}"


@pytest.fixture
def checked(tmp_path):
    def run(text: str, now: datetime = NOW):
        path = tmp_path / "mine.yaml"
        path.write_text("version: 1\n" + text)
        return check(load([path]), now)

    return run


def errors(report) -> list[str]:
    return [f"{one.entry}: {one.text}" for one in report.findings if one.level == "error"]


def consent(name: str, more: str = "", data: str = "audio", to: str = HOME) -> str:
    purpose = "improvement" if to == HOME else "shopping"
    who = "data_subject: household"
    what = f"personal_data: {data}, purpose: {purpose}, recipient: {to}"
    return f"  {name}: {{{who}, {what}, {more} {GIVEN}}}\n"


RETENTION = "retention: {audio: {improvement: {retention_period: P1D}}}\n"


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_holds(name):
    report = check(load([shipped(name)]), NOW)
    assert report.holds, errors(report)
    assert report.combinations > 100
    assert (report.sent > 0) == (name == "family")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_arrays_say_what_the_decisions_say(name):
    """Every combination that is kept or not, and every value that is sent or not."""
    policy = load([shipped(name)])
    domain = domain_of(policy, NONE, NOW)
    moments = [as_datetime(moment, UTC) for moment in domain.moments]
    reached = {(one.category, one.destination): one for one in reaches(policy, NONE, domain)}
    for category in CATEGORIES:
        who = reached[category, HOME].who
        for p, s, t, place in itertools.product(*map(range, who.shape)):
            purpose, subject = domain.purposes[p], domain.subjects[s]
            location = domain.locations[place] or None
            decision = keep(category, purpose, subject, policy, NONE, moments[t], location=location)
            assert isinstance(decision, Permit) == who[p, s, t, place]
    for destination in policy.sharing:
        one = reached["intent", destination]
        purpose = domain.purposes.index(policy.sharing[destination].purpose)
        who = one.who[purpose, domain.subjects.index("household")]
        intents = policy.sharing[destination].intents
        for t, place in itertools.product(*map(range, who.shape)):
            bare = RedactedIntent(1, next(iter(intents)), {})
            location = domain.locations[place] or None
            sent = release(
                bare, destination, policy, NONE, moments[t], sent_today=0, location=location
            )
            assert isinstance(sent, Release) == who[t, place]
        opened = moments[who.any(axis=1).argmax()]
        for i, x, v in itertools.product(*map(range, one.what.shape)):
            value, slot = domain.values[v], domain.slots[x]
            slots = {} if value is None else {slot: value}
            intent = RedactedIntent(1, domain.intents[i], slots)
            cleared = release(intent, destination, policy, NONE, opened, sent_today=0)
            leaves = isinstance(cleared, Release) and cleared.intent.slots.keys() == slots.keys()
            assert leaves == one.what[i, x, v]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"consent:\n{consent('a')}", "consent.a: has no retention: retention.audio.improvement"),
        (
            f"consent:\n{consent('a')}{consent('b')}{RETENTION}",
            "consent.b: is shadowed by a: it never decides",
        ),
        (
            "consent:\n"
            + consent("a", "hours: 08:00-14:00,")
            + consent("b", "hours: 12:00-20:00,")
            + consent("c", "hours: 09:00-19:00,")
            + RETENTION,
            "consent.c: is shadowed by a, b: it never decides",
        ),
        (
            f"consent:\n{consent('a', 'hours: 08:00-09:00,')}{RETENTION}"
            "quiet_hours: {work: {hours: 07:00-10:00, stops: [keeping]}}\n",
            "consent.a: contradicts mute or quiet hours: they cover all of its time",
        ),
        (
            "consent:\n"
            + consent("a", "valid_from: 2026-10-05, valid_until: 2026-10-06, days: [sun],")
            + RETENTION,
            "consent.a: contradicts itself: there is no moment at which it holds",
        ),
        (
            f"consent:\n{consent('a', data='intent', to='shop')}",
            "consent.a: has no destination: sharing.shop",
        ),
        (
            f"consent:\n{consent('a', data='intent', to='shop')}"
            f"sharing: {{shop: {{{SHOP.replace('shopping', 'ads')}, intents: {{Order: {{}}}}}}}}\n",
            "consent.a: contradicts sharing.shop: the purpose there is ads",
        ),
        (
            f"consent:\n{consent('a', data='transcript', to='shop')}"
            f"sharing: {{shop: {{{SHOP}, intents: {{Order: {{}}}}}}}}\n",
            "consent.a: has nothing to send: sharing.shop.text",
        ),
        (f"sharing: {{shop: {{{SHOP}}}}}", "sharing.shop: shares nothing"),
        (
            f"sharing: {{shop: {{{SHOP}, text: {{letters: 1}}}}}}",
            "sharing.shop.text: redacted transcripts may leave the device to shop",
        ),
        (
            f"sharing: {{shop: {{{SHOP}, audio: {{seconds: 9}}}}}}",
            "sharing.shop.audio: raw sound may leave the device to shop",
        ),
        (
            f"consent:\n{consent('a', to='shop').replace('improvement', 'shopping')}"
            f"sharing: {{shop: {{{SHOP}, audio: {{seconds: 9}}}}}}",
            "sharing.shop: audio may leave the device to shop",
        ),
        (
            f"consent:\n{consent('a', to='shop').replace('improvement', 'shopping')}"
            f"sharing: {{shop: {{{SHOP}, intents: {{Order: {{}}}}}}}}\n",
            "consent.a: has nothing to send: sharing.shop.audio",
        ),
        (
            f"sharing: {{shop: {{{SHOP}, intents: {{Say: {{slots: {{it: {{words: 9}}}}}}}}}}}}",
            "sharing.shop.budget: a message can carry 47.6 bits; the budget is 9",
        ),
        (
            f"sharing: {{shop: {{{SHOP}, intents: {{A: {{}}, B: {{}}}}}}}}".replace("99", "3"),
            "sharing.shop.budget: a day can carry 10.0 bits; the budget is 3",
        ),
        (
            f"sharing: {{shop: {{{SHOP}, intents: {{S: {{slots: {{it: {{words: 1}}}}}}}}}}}}\n"
            "redaction: {types: [PERSON]}",
            "sharing.shop.intents.S.slots.it: contradicts redaction: free speech",
        ),
        (
            f"sharing: {{shop: {{{SHOP}, intents: {{S: {{slots: {{it: {{placeholders: [CODE]}}}}"
            "}}}}\nredaction: {types: [PERSON]}",
            "sharing.shop.intents.S.slots.it: contradicts redaction: CODE is never redacted",
        ),
        ("redaction: {destinations: {shop: all}}", "redaction.destinations.shop: has no"),
        (
            "gating: {rules: {a: {intents: [Open], confirm: pin}, b: {intents: [Open], "
            "domains: [lock], confirm: voice}}}",
            "gating.rules.b: is shadowed: stricter or earlier rules cover all of it",
        ),
        (
            "gating: {rules: {a: {intents: [Open], confirm: pin}, b: {intents: [O*], "
            "domains: [lock], confirm: never}}}",
            "gating.rules.b: contradicts gating.rules.a: pin",
        ),
    ],
)
def test_a_fault_is_found(checked, text, error):
    report = checked(text)
    assert not report.holds
    assert any(one.startswith(error) for one in errors(report)), errors(report)
    assert all(one.place is not None for one in report.findings if one.level == "error")


def test_a_transcript_that_may_leave_is_seen_in_the_array(checked):
    text = (
        f"consent:\n{consent('a', data='transcript', to='shop')}"
        f"sharing: {{shop: {{{SHOP}, text: {{letters: 1}}}}}}"
    )
    assert "sharing.shop: transcript may leave the device to shop" in errors(checked(text))


def test_a_stricter_rule_about_a_part_is_no_contradiction(checked):
    report = checked(
        "gating: {rules: {a: {intents: [Open], confirm: voice}, b: {intents: [Open], "
        "domains: [lock], hours: 22:00-06:00, confirm: never}}}"
    )
    assert report.holds, errors(report)


def test_a_rule_that_waits_for_its_consent_is_a_note(checked):
    report = checked(RETENTION)
    assert report.holds
    assert [(one.level, one.entry) for one in report.findings][:1] == [
        ("note", "retention.audio.improvement")
    ]


def test_too_many_moments_are_refused_and_not_endured(checked):
    rules = "".join(
        f"  q{n}: {{hours: {n % 24:02d}:{n % 60:02d}-{(n + 7) % 24:02d}:{(n * 7) % 60:02d}, "
        f"valid_until: {2026 + n % 5}-{1 + n % 12:02d}-{1 + n % 28:02d}, stops: [acts]}}\n"
        for n in range(500)
    )
    with pytest.raises(PolicyError, match="moments to tell apart"):
        checked(f"quiet_hours:\n{rules}")

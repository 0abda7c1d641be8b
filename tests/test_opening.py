"""A skill reads what a placeholder stands for where manifest and policy agree, and not else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.acting import Person, act
from assistant.agreed import Agreed
from assistant.errors import AuditError
from assistant.opening import Opening, purpose_of
from assistant.parts import Parts
from assistant.private import Private
from assistant.skill import Reply, Skill
from assistant.types import Choice, Placeholder, RedactedIntent, Transcript
from pipeline.redact import Originals
from pipeline.redactor import redact_utterance
from plugins.sandbox.known import known
from policies.load import Policies
from storage.store import Store, open_store
from tests.test_runtime import CANARY, CanaryDetector, EchoSkills, FirstWord, grant_all

AGREED = "version: 1\nextends: household\nskills: {phone: {opens: [PERSON]}}\n"
CLOSED = "version: 1\nextends: household\n"
PHONE = Skill("phone", opens={"person": "to place the call"})


def heard(text: str = f"call {CANARY}") -> tuple[str, Originals]:
    redacted, originals = redact_utterance((CanaryDetector(),), Transcript(1, Private(text), 1.0))
    return redacted.text, originals


def wanted(**slots: Any) -> RedactedIntent:
    return RedactedIntent(1, "PlaceCall", {"person": Placeholder("PERSON_1", "PERSON"), **slots})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


@contextmanager
def opening(state: Path, policy: str, *skills: Skill) -> Iterator[tuple[Opening, Store]]:
    path = state.parent / "policy.yaml"
    path.write_text(policy)
    answers = {"PlaceCall": "phone"}
    with open_store(state, {}) as store:
        agreed = Agreed(Policies((path,)), state, store=store)
        yield Opening(skills or (PHONE,), answers, agreed, store), store


def noted(store: Store) -> list[dict[str, str]]:
    return [
        {name: getattr(entry, name) for name in ("actor", "category", "purpose", "intent", "rule")}
        for _, entry in store.audit.entries()
        if entry.kind == "placeholder-opened"
    ]


def test_what_manifest_and_policy_agree_on_is_opened_after_the_audit_log_says_so(
    state: Path,
) -> None:
    _, originals = heard()
    with opening(state, AGREED) as (opens, store):
        assert opens(wanted(), originals) == {"PERSON_1": CANARY}
        assert noted(store) == [
            {
                "actor": "skill.phone",
                "category": "PERSON",
                "purpose": "to-place-the-call",
                "intent": "PlaceCall",
                "rule": "policy.yaml:skills.phone",
            }
        ]
    assert all(CANARY.encode() not in path.read_bytes() for path in state.rglob("*.*"))


@pytest.mark.parametrize(
    ("policy", "skill"),
    [
        (CLOSED, PHONE),
        (AGREED.replace("phone:", "radio:"), PHONE),
        (AGREED.replace("PERSON", "PHONE_NUMBER"), PHONE),
        (AGREED, Skill("phone")),
        (AGREED, Skill("phone", opens={"line": "to place the call"})),
        (AGREED, Skill("phone", opens=PHONE.opens, hosts=("api.example.org",))),
        ("version: 1\nnonsense: [", PHONE),
    ],
    ids=["no rule", "another skill", "another type", "not asked", "another slot", "a host", "bad"],
)
def test_nothing_else_is_opened_or_noted(state: Path, policy: str, skill: Skill) -> None:
    _, originals = heard()
    with opening(state, policy, skill) as (opens, store):
        assert opens(wanted(), originals) == {}
        assert opens(RedactedIntent(1, "Other", wanted().slots), originals) == {}
        assert noted(store) == []


def test_a_slot_that_was_not_redacted_needs_no_opening(state: Path) -> None:
    _, originals = heard()
    with opening(state, AGREED) as (opens, store):
        intent = RedactedIntent(1, "PlaceCall", {"person": Choice("grandma")})
        assert opens(intent, originals) == {}
        assert noted(store) == []


def test_an_audit_log_that_can_not_be_written_opens_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, originals = heard()
    with opening(state, AGREED) as (opens, store):

        def full(*_: object, **__: object) -> object:
            raise AuditError("audit.log: No space left on device")

        monkeypatch.setattr(store.audit, "append_many", full)
        assert opens(wanted(), originals) == {}
        assert "nothing is opened" in caplog.text
        assert CANARY not in caplog.text


def test_without_a_store_nothing_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(AGREED)
    opens = Opening((PHONE,), {"PlaceCall": "phone"}, Agreed(Policies((path,))), None)
    assert opens(wanted(), heard()[1]) == {}


def test_a_reason_fits_the_audit_log() -> None:
    assert purpose_of("To find 123456 Ada's number in your contacts!") == (
        "to-find-ada-s-number-in-your-contacts"
    )
    assert len(purpose_of("x" * 100)) == 40
    assert purpose_of("123") == "unsaid"


def test_the_place_of_a_skills_error_is_one_of_its_own_files_or_is_not_told() -> None:
    origin = "/skills/phone.py"
    assert known("ValueError at phone.py:12", origin) == "ValueError at phone.py:12"
    assert known("TypeError at child.py:129", origin) == "TypeError at child.py:129"
    assert known(f"ValueError at {CANARY}.py:1", origin) == "ValueError at elsewhere"
    assert known("ValueError at phone.py:555010", origin) == "ValueError at elsewhere"
    assert known(f"{CANARY} at phone.py:1", origin) == "an error of its own at phone.py:1"


async def test_what_was_private_is_forgotten_before_a_skill_runs() -> None:
    _, originals = heard()
    seen: list[tuple[int, object]] = []

    class Skills(EchoSkills):
        async def handle(self, intent: RedactedIntent, ask=None, opened=None) -> Reply:  # type: ignore[no-untyped-def]
            seen.append((len(originals), opened))
            return Reply("done")

    def opens(intent: RedactedIntent, originals: Originals) -> dict[str, str]:
        return {"PERSON_1": "it"} if len(originals) else {}

    async def nobody(*_: object) -> Any:
        raise AssertionError

    parts = Parts(tuple, FirstWord(), grant_all, Skills(), opens=opens)
    await act([wanted()], originals, Person(nobody, nobody), parts, lambda _: None, lambda *_: None)
    assert seen == [(0, {"PERSON_1": "it"})]

"""`sotto check` says what was agreed, which skills run, and what could leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.commands import check_beyond
from assistant.commands.check_beyond import beyond
from assistant.settings import DoorSettings, PolicySettings, Settings, SkillsSettings
from plugins.sandbox.report import Right

EXAMPLES = Path(__file__).parent.parent / "examples"
POLICY = """
version: 1
consent:
  rain:
    data_subject: household
    personal_data: intent
    purpose: forecast
    recipient: weather
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}
sharing:
  weather:
    purpose: forecast
    retention_period: PT1H
    budget: {bits_per_message: 6, bits_per_day: 100, messages_per_day: 24}
    intents: {HassGetWeather: {}}
  shop:
    purpose: groceries
    retention_period: PT1H
    budget: {bits_per_message: 6, bits_per_day: 100, messages_per_day: 1}
    intents: {HassGetWeather: {}}
skills: {phone: {opens: [PERSON]}}
"""


def lines(tmp_path: Path, policy: str = POLICY, **more: object) -> dict[str, list[tuple[str, str]]]:
    path = tmp_path / "mine.yaml"
    path.write_text(policy)
    settings = Settings(
        policies=PolicySettings(files=(path,)),
        skills=SkillsSettings(directory=EXAMPLES / "skills"),
        **more,  # type: ignore[arg-type]
    )
    said: dict[str, list[tuple[str, str]]] = {}
    for part, how, text in beyond(settings, tmp_path):
        said.setdefault(part, []).append((how, text))
    return said


def test_what_is_agreed_and_what_waits_is_said(tmp_path: Path) -> None:
    said = lines(tmp_path)
    assert said["policy"] == [("ok", "4 entries in mine.yaml")]
    assert any("seccomp" in text for _, text in said["sandbox"])
    skills = [text for _, text in said["skills"]]
    assert "may read PERSON of person (mine.yaml:skills.phone); may keep 64000 bytes" in skills[0]
    assert said["door"] == [("ok", "none: nothing leaves this device (door.address)")]
    assert said["destination"] == [
        ("ok", "weather: 1 intent for forecast, at most 24 messages a day"),
        (
            "note",
            "shop: 1 intent for groceries, at most 1 messages a day; nothing now: "
            "no consent was given",
        ),
    ]


def test_without_a_rule_a_skill_reads_nothing_and_a_door_that_waits_for_nobody_is_noted(
    tmp_path: Path,
) -> None:
    said = lines(tmp_path, "version: 1\n", door=DoorSettings(address="broker.home"))
    assert "asks to read person: not agreed (skills.phone.opens)" in said["skills"][0][1]
    ((how, text),) = said["door"]
    assert how == "note"
    assert text.startswith("broker.home:8883, TLS; no `sotto door` is waiting at ")
    assert said["destination"] == [("ok", "none: the policy shares nothing")]
    broken = DoorSettings(address="broker.home", ca=tmp_path / "gone.pem")
    assert "gone.pem is missing" in lines(tmp_path, "version: 1\n", door=broken)["door"][0][1]


def test_a_policy_that_can_not_be_read_is_missing(tmp_path: Path) -> None:
    ((how, text),) = lines(tmp_path, "version: 1\nnonsense: 1\n")["policy"]
    assert how == "missing"
    assert "nonsense" in text


@pytest.mark.parametrize(
    ("policy", "end"),
    [
        ("version: 1\n", "skills of others don't run here (sandbox.accepted)"),
        ("version: 1\nsandbox: {accepted: [files]}\n", "accepted (mine.yaml:sandbox.accepted)"),
    ],
)
def test_a_right_that_the_kernel_lacks_is_said_with_what_the_policy_makes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, end: str
) -> None:
    async def lacking() -> tuple[Right, ...]:
        return (Right("files", False, "nothing closes files"),)

    monkeypatch.setattr(check_beyond, "_rights", lacking)
    ((how, text),) = lines(tmp_path, policy)["sandbox"]
    assert how == "note"
    assert text.endswith(end)

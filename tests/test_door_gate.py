"""What may leave: topics of enums, values of the closed schema, and nothing else."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from door_stage import POLICY
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import DoorError
from plugins.door.alarms import AlarmKind
from plugins.door.backoff import Backoff
from plugins.door.gate import Cleared, Gate, Turned
from plugins.door.payload import LARGEST_PAYLOAD, PublicIds, door_key, payload
from plugins.door.speakable import LARGEST_REPLY, LONGEST_REPLY, speakable
from plugins.door.topics import Topics
from plugins.door.wire import Send, Value, read_answer, read_send
from policies.load import Policies

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Moment:
    """A clock that is set."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment():
    return Moment()


@pytest.fixture
def policy_file(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture
def gate(policy_file, moment):
    return Gate(Policies([policy_file]), PublicIds(b"k" * 32), moment)


def send(number=1, destination="weather", intent="GetWeather", **slots):
    return Send(
        do="tell",
        id=f"{number:032x}",
        destination=destination,
        intent=intent,
        slots={name: Value(**value) for name, value in slots.items()},
    )


def test_what_the_policy_describes_is_cleared_and_written_anew(gate):
    cleared = gate.judge(
        send(day={"choice": "today"}, hours={"number": 3.0}, who={"placeholder": "PERSON"})
    )
    assert isinstance(cleared, Cleared)
    assert json.loads(cleared.payload) == {
        "version": 1,
        "id": cleared.public_id,
        "intent": "GetWeather",
        "slots": {
            "day": {"choice": "today"},
            "hours": {"number": 3},
            "who": {"placeholder": "PERSON"},
        },
    }


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (send(destination="elsewhere"), "no destination"),
        (send(intent="Spy"), "not shared with weather"),
        (send(day={"choice": "ada lovelace"}), "slot day"),
        (send(day={"words": "today"}), "slot day"),
        (send(hours={"number": 10001}), "slot hours"),
        (send(hours={"number": 1.5}), "slot hours"),
        (send(who={"placeholder": "PHONE_NUMBER"}), "slot who"),
        (send(ada={"choice": "today"}), "a slot that is not shared"),
    ],
)
def test_what_the_policy_does_not_describe_never_leaves(gate, message, reason):
    turned = gate.judge(message)
    assert isinstance(turned, Turned)
    assert turned.is_for_good
    assert reason in turned.detail
    assert "ada" not in turned.detail


def test_nothing_hides_in_the_digits_of_a_number(gate):
    """The schema's steps have a little play; what is published has none."""
    plain, playful = (
        json.loads(gate.judge(send(number, hours={"number": value})).payload)["slots"]
        for number, value in ((1, 3.0), (2, 3.0000000123))
    )
    assert plain == playful == {"hours": {"number": 3}}


def test_nothing_hides_in_a_message_id(gate):
    spoken = b"call 0123456789!".hex()
    cleared = gate.judge(send(int(spoken, 16)))
    assert spoken not in cleared.payload.decode()
    assert cleared.public_id == gate.judge(send(int(spoken, 16))).public_id


def test_an_id_stands_for_one_message_only(gate):
    assert isinstance(gate.judge(send(day={"choice": "today"})), Cleared)
    assert isinstance(gate.judge(send(day={"choice": "today"})), Cleared)
    turned = gate.judge(send(day={"choice": "tomorrow"}))
    assert turned.detail == "another message with an id used before"


def test_the_budget_of_a_day_holds_at_the_door_too_and_the_next_day_is_another(
    gate, policy_file, moment
):
    policy_file.write_text(POLICY.replace("20000", "2"))
    first, second, third = (gate.judge(send(number)) for number in (1, 2, 3))
    assert (type(first), type(second)) == (Cleared, Cleared)
    assert (third.kind, third.is_for_good) == ("budget", False)
    assert isinstance(gate.judge(send(1)), Cleared), "sent again is not sent twice"
    moment.now = NOON + timedelta(days=1)
    assert isinstance(gate.judge(send(3)), Cleared)


def test_an_edit_of_the_policy_counts_from_the_next_message_on(gate, policy_file):
    assert isinstance(gate.judge(send()), Cleared)
    policy_file.write_text(POLICY.replace("weather:", "traffic:"))
    assert gate.judge(send()).kind == "misfit"


def test_a_bad_edit_leaves_the_policy_before_in_force(gate, policy_file):
    policy_file.write_text(POLICY.replace("choices", "chioces"))
    assert isinstance(gate.judge(send(day={"choice": "today"})), Cleared)
    assert gate.judge(send(2, day={"choice": "ada"})).kind == "policy"


def test_while_the_policy_cannot_be_read_messages_wait_and_none_is_thrown_away(policy_file, moment):
    policy_file.write_text("version: 2\n")
    gate = Gate(Policies([policy_file]), PublicIds(b"k" * 32), moment)
    turned = gate.judge(send())
    assert (turned.kind, turned.is_for_good) == ("policy", False)
    assert "policy.yaml" in turned.detail
    policy_file.write_text(POLICY)
    assert isinstance(gate.judge(send()), Cleared)


def test_while_sharing_is_muted_messages_wait(gate, policy_file):
    policy_file.write_text(POLICY + "mute: [sharing]\n")
    turned = gate.judge(send())
    assert (turned.kind, turned.is_for_good) == ("muted", False)


def test_a_message_that_is_too_large_never_leaves(tmp_path, moment):
    file = tmp_path / "p.yaml"
    slots = "".join(f"          s{i}: {{words: 100}}\n" for i in range(8))
    file.write_text(POLICY.replace("          day:", slots + "          day:"))
    gate = Gate(Policies([file]), PublicIds(b"k" * 32), moment)
    small = gate.judge(send(1, s0={"words": "a" * 100}))
    assert len(small.payload) <= LARGEST_PAYLOAD
    large = gate.judge(send(2, **{f"s{i}": {"words": "a" * 100} for i in range(8)}))
    assert large.is_for_good
    assert "512" in large.detail


@given(st.text())
def test_a_topic_is_three_ids_or_nothing(text):
    topics = Topics("home")
    try:
        topic = topics.of(text, "intent")
    except DoorError:
        return
    assert topic == f"sotto/home/{text}/intent"
    assert not set(topic) & set("+#\0 ")
    assert topic.count("/") == 3
    assert topic.isascii()


@pytest.mark.parametrize("text", ["", "+", "#", "a/b", "a\0b", "\0", "weather\n", "Weather", "ä"])
def test_wildcards_slashes_and_nul_are_in_no_topic(text):
    with pytest.raises(DoorError):
        Topics("home").of(text, "intent")
    with pytest.raises(DoorError):
        Topics(text)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{" * 1000,
        b'{"do":"tell"}',
        b'{"do":"publish","id":"' + b"0" * 32 + b'","destination":"weather","intent":"GetWeather"}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"we/ther","intent":"GetWeather"}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"weather","intent":"Get Weather"}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"weather","intent":"A","topic":"x"}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"weather","intent":"A",'
        b'"slots":{"a":{"choice":"x","words":"y"}}}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"weather","intent":"A",'
        b'"slots":{"a":{}}}',
        b'{"do":"tell","id":"' + b"0" * 32 + b'","destination":"weather","intent":"A",'
        b'"slots":{"a":{"number":NaN}}}',
    ],
)
def test_what_is_no_message_is_refused_without_a_word_of_it(packet):
    with pytest.raises(DoorError) as refused:
        read_send(packet)
    assert str(refused.value) == "a message that is none of core's; the sender was hung up on"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(packet):
    for read in (read_send, read_answer):
        try:
            read(packet)
        except DoorError:
            continue


@given(st.binary(max_size=LARGEST_REPLY))
def test_a_reply_becomes_a_short_line_of_text_or_nothing(data):
    text = speakable(data)
    if text is not None:
        assert 0 < len(text) <= LONGEST_REPLY
        assert text == " ".join(text.split())
        assert text.isprintable() or not text.isascii()
        assert speakable(text.encode()) in (text, None) or len(text.encode()) > LARGEST_REPLY


@pytest.mark.parametrize(
    ("reply", "spoken"),
    [
        (b"Sunny, 21 degrees.", "Sunny, 21 degrees."),
        (b"Sunny\x1b[2J\x07\r\n21", "Sunny[2J 21"),
        ("left\u202eright\u200b".encode(), "leftright"),
        (b"PERSON_1 says PHONE_NUMBER_12", "PERSON 1 says PHONE NUMBER 12"),
        (b'{"do":"tell"}', '{"do":"tell"}'),
        (b" \n ", None),
        (b"\xff\xff", None),
        (b"x" * (LARGEST_REPLY + 1), None),
        (b"word " * 200, "word " * 59 + "word"),
        (b"x" * 1000, "x" * LONGEST_REPLY),
    ],
)
def test_replies(reply, spoken):
    assert speakable(reply) == spoken


def test_the_same_values_are_always_the_same_bytes():
    one = payload("0" * 32, "A", {"b": Value(number=1.0), "a": Value(choice="x")})
    other = payload("0" * 32, "A", {"a": Value(choice="x"), "b": Value(number=1.0)})
    assert one == other


def test_the_doors_key_is_made_once_and_nobody_elses(tmp_path):
    path = tmp_path / "door.key"
    key = door_key(path)
    assert (len(key), path.stat().st_mode & 0o777) == (32, 0o600)
    assert door_key(path) == key
    path.write_bytes(b"short")
    with pytest.raises(DoorError, match=r"door\.key: expected 32 bytes"):
        door_key(path)


def test_waits_grow_to_a_limit_and_differ():
    waits = [Backoff(1, 60, random.Random(seed)) for seed in range(50)]
    rows = [[backoff.next() for _ in range(9)] for backoff in waits]
    for row in rows:
        assert all(
            whole / 2 <= wait <= whole
            for wait, whole in zip(row, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True)
        )
    assert len({row[0] for row in rows}) == 50
    waits[0].reset()
    assert waits[0].next() <= 1


def test_the_documented_message_is_what_is_published():
    text = (Path(__file__).parent.parent / "docs" / "door.md").read_text()
    [documented] = re.findall(r"```json\n(.*)\n```", text)
    message = json.loads(documented)
    slots = {name: Value(**value) for name, value in message["slots"].items()}
    assert payload(message["id"], message["intent"], slots).decode() == documented


def test_every_kind_of_alarm_is_documented():
    text = (Path(__file__).parent.parent / "docs" / "door.md").read_text()
    assert [kind for kind in get_args(AlarmKind) if f"`{kind}`" not in text] == []

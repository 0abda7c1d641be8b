"""The core's side of its sockets, where the process at the other end was taken over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError
from plugins.door import wire as door
from plugins.home_assistant import wire as house
from plugins.home_assistant.link import HouseLink
from plugins.presence import wire as presence
from plugins.presence.link import PresenceLink
from plugins.wyoming import meeting
from scripts.fuzz_frames import mutated
from tests.home_assistant_fake import eventually

ID = "0123456789abcdef" * 2
CONNECTIONS, AT_ONCE = 60, 5


def packets(*messages: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(json.dumps(message).encode() for message in messages)


LIGHT = {"id": "light.bed", "name": "bed light", "aliases": ["lamp"], "area": "bedroom"}
HOUSE = packets(
    {"say": "state", "open": True},
    {"say": "state", "open": False, "kind": "away", "detail": "it is starting"},
    {"say": "begin", "floors": 0, "areas": 1, "entities": 1},
    {"say": "part", "areas": [{"id": "bedroom", "name": "bedroom"}], "entities": [LIGHT]},
    {"say": "end"},
    {"say": "done", "id": 1},
    {"say": "failed", "id": 1, "problem": "away"},
    {"say": "states", "id": 2, "states": [{"id": "light.bed", "state": "on"}]},
)
PRESENCE = packets(
    {"do": "mute"},
    {"do": "erase"},
    {"do": "policy", "option": "usual"},
    {"do": "there", "open": True},
)
DOOR = packets(
    {"say": "sent", "id": ID, "payload": "{}"},
    {"say": "later", "id": ID, "kind": "unreachable", "detail": "no broker"},
    {"say": "never", "id": ID, "detail": "no such intent"},
    {"say": "reply", "id": ID, "text": "it will rain"},
    {"say": "state", "open": True},
)
NETWORK = (
    *packets({"say": "ready", "waits": True}, {"say": "enough"}, {"say": "replied"}),
    b"\0" + bytes(640),
)


@pytest.mark.parametrize(
    ("read", "corpus"),
    [
        (house.read_answer, HOUSE),
        (presence.read_command, PRESENCE),
        (door.read_answer, DOOR),
        (meeting.from_network, NETWORK),
    ],
)
@given(seed=st.integers(0, 2**32))
def test_a_packet_with_mishaps_is_a_message_or_refused(read, corpus, seed):
    with contextlib.suppress(AssistantError):
        read(mutated(random.Random(seed), corpus))


@pytest.mark.parametrize(
    ("read", "corpus"),
    [
        (house.read_answer, HOUSE),
        (presence.read_command, PRESENCE),
        (door.read_answer, DOOR),
        (meeting.from_network, NETWORK),
    ],
)
def test_each_packet_without_mishaps_is_a_message(read, corpus):
    for packet in corpus:
        read(packet)


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.bind(str(path))
        made.listen()
        made.setblocking(False)
        yield made


async def attacked(path: Path, corpus: tuple[bytes, ...], link: Any, good: Any) -> None:
    """Be a door that says anything, on one connection after the other; then a good one."""
    dice, loop = random.Random(6), asyncio.get_running_loop()
    with listening(path) as door:
        running = asyncio.create_task(link.run())
        async with asyncio.timeout(60):
            for _ in range(CONNECTIONS):
                connection, _ = await loop.sock_accept(door)
                with connection, contextlib.suppress(OSError):
                    for _ in range(AT_ONCE):
                        connection.send(mutated(dice, corpus)[:60_000])
                    await asyncio.sleep(0.002)
            connection, _ = await loop.sock_accept(door)
            with connection:
                await good(connection)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_whatever_a_door_says_of_the_house_the_next_that_makes_sense_is_heard(tmp_path):
    told: list[Any] = []
    link = HouseLink(tmp_path / "s", things=told.append, longest_wait=0.002)

    async def good(connection: socket.socket) -> None:
        told.clear()
        for packet in (HOUSE[0], *HOUSE[2:5]):
            connection.send(packet)
        await eventually(lambda: told)
        assert [entity.name for entity in told[0].entities] == ["bed light"]
        assert link.alarm is None

    await attacked(tmp_path / "s", HOUSE, link, good)


async def test_whatever_a_door_wants_of_the_core_only_what_may_be_wanted_comes_through(tmp_path):
    wanted: list[Any] = []
    take: Callable[[Any], None] = wanted.append
    link = PresenceLink(tmp_path / "s", take, longest_wait=0.002)

    async def good(connection: socket.socket) -> None:
        connection.send(PRESENCE[0])
        await eventually(lambda: wanted and wanted[-1] == presence.Do(do="mute"))

    await attacked(tmp_path / "s", PRESENCE, link, good)
    assert {type(one) for one in wanted} <= {presence.Do, presence.Choose, presence.There}

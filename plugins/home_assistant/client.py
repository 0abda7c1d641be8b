"""Stays in touch with Home Assistant: its things and states, and services on request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from assistant.errors import outline
from plugins.door.backoff import Backoff
from plugins.home_assistant.alarms import Alarm, LostError
from plugins.home_assistant.connection import Address, CommandError, Connection, connected
from plugins.home_assistant.reading import read_things
from plugins.home_assistant.registries import Snapshot
from plugins.home_assistant.services import Plain
from plugins.home_assistant.states import States
from plugins.home_assistant.token import Token
from plugins.home_assistant.wire import Problem

log = logging.getLogger(__name__)

Json: TypeAlias = Any
CHANGES = (
    "area_registry_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "floor_registry_updated",
)
"""Events after which the things are read again."""
LOOK_EVERY = 2.0
"""Seconds between two looks at a token that was refused: another one is tried at once."""
_PROBLEMS: Mapping[str, Problem] = {"not_found": "unknown-service", "unauthorized": "refused"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds."""

    service: float = 5.0
    """That Home Assistant may take to say that a service was done."""
    settle: float = 1.0
    """Of quiet after a change, before the things are read again."""
    most: float = 5.0
    """That changes may go on before they are read all the same."""
    first_wait: float = 0.5
    """Before the second try to connect."""
    longest_wait: float = 15.0
    refused: float = 300.0
    """Before a token that was refused is shown again: Home Assistant bans who tries too often."""
    steady: float = 10.0
    """That a connection has to last before the next wait is short again."""


class HomeAssistant:
    """The house as Home Assistant has it. `run` it; it connects again whenever it has to."""

    def __init__(
        self,
        address: Address,
        token: Token,
        *,
        changed: Callable[[], None] = lambda: None,
        patience: Patience | None = None,
    ) -> None:
        """`changed` is called when `alarm` or `things` is another than before."""
        self._address = address
        self._token = token
        self.changed = changed
        self._patience = patience or Patience()
        self._connection: Connection | None = None
        self._states = States()
        self._stale = asyncio.Event()
        self._exposed: frozenset[str] = frozenset()
        self.alarm: Alarm | None = Alarm("away", f"{address.shown}: not connected yet")
        """Why it can't be used; None: it can."""
        self.is_known = False
        """Whether that was found out by now."""
        self.things: Snapshot | None = None
        """What is in the house; None: nobody knows yet."""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(self._patience.first_wait, self._patience.longest_wait)
        while True:
            began = loop.time()
            try:
                await self._stay()
            except LostError as lost:
                self._turn_off(lost.alarm)
                if lost.alarm.kind in {"token-refused", "token-missing"}:
                    await self._wait_for_another_token()
                    continue
            except Exception as error:  # nothing that comes from there ends the door
                self._turn_off(Alarm("nonsense", outline(error)))
            if loop.time() - began > self._patience.steady:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    async def call(
        self, service: str, entities: Sequence[str], data: Mapping[str, Plain]
    ) -> Problem | None:
        """Call a service, and wait until Home Assistant says that it was done; else why not."""
        connection = self._connection
        if connection is None:
            return "away"
        if not self._exposed.issuperset(entities):
            return "unknown-entity"
        domain, _, name = service.partition(".")
        try:
            await connection.command(
                "call_service",
                self._patience.service,
                domain=domain,
                service=name,
                service_data=dict(data),
                target={"entity_id": list(entities)},
            )
        except CommandError as error:
            log.warning("home assistant: %s was not done: %s", service, error.code)
            return _PROBLEMS.get(error.code, "failed")
        except (TimeoutError, LostError):
            return "no-answer"
        return None

    def states(self, entities: Sequence[str]) -> dict[str, Json] | None:
        """The states of those that have one, by id; None: Home Assistant is away."""
        if self._connection is None:
            return None
        known = self._states.known
        return {name: known[name] for name in entities if name in known and name in self._exposed}

    async def _stay(self) -> None:
        """One connection, until it is lost."""
        async with connected(self._address, self._token.read()) as connection:
            await self._meet(connection)
            self._connection = connection
            log.info("home assistant: connected, version %s", connection.version)
            self._tell(None)
            try:
                while True:
                    await self._changes(connection)
                    if await self._read(connection):
                        self.changed()
            finally:
                self._connection = None

    async def _meet(self, connection: Connection) -> None:
        """Hear of changes first, then read what there is, so that nothing falls between."""
        try:
            config = await connection.command("get_config")
            if isinstance(config, dict) and config.get("state", "RUNNING") != "RUNNING":
                raise LostError(Alarm("away", f"{self._address.shown}: it is still starting"))
            self._states = States(self._stale.set)
            for event in CHANGES:
                await connection.subscribe(
                    "subscribe_events", lambda _event: self._stale.set(), event_type=event
                )
            await connection.subscribe("subscribe_entities", self._states.take)
            await _unless_lost(connection, self._states.first.wait())
        except CommandError as error:
            detail = (
                f"it refuses what Sotto needs ({error.code}); the token's user may do too little"
            )
            raise LostError(Alarm("token-refused", detail)) from None
        except TimeoutError:
            raise LostError(Alarm("stalled", "it does not answer")) from None
        await self._read(connection)

    async def _changes(self, connection: Connection) -> None:
        """Wait for a change, and for quiet after it."""
        await _unless_lost(connection, self._stale.wait())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.most):
                while self._stale.is_set():
                    self._stale.clear()
                    await _unless_lost(connection, asyncio.sleep(self._patience.settle))

    async def _read(self, connection: Connection) -> bool:
        """Read the things; whether they are others than before."""
        self._stale.clear()
        things = await read_things(connection, self._states.known)
        if things == self.things:
            return False
        self.things = things
        self._exposed = frozenset(entity.id for entity in things.entities)
        log.info("home assistant: %d things", len(things.entities))
        return True

    async def _wait_for_another_token(self) -> None:
        """Wait until the token is another one, or the time is over."""
        refused = self._token.stamp()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience.refused):
                while self._token.stamp() == refused:  # noqa: ASYNC110  # it is a file
                    await asyncio.sleep(LOOK_EVERY)

    def _turn_off(self, alarm: Alarm) -> None:
        if alarm != self.alarm:
            log.error("home assistant: %s", alarm)
        self._tell(alarm)

    def _tell(self, alarm: Alarm | None) -> None:
        if alarm != self.alarm or not self.is_known:
            self.alarm = alarm
            self.is_known = True
            self.changed()


async def _unless_lost(connection: Connection, waiting: Coroutine[Any, Any, Any]) -> None:
    """Wait for something. Raises LostError where the connection is lost before."""
    task: asyncio.Future[Any] = asyncio.ensure_future(waiting)
    lost: asyncio.Future[Any] = connection.lost
    try:
        await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if connection.lost.done():
        raise LostError(connection.lost.result())

"""What the tests of releasing stand on: a policy that shares, a store, a door, a broker."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from door_stage import Listener, settings_for, until

from assistant.agreed import Agreed
from assistant.events import Event, Kept, Sent
from assistant.releasing import Releasing
from assistant.settings import PolicySettings, Settings
from assistant.types import Choice, Number, RedactedIntent, Slot
from assistant.way_out import to_the_door
from plugins.door.make import make_door
from plugins.door.packets import Doorstep, socket_path
from policies.load import Policies
from storage.entry import Entry
from storage.store import Store, open_store

GIVEN = "given: {event_time: 2026-01-01, indication_method: written, indicated_by: household}"
HOUSE = "data_subject: household"
POLICY = f"""\
version: 1
extends: household
consent:
  forecasts:
    {{{HOUSE}, personal_data: intent, purpose: forecast, recipient: weather, {GIVEN}}}
  heating:
    {{{HOUSE}, personal_data: intent, purpose: heating, recipient: boiler, {GIVEN}}}
  until-sent:
    {{{HOUSE}, personal_data: outbox, purpose: service, recipient: home, {GIVEN}}}
retention:
  outbox:
    service: {{retention_period: P1D, maximum_count: 1000}}
sharing:
  weather:
    purpose: forecast
    retention_period: P1D
    budget: {{bits_per_message: 40, bits_per_day: 40000000, messages_per_day: 100000}}
    intents:
      GetForecast:
        slots:
          city: {{choices: [oslo, rome]}}
          hours: {{range: {{minimum: 0, maximum: 20000}}}}
          who: {{placeholders: [PERSON]}}
          note: {{omit: true}}
  boiler:
    purpose: heating
    retention_period: P1D
    budget: {{bits_per_message: 20, bits_per_day: 40000, messages_per_day: 2000}}
    intents:
      SetHeating: {{slots: {{degrees: {{range: {{minimum: 12, maximum: 25, step: 0.5}}}}}}}}
      GetForecast: {{slots: {{city: {{omit: true}}, hours: {{omit: true}}, note: {{omit: true}}}}}}
"""


def forecast(number: int = 1, city: str = "rome", **more: Slot) -> RedactedIntent:
    """An intent that both destinations may get."""
    return RedactedIntent(number, "GetForecast", {"city": Choice(city), **more})


def heating(number: int, degrees: float) -> RedactedIntent:
    """An intent that one destination may get."""
    return RedactedIntent(number, "SetHeating", {"degrees": Number(degrees)})


@dataclass
class Home:
    """A core: what was agreed, what it keeps, and what it reported."""

    folder: Path
    store: Store
    agreed: Agreed
    events: list[Event] = field(default_factory=list)

    @property
    def policy_file(self) -> Path:
        return self.folder / "policy.yaml"

    def entries(self, kind: str) -> list[Entry]:
        return [entry for _, entry in self.store.audit.entries() if entry.kind == kind]

    @property
    def waiting(self) -> int:
        """Rows of the outbox that still open."""
        return len(self.store.outbox.due())

    @property
    def sent(self) -> list[Sent]:
        return [event for event in self.events if isinstance(event, Sent)]

    @property
    def kept(self) -> list[Kept]:
        return [event for event in self.events if isinstance(event, Kept)]

    def change(self, old: str, new: str) -> None:
        """Edit the policy, and have it read."""
        text = self.policy_file.read_text()
        assert old in text
        self.policy_file.write_text(text.replace(old, new))
        self.agreed.reload()

    def releasing(self, **more) -> Releasing:
        way = to_the_door(settings_for(1), self.folder)
        return Releasing(self.agreed, self.store, way, self.events.append, **more)


@contextlib.contextmanager
def home(folder: Path, policy: str = POLICY) -> Iterator[Home]:
    """Open the store under a policy."""
    folder.mkdir(exist_ok=True, mode=0o700)
    file = folder / "policy.yaml"
    file.write_text(policy)
    with open_store(folder / "store", {}) as store:
        yield Home(folder, store, Agreed(Policies([file]), folder / "store", store=store))


@contextlib.asynccontextmanager
async def door(home: Home, port: int) -> AsyncIterator[list]:
    """A door over the real socket, which reads the same policy file."""
    import asyncio

    settings = settings_for(port)
    published: list = []
    made = make_door(settings, Policies([home.policy_file]), home.folder, published.append)
    made._patience = made._patience.__class__(first_wait=0.05, longest_wait=0.2)
    doorstep = Doorstep(socket_path(settings, home.folder))
    serving = asyncio.create_task(made.run(doorstep))
    try:
        yield published
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        doorstep.close()


def slots(published) -> list[dict]:
    """What left, as its slots."""
    return [json.loads(one.payload)["slots"] for one in published]


__all__ = [
    "POLICY", "Home", "Listener", "PolicySettings", "Settings", "door", "forecast", "heating",
    "home", "slots", "until",
]  # fmt: skip

"""What Home Assistant's MQTT integration is told of this device: a configuration an entity.

Names of the keys and their meaning: home-assistant.io/integrations/mqtt. Every state is read from
one JSON object, whose values are of closed sets or numbers (`shown`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from assistant.settings import Told
from plugins.presence.names import IntentNames
from plugins.presence.topics import PresenceTopics
from plugins.presence.wire import HAPPENINGS, Happened, Shown

ONLINE, OFFLINE = "online", "offline"
ON, OFF, PRESS = "ON", "OFF", "PRESS"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity; without `config` it is taken out of Home Assistant, where it was there."""

    component: str
    key: str
    config: Mapping[str, Any] | None

    def payload(self) -> bytes:
        """Its configuration as it is published; nothing: there is no such entity."""
        return b"" if self.config is None else _json(self.config)


class Device:
    """The device, and what may be done to it from Home Assistant."""

    def __init__(
        self,
        topics: PresenceTopics,
        name: str,
        allow: Sequence[Told],
        options: Sequence[str],
        names: IntentNames,
    ) -> None:
        """`allow`, `options`: as the owner's settings say."""
        self._topics = topics
        self._name = name
        self._allow = frozenset(allow)
        self._options = options
        self._names = names

    def entities(self) -> Iterator[Entity]:
        """All of them; what is not allowed is there without a configuration."""
        topics, read = self._topics, self._read
        yield self._entity(
            "switch", "mute", "Mute", "mdi:microphone-off",
            {**read("muted"), "command_topic": topics.told("mute"), "payload_on": ON,
             "payload_off": OFF, "state_on": ON, "state_off": OFF, "optimistic": False},
        )  # fmt: skip
        yield self._entity("sensor", "state", "State", "mdi:account-voice", read("mood"))
        yield self._entity("sensor", "intent", "Last intent", "mdi:comment-check", read("intent"))
        yield self._entity(
            "event", "event", "Event", "mdi:bell-ring",
            {"state_topic": topics.of("event"), "event_types": list(HAPPENINGS)},
        )  # fmt: skip
        yield self._entity(
            "button", "erase", "Forget what was kept", "mdi:eraser",
            {"command_topic": topics.told("erase"), "payload_press": PRESS,
             "entity_category": "config"},
            where="erase" in self._allow,
        )  # fmt: skip
        yield self._entity(
            "button", "confirm", "Confirm", "mdi:check-decagram",
            {"command_topic": topics.told("confirm"), "payload_press": PRESS},
            where="confirm" in self._allow,
            also=topics.of("confirm"),
        )  # fmt: skip
        yield self._entity(
            "select", "policy", "Policy", "mdi:shield-account",
            {**read("policy"), "command_topic": topics.told("policy"),
             "options": list(self._options), "entity_category": "config"},
            where="policy" in self._allow,
        )  # fmt: skip
        yield from self._diagnostics()

    def _diagnostics(self) -> Iterator[Entity]:
        diagnostic = {"entity_category": "diagnostic"}
        state = self._topics.of("state")
        alarms = "{{ {'alarms': value_json.alarms} | tojson }}"
        yield self._entity(
            "binary_sensor", "problem", "Problem", None,
            {**self._read("problem"), **diagnostic, "device_class": "problem", "payload_on": ON,
             "payload_off": OFF, "json_attributes_topic": state,
             "json_attributes_template": alarms},
        )  # fmt: skip
        yield self._entity(
            "sensor", "memory", "Memory", "mdi:memory",
            {**self._read("memory"), **diagnostic, "device_class": "data_size",
             "unit_of_measurement": "MB", "state_class": "measurement"},
        )  # fmt: skip
        for key, name, icon in (
            ("utterances", "Utterances today", "mdi:microphone-message"),
            ("kept", "Kept today", "mdi:archive-lock"),
            ("sent", "Sent today", "mdi:upload-lock"),
        ):
            count = {**self._read(key), **diagnostic, "state_class": "total_increasing"}
            yield self._entity("sensor", key, name, icon, count)

    def shown(self, state: Shown) -> bytes:
        """The state as it is published."""
        return _json(
            {
                "mood": state.mood,
                "muted": _on(state.muted),
                "policy": state.policy if state.policy in self._options else self._options[0],
                "intent": self._names.shown(state.intent) or "none",
                "problem": _on(bool(state.alarms)),
                "alarms": list(dict.fromkeys(state.alarms)),
                "memory": state.memory,
                "utterances": state.utterances,
                "kept": state.kept,
                "sent": state.sent,
            }
        )

    def happened(self, event: Happened) -> bytes:
        """An event as it is published."""
        told = {"event_type": event.what, "intent": self._names.shown(event.intent)}
        told["alarm"] = event.alarm
        return _json({key: value for key, value in told.items() if value is not None})

    def _read(self, key: str) -> dict[str, Any]:
        """Where an entity reads its state."""
        return {
            "state_topic": self._topics.of("state"),
            "value_template": f"{{{{ value_json.{key} }}}}",
        }

    def _entity(
        self,
        component: str,
        key: str,
        name: str,
        icon: str | None,
        more: Mapping[str, Any],
        *,
        where: bool = True,
        also: str | None = None,
    ) -> Entity:
        """`where`: whether it is there; `also`: a topic that has to say `online`, too."""
        if not where:
            return Entity(component, key, None)
        node = self._topics.node
        topics = [self._topics.of("online"), *([also] if also else [])]
        config: dict[str, Any] = {
            "name": name,
            "unique_id": f"{node}_{key}",
            "object_id": f"{node}_{key}",
            "availability": [
                {"topic": topic, "payload_available": ONLINE, "payload_not_available": OFFLINE}
                for topic in topics
            ],
            "availability_mode": "all",
            "qos": 1,
            **({"icon": icon} if icon else {}),
            **more,
            "device": {
                "identifiers": [node],
                "name": self._name,
                "manufacturer": "Sotto",
                "model": "Voice assistant",
                "sw_version": version("sotto-voice"),
            },
            "origin": {"name": "Sotto", "sw_version": version("sotto-voice")},
        }
        return Entity(component, key, config)


def _on(value: bool) -> str:
    return ON if value else OFF


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

"""What Home Assistant's MQTT integration accepts, as a model: the keys of each platform.

Taken from the schemas of homeassistant/components/mqtt of 2024.3; an unknown key is dropped there
without a word, so here it is an error. `make home-assistant-test` asks the real one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Topic = Annotated[str, Field(pattern=r"^[^+#\x00]{1,200}$")]
Template = Annotated[str, Field(pattern=r"^\{\{ .+ \}\}$")]
Icon = Annotated[str, Field(pattern=r"^mdi:[a-z-]+$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Device(_Model):
    identifiers: Annotated[list[str], Field(min_length=1)]
    name: str
    manufacturer: str
    model: str
    sw_version: str


class Origin(_Model):
    name: str
    sw_version: str


class Availability(_Model):
    topic: Topic
    payload_available: Literal["online"]
    payload_not_available: Literal["offline"]


class Entity(_Model):
    name: str
    unique_id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    object_id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    device: Device
    origin: Origin
    availability: Annotated[list[Availability], Field(min_length=1, max_length=2)]
    availability_mode: Literal["all"]
    icon: Icon | None = None
    entity_category: Literal["config", "diagnostic"] | None = None
    qos: Literal[1]


class _Read(Entity):
    state_topic: Topic
    value_template: Template


class Switch(_Read):
    command_topic: Topic
    payload_on: Literal["ON"]
    payload_off: Literal["OFF"]
    state_on: Literal["ON"]
    state_off: Literal["OFF"]
    optimistic: Literal[False]


class Sensor(_Read):
    device_class: Literal["data_size"] | None = None
    unit_of_measurement: Literal["MB"] | None = None
    state_class: Literal["measurement", "total_increasing"] | None = None


class BinarySensor(_Read):
    device_class: Literal["problem"]
    payload_on: Literal["ON"]
    payload_off: Literal["OFF"]
    json_attributes_topic: Topic
    json_attributes_template: Template


class Select(_Read):
    command_topic: Topic
    options: Annotated[list[str], Field(min_length=1)]


class Button(Entity):
    command_topic: Topic
    payload_press: Literal["PRESS"]


class Event(Entity):
    state_topic: Topic
    event_types: Annotated[list[str], Field(min_length=1)]


CONFIGS: dict[str, type[Entity]] = {
    "switch/mute": Switch,
    "sensor/state": Sensor,
    "sensor/intent": Sensor,
    "event/event": Event,
    "button/erase": Button,
    "button/confirm": Button,
    "select/policy": Select,
    "binary_sensor/problem": BinarySensor,
    "sensor/memory": Sensor,
    "sensor/utterances": Sensor,
    "sensor/kept": Sensor,
    "sensor/sent": Sensor,
}
"""By component and key, all that are shown."""


def accepts(key: str, config: dict) -> str | None:
    """Why a configuration would not be taken, or only in part; None: it is."""
    try:
        CONFIGS[key].model_validate(config)
    except ValidationError as error:
        return str(error)
    return None

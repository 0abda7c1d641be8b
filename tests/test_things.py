"""The file of areas and devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import ThingsError
from pipeline.things import DEMO_HOUSE, load_things

EXAMPLE = Path(__file__).parent.parent / "examples" / "home" / "things.yaml"


@pytest.fixture
def house(tmp_path):
    def load(text: str):
        path = tmp_path / "things.yaml"
        path.write_text(text)
        return load_things(path)

    return load


def test_the_demo_house_is_there_without_a_file():
    things = load_things(None)
    assert things == load_things(DEMO_HOUSE)
    assert "Kitchen Light" in [entity.name for entity in things.entities]
    assert load_things(EXAMPLE).area_named("lounge").name == "Living Room"


def test_both_shapes_of_the_file_mean_the_same(house):
    flat = "areas: [{name: Kitchen}]\nentities: [{name: Lamp, domain: light, area: kitchen}]\n"
    nested = "language: en\nfixtures:\n" + "".join(f"  {line}\n" for line in flat.splitlines())
    assert house(flat) == house(nested)


def test_unknown_keys_of_an_entity_are_its_attributes(house):
    things = house(
        "entities:\n"
        "  - name: Blinds\n"
        "    id: cover.left\n"
        "    device_class: blind\n"
        "    cover_supports_position: true\n"
        "    attributes: {tilt: 3}\n"
        "    state: {in: open, out: Open}\n"
    )
    blinds = things.entities[0]
    assert blinds.domain == "cover"
    assert blinds.device_class == "blind"
    assert blinds.state == "open"
    assert blinds.attributes == {
        "tilt": 3,
        "device_class": "blind",
        "cover_supports_position": True,
    }


def test_references_are_names_ids_or_aliases_and_become_names(house):
    things = house(
        "floors: [{name: Upstairs, id: up}]\n"
        "areas: [{name: Bed Room, floor: up, aliases: [chamber]}]\n"
        "entities: [{name: Lamp, domain: light, area: CHAMBER}]\n"
    )
    assert things.areas[0].floor == "Upstairs"
    assert things.entities[0].area == "Bed Room"
    assert things.entities[0].id == "light.lamp"


def test_slot_lists_keep_case_and_know_the_domain(house):
    things = house(
        "floors: [{name: Upstairs}]\nareas: [{name: Kitchen, aliases: [cook room]}]\n"
        "entities: [{name: EcoBee, domain: climate, aliases: [thermostat]}]\n"
    )
    lists = things.lists()
    assert [(value.text, value.value, value.context) for value in lists["name"]] == [
        ("EcoBee", "EcoBee", {"domain": "climate"}),
        ("thermostat", "EcoBee", {"domain": "climate"}),
    ]
    assert [(value.text, value.value) for value in lists["area"]] == [
        ("Kitchen", "Kitchen"),
        ("cook room", "Kitchen"),
    ]
    assert [value.value for value in lists["floor"]] == ["Upstairs"]
    assert ("away", "not_home") in [(value.text, value.value) for value in lists["zone"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", ":1: expected keys such as 'entities:'"),
        ("entities: [{name: Lamp}]\n", ":1: entities.0: 'domain' is missing"),
        ("rooms: []\n", ":1: rooms: there is no such key"),
        ("fixtures: {}\nrooms: []\n", ":2: rooms: there is no such key beside 'fixtures'"),
        ("fixtures: 3\n", ":1: fixtures: expected keys"),
        (
            "areas:\n  - name: Kitchen\n    colour: red\n",
            ":3: areas.0.colour: there is no such key",
        ),
        ("areas:\n  - name: '[the] kitchen'\n", ":2: areas.0.name: a name is plain words"),
        ("areas:\n  - name: ' '\n", ":2: areas.0.name: a name has at least one letter"),
        ("areas: [{name: 7}]\n", "areas.0.name: input should be a valid string"),
        (
            "entities:\n  - name: Lamp\n    domain: light\n    area: Attic\n",
            ":4: entities.0.area: 'Attic' is not among the areas",
        ),
        ("areas: [{name: A, floor: B}]\n", "'B' is not among the floors"),
        ("entities: [{name: Lamp, domain: Light}]\n", "entities.0.domain: "),
        ("entities: [{name: Lamp, domain: light, sizes: [1]}]\n", "entities.0.attributes.sizes"),
        (
            "entities:\n  - {name: Lamp, domain: light}\n  - {name: lamp, domain: light}\n",
            ":3: entities.1.name: the same entity stands twice",
        ),
        ("language: de\n", ":1: language: "),
    ],
)
def test_a_broken_file_is_one_line_with_file_line_and_key(house, tmp_path, text, message):
    with pytest.raises(ThingsError) as raised:
        house(text)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "things.yaml"))
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ThingsError, match=r"nowhere\.yaml"):
        load_things(tmp_path / "nowhere.yaml")


def test_an_empty_file_is_an_empty_house(house):
    assert house("").entities == ()


@pytest.mark.shared
def test_home_assistants_own_fixtures_are_read(shared_data):
    things = load_things(shared_data / "audio" / "home" / "things.yaml")
    assert [area.name for area in things.areas] == ["Kitchen", "Office"]
    assert things.entities[0].attributes["light_supports_color"] is True

"""Reads the things of the house over a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from plugins.home_assistant.alarms import Alarm, LostError
from plugins.home_assistant.connection import CommandError, Connection
from plugins.home_assistant.registries import Registries, Snapshot, exposed_entities, snapshot

Json: TypeAlias = Any
ALIASES_AT_ONCE = 500
"""Entities whose aliases are asked for in one command."""


async def read_things(connection: Connection, states: Mapping[str, Json]) -> Snapshot:
    """The things of the house, of those entities that have a state.

    Raises LostError where Home Assistant does not give them.
    """
    try:
        return await _read(connection, states)
    except CommandError as error:
        detail = f"it does not say what is in the house ({error.code})"
        raise LostError(Alarm("nonsense", detail)) from None
    except TimeoutError:
        raise LostError(Alarm("stalled", "it does not answer")) from None
    except (TypeError, ValueError, AttributeError):
        detail = "its registries are none of Home Assistant's"
        raise LostError(Alarm("nonsense", detail)) from None


async def _read(connection: Connection, states: Mapping[str, Json]) -> Snapshot:
    exposed = await _if_allowed(connection, "homeassistant/expose_entity/list")
    new = await _if_allowed(
        connection, "homeassistant/expose_new_entities/get", assistant="conversation"
    )
    registries = Registries(
        entities=await connection.command("config/entity_registry/list"),
        devices=await connection.command("config/device_registry/list"),
        areas=await connection.command("config/area_registry/list"),
        floors=await _if_allowed(connection, "config/floor_registry/list"),
        exposed=(exposed or {}).get("exposed_entities"),
        exposes_new=(new or {}).get("expose_new") is not False,
    )
    registered = {entry.get("entity_id") for entry in registries.entities}
    wanted = [name for name in exposed_entities(registries, states) if name in registered]
    aliases: dict[str, Json] = {}
    for start in range(0, len(wanted), ALIASES_AT_ONCE):
        some = wanted[start : start + ALIASES_AT_ONCE]
        entries = await connection.command("config/entity_registry/get_entries", entity_ids=some)
        aliases |= {name: (entry or {}).get("aliases") for name, entry in entries.items()}
    return snapshot(replace(registries, aliases=aliases), states)


async def _if_allowed(connection: Connection, kind: str, **fields: Json) -> Json:
    """The result; None where a token that is no admin's, or an older version, gets none."""
    try:
        return await connection.command(kind, **fields)
    except CommandError:
        return None

"""Tries out whether Home Assistant lets us in, for `sotto check` and `sotto setup`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from assistant.errors import SettingsError
from assistant.settings import HomeAssistantSettings
from plugins.home_assistant.alarms import Alarm, LostError
from plugins.home_assistant.connection import CommandError, connected
from plugins.home_assistant.make import address, is_in_the_clear
from plugins.home_assistant.reading import read_things
from plugins.home_assistant.states import States
from plugins.home_assistant.token import Token

PATIENCE = 20.0
"""Seconds for all of it."""


def trial(settings: HomeAssistantSettings, environment: Mapping[str, str] = os.environ) -> str:
    """Connect and count what is there, in a line.

    Raises SettingsError where the settings don't fit, LostError with the alarm where Home
    Assistant can't be used.
    """
    return asyncio.run(_try(settings, environment))


async def _try(settings: HomeAssistantSettings, environment: Mapping[str, str]) -> str:
    if settings.url is None:
        raise SettingsError("home_assistant.url: expected an address; none is set")
    where = address(settings)
    try:
        async with (
            asyncio.timeout(PATIENCE),
            connected(where, Token(settings.token_file, environment).read()) as connection,
        ):
            states = States()
            await connection.subscribe("subscribe_entities", states.take)
            await states.first.wait()
            things = await read_things(connection, states.known)
            version = connection.version
    except TimeoutError:
        raise LostError(Alarm("stalled", f"{where.shown}: it does not answer")) from None
    except CommandError as error:
        detail = f"{where.shown}: its user may not read what Sotto needs ({error.code})"
        raise LostError(Alarm("token-refused", detail)) from None
    clear = (
        ", without TLS: the token can be read on the network" if is_in_the_clear(settings) else ""
    )
    return (
        f"{where.shown}, version {version}: {len(things.entities)} things in "
        f"{len(things.areas)} areas{clear}"
    )

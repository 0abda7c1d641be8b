"""What a skill may fetch: from the hosts of its manifest, over HTTPS, little and soon.

The host of the sandbox has no network itself. It checks the request here and hands it to whoever
has one: `Proxy` takes a callable, `plugins.sandbox.web` is one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from assistant.errors import outline
from plugins.sandbox.wire import MOST_FETCHED, Fetch, Fetched

log = logging.getLogger(__name__)

LIMIT: Final = 10.0
"""Seconds for a request, redirects and all."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a manifest allows."""

    host: str
    """A name or an address, as the manifest has it."""
    port: int
    target: str = field(repr=False)
    """Path and query."""
    method: Literal["GET", "POST"] = "GET"
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """What a request brought."""

    status: int
    body: bytes = field(repr=False)
    """MOST_FETCHED bytes at most."""


class FetchError(Exception):
    """Why nothing was fetched. Its text goes to the skill, and holds nothing that it sent."""


Perform: TypeAlias = Callable[[Request], Awaitable[Page]]
"""Does a request; follows no redirect to another host, and raises FetchError."""


async def no_network(_request: Request) -> Page:
    """For a host that can hand requests to nobody."""
    raise FetchError("there is no network here")


class Proxy:
    """Fetches for one skill."""

    def __init__(self, skill: str, hosts: Collection[str], perform: Perform) -> None:
        """`hosts`: `api.example.org`, `api.example.org:8443`, `192.168.1.5`; nothing else."""
        self._skill = skill
        self._hosts = frozenset(host.lower() for host in hosts)
        self._perform = perform

    async def __call__(self, fetch: Fetch) -> Fetched:
        """The page, or in a few words why there is none."""
        try:
            request = allowed(fetch, self._hosts)
            async with asyncio.timeout(LIMIT):
                page = await self._perform(request)
            if len(page.body) > MOST_FETCHED:
                raise FetchError(f"more than {MOST_FETCHED} bytes")
        except FetchError as error:
            log.info("skill %s fetched nothing: %s", self._skill, error)
            return Fetched(fetch.id, error=str(error))
        except TimeoutError:
            log.info("skill %s fetched nothing: no answer in %g s", self._skill, LIMIT)
            return Fetched(fetch.id, error="no answer in time")
        except Exception as error:  # whatever a network can do, the skill gets an answer
            log.warning("skill %s fetched nothing: %s", self._skill, outline(error))
            return Fetched(fetch.id, error="the network failed")
        return Fetched(fetch.id, page.status, page.body)


def allowed(fetch: Fetch, hosts: Collection[str]) -> Request:
    """The request, if these hosts allow it. Raises FetchError."""
    if (
        not fetch.url.isascii()
        or not fetch.url.isprintable()
        or set(fetch.url) & set(' \\"<>^`{|}')
    ):
        raise FetchError("an address with letters that no address has")
    try:
        parts = urlsplit(fetch.url)
        port = parts.port or 443
    except ValueError:
        raise FetchError("no address") from None
    if parts.scheme != "https":
        raise FetchError("an address that is not https")
    if parts.username is not None or parts.password is not None:
        raise FetchError("an address with a user")
    host = (parts.hostname or "").rstrip(".")
    if not host or not (
        {host, f"{host}:443"} & set(hosts) if port == 443 else f"{host}:{port}" in hosts
    ):
        raise FetchError("a host that the manifest doesn't name")
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    return Request(host, port, target, fetch.method, fetch.body)


def may_connect(address: str, host: str) -> bool:
    """Whether a host's address is one to connect to: public, or the very one that was named."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    try:
        return found == ipaddress.ip_address(host)
    except ValueError:  # a name
        is_tunnel = isinstance(found, ipaddress.IPv6Address) and (found.sixtofour or found.teredo)
        return found.is_global and not found.is_multicast and not is_tunnel

"""Tells the local network of our services (mDNS), so that Home Assistant offers to add them."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
from collections.abc import AsyncIterator, Iterable

import ifaddr
from zeroconf import IPVersion, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from assistant.errors import WyomingError
from plugins.wyoming.address import Address

log = logging.getLogger(__name__)

KIND = "_wyoming._tcp.local."
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # compared with, not bound to


@contextlib.asynccontextmanager
async def announced(name: str, addresses: Iterable[tuple[str, Address]]) -> AsyncIterator[None]:
    """Announce the TCP addresses of services, by kind, for a while.

    Raises WyomingError where it can't: a name that another device has, or no network.
    """
    found = {kind: at for kind, at in addresses if at.kind == "tcp" and _hosts(at)}
    hosts = sorted({host for at in found.values() for host in _hosts(at)})
    if not hosts:
        log.warning("wyoming.announce: there is no tcp:// service with an IPv4 address to tell of")
        yield
        return
    try:
        zeroconf = AsyncZeroconf(interfaces=hosts, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise WyomingError(f"wyoming.announce: {error.strerror}") from None
    try:
        for kind, at in found.items():
            service = AsyncServiceInfo(
                KIND, f"{name} {kind}.{KIND}", port=at.port, parsed_addresses=_hosts(at)
            )
            try:
                await zeroconf.async_register_service(service)
            except NonUniqueNameException:
                raise WyomingError(
                    f"wyoming.name: another device is called {name}; choose another name"
                ) from None
        yield
    finally:
        await zeroconf.async_close()


def _hosts(at: Address) -> list[str]:
    """The addresses of version 4 at which others reach it."""
    if at.host not in _EVERYWHERE:
        try:
            return [str(ipaddress.IPv4Address(at.host))]
        except ValueError:
            return []
    ips = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    own = sorted({str(ip.ip) for ip in ips if ip.is_IPv4})
    return [address for address in own if not address.startswith("127.")] or own

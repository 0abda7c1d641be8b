"""TLS with certificates on both sides, and the reason when it fails."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from pathlib import Path

from assistant.errors import SettingsError
from assistant.settings import DoorSettings
from plugins.door.alarms import Alarm, AlarmKind

PATIENCE = 3.0
"""Seconds for each step of finding out why."""
_THEIRS: dict[int, tuple[AlarmKind, str]] = {
    9: ("certificate-expired", "the broker's certificate is not valid yet"),
    10: ("certificate-expired", "the broker's certificate has expired"),
    62: ("certificate-name", "the broker's certificate is for another name"),
    64: ("certificate-name", "the broker's certificate is for another IP address"),
}
"""By X509_V_ERR_... of OpenSSL; every other is foreign."""
_OURS: dict[str, tuple[AlarmKind, str]] = {
    "CERTIFICATE_EXPIRED": ("certificate-expired", "the broker says our certificate has expired"),
    "UNKNOWN_CA": ("certificate-foreign", "the broker does not know who signed our certificate"),
    "BAD_CERTIFICATE": ("certificate-foreign", "the broker takes our certificate for a bad one"),
    "CERTIFICATE_UNKNOWN": ("certificate-foreign", "the broker does not accept our certificate"),
    "CERTIFICATE_REQUIRED": ("certificate-missing", "the broker wants a certificate of ours"),
    "HANDSHAKE_FAILURE": ("certificate-missing", "the broker wants a certificate of ours"),
    "WRONG_VERSION_NUMBER": ("refused", "the broker does not speak TLS at this port"),
}
"""By the alert that the broker sends (RFC 8446, 6.2), as OpenSSL names it."""


def tls_context(settings: DoorSettings) -> ssl.SSLContext | None:
    """What the connection is protected by; None: nothing, which only loopback may have.

    Raises SettingsError with the key and the file.
    """
    if not settings.tls:
        if not _is_loopback(settings.address or ""):
            raise SettingsError("door.tls: false is for a broker on this machine only (loopback)")
        return None
    if (settings.certificate is None) != (settings.key is None):
        raise SettingsError("door.certificate and door.key: expected both or neither")
    for key in ("ca", "certificate", "key"):
        _check_readable(key, getattr(settings, key))
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except ssl.SSLError:
        raise SettingsError(f"door.ca: {settings.ca}: expected certificates in PEM") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate is not None:
        try:
            # A key with a password would be asked for at the terminal.
            context.load_cert_chain(settings.certificate, settings.key, password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise SettingsError(
                f"door.certificate: {settings.certificate}: expected a certificate in PEM and its "
                "key, without a password"
            ) from None
    return context


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _check_readable(key: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SettingsError(f"door.{key}: {path}: {error.strerror}") from None


async def trouble(address: str, port: int, context: ssl.SSLContext | None) -> Alarm | None:
    """Look why there is no connection; None where nothing can be seen from outside.

    With TLS 1.3 a broker turns our certificate down only after we took the connection for made,
    so something has to be read.
    """
    place = f"{address}:{port}"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return Alarm("unreachable", f"{place} does not answer")
    except OSError as error:
        return Alarm("unreachable", f"{place}: {error.strerror or 'no such name'}")
    try:
        return await _trouble_in_tls(reader, writer, context, address) if context else None
    except OSError as error:
        return _named(error, place)
    finally:
        writer.transport.abort()


async def _trouble_in_tls(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext,
    address: str,
) -> Alarm | None:
    """Raises what OpenSSL raises where a certificate is turned down."""
    try:
        async with asyncio.timeout(PATIENCE):
            await writer.start_tls(context, server_hostname=address)
    except TimeoutError:
        return Alarm("stalled", f"{address} does not answer in TLS")
    except ConnectionError:
        return Alarm("dropped", f"{address} hung up: it may not speak TLS at this port")
    try:
        async with asyncio.timeout(PATIENCE):
            await reader.read(1)
    except TimeoutError:
        pass  # it waits for us to say something: nothing is wrong with the certificates
    return None


def _named(error: BaseException | None, place: str) -> Alarm | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        foreign: tuple[AlarmKind, str] = (
            "certificate-foreign",
            "the broker's certificate is signed by nobody we trust (door.ca)",
        )
        kind, detail = _THEIRS.get(error.verify_code, foreign)
        return Alarm(kind, f"{place}: {detail}")
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        for ending, (kind, detail) in _OURS.items():
            if reason.endswith(ending):
                return Alarm(kind, f"{place}: {detail}")
    return None

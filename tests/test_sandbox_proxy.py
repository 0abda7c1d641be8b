"""What a skill may fetch: the hosts of its manifest, and what they can't do to us."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess

import pytest

from plugins.sandbox import proxy as proxy_module
from plugins.sandbox import web as web_module
from plugins.sandbox.proxy import FetchError, Page, Proxy, Request, allowed, may_connect
from plugins.sandbox.web import Web
from plugins.sandbox.wire import MOST_FETCHED, Fetch, Fetched

HOSTS = {"api.example.org", "[::1]:8443", "192.168.1.5:8443", "other.example.org:8443"}


@pytest.mark.parametrize(
    ("url", "request_"),
    [
        ("https://api.example.org", Request("api.example.org", 443, "/")),
        ("https://API.example.org:443/a%20b?c=d#e", Request("api.example.org", 443, "/a%20b?c=d")),
        ("https://api.example.org./", Request("api.example.org", 443, "/")),
        ("https://192.168.1.5:8443/x", Request("192.168.1.5", 8443, "/x")),
        ("https://other.example.org:8443/", Request("other.example.org", 8443, "/")),
    ],
)
def test_a_named_host_is_fetched_from(url, request_):
    assert allowed(Fetch(1, url), HOSTS) == request_


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/",
        "https://example.org/",
        "https://api.example.org.evil.example/",
        "https://evil.example/api.example.org",
        "https://api.example.org@evil.example/",
        "https://user@api.example.org/",
        "https://:secret@api.example.org/",
        "https://api.example.org:8443/",
        "https://other.example.org/",
        "https://192.168.1.5/",
        "https://192.168.1.6:8443/",
        "https://api.example.org:99999/",
        "https://api.example.org\\@evil.example/",
        "https://api.example.org/\r\nHost: evil.example",
        "https://api.example.org/ x",
        "https://api.example.org\u3002evil.example/",
        "https://\u0430pi.example.org/",
        "//api.example.org/",
        "file:///etc/passwd",
        "https://[::1/",
        "https:///",
        "",
    ],
)
def test_any_other_address_is_not(url):
    with pytest.raises(FetchError):
        allowed(Fetch(1, url), HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.5", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:192.168.1.5", "2002:c0a8:105::", "2001:0:1234::1"),
    ],
)
def test_a_name_that_leads_to_a_private_address_leads_nowhere(address):
    assert not may_connect(address, "api.example.org")


def test_public_addresses_and_those_that_are_named_may_be_connected_to():
    assert may_connect("93.184.216.34", "api.example.org")
    assert may_connect("2606:2800:220:1::1", "api.example.org")
    assert may_connect("192.168.1.5", "192.168.1.5")
    assert may_connect("::ffff:192.168.1.5", "192.168.1.5")
    assert not may_connect("192.168.1.6", "192.168.1.5")


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (FetchError("a redirect to another host"), "a redirect to another host"),
        (OSError("banana"), "the network failed"),
        (Page(200, bytes(MOST_FETCHED + 1)), f"more than {MOST_FETCHED} bytes"),
        (None, "no answer in time"),
    ],
)
async def test_whatever_goes_wrong_the_skill_gets_an_answer(outcome, error, monkeypatch, caplog):
    monkeypatch.setattr(proxy_module, "LIMIT", 0.05)

    async def perform(_request: Request) -> Page:
        if outcome is None:
            await asyncio.sleep(60)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    fetch = Fetch(7, "https://api.example.org/banana")
    assert await Proxy("weather", HOSTS, perform)(fetch) == Fetched(7, error=error)
    assert "banana" not in caplog.text


@pytest.fixture
async def server(tmp_path):
    """An HTTPS server on loopback that answers by the path asked for."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=here -addext"
    names = ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    command = [*make.split(), *names]
    subprocess.run(command, check=True, capture_output=True)  # noqa: ASYNC221  # before the test
    seen: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.append(head)
        path = head.split()[1]
        target = path.removeprefix("/to/")
        if path.startswith("/to/"):
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\n\r\n".encode())
        elif path == "/big":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(MOST_FETCHED + 1))
        elif path == "/slow":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
            await writer.drain()
            await asyncio.sleep(0.5)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsunny")
        writer.close()

    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=theirs) as running:
        port = running.sockets[0].getsockname()[1]
        ours = ssl.create_default_context(cafile=str(certificate))
        yield Web(ours), port, seen


async def test_a_page_is_fetched_and_a_body_sent(server):
    web, port, seen = server
    assert await web(Request("127.0.0.1", port, "/today")) == Page(200, b"sunny")
    assert await web(Request("127.0.0.1", port, "/to//today")) == Page(200, b"sunny")
    assert await web(Request("127.0.0.1", port, "/x", "POST", b"{}")) == Page(200, b"sunny")
    assert [head.split("\r\n")[0] for head in seen][-1] == "POST /x HTTP/1.1"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/to/https://evil.example/", "a redirect to another host"),
        ("/to/http://127.0.0.1/", "a redirect to another host"),
        ("/to/https://127.0.0.1:1/", "a redirect to another host"),
        ("/to//to//to//to//today", "too many redirects"),
        ("/big", "more than"),
        ("/slow", "TimeoutError|no answer in time"),
    ],
)
async def test_what_a_server_may_not_do(server, target, error, monkeypatch):
    monkeypatch.setattr(web_module, "LIMIT", 0.3)
    web, port, _ = server
    with pytest.raises(FetchError, match=error):
        await web(Request("127.0.0.1", port, target))


async def test_a_server_that_nobody_vouches_for_is_not_asked(server):
    _, port, seen = server
    with pytest.raises(FetchError, match="SSLCertVerificationError"):
        await Web()(Request("127.0.0.1", port, "/today"))
    assert seen == []


async def test_a_name_on_a_private_address_is_not_connected_to(server):
    web, port, seen = server
    with pytest.raises(FetchError, match="localhost is at no address that may be reached"):
        await web(Request("localhost", port, "/today"))
    assert seen == []

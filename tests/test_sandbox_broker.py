"""Files by request: the host opens what a skill may use, whatever path it asks for."""

from __future__ import annotations

import errno
import json
import os
import socket

import pytest

from plugins.sandbox import broker as broker_module
from plugins.sandbox import storage
from plugins.sandbox.broker import Broker
from plugins.sandbox.closed import WireError


@pytest.fixture
def served(tmp_path):
    (tmp_path / "own" / "sub").mkdir(parents=True)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "module.py").write_text("code")
    (tmp_path / "secret").write_text("secret")
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    broker = Broker(ours, (tmp_path / "code",), tmp_path / "own")

    def ask(verb, path, to="", flags=0):
        its.sendall(json.dumps({"verb": verb, "path": path, "to": to, "flags": flags}).encode())
        assert broker.serve()
        data, handed, _, _ = socket.recv_fds(its, 65_536, 1)
        return json.loads(data), handed

    with ours, its:
        yield ask, tmp_path, its, broker


def test_own_files_are_opened_and_code_is_read(served):
    ask, base, _, _ = served
    _, (made,) = ask("open", f"{base}/own/sub/note", flags=os.O_WRONLY | os.O_CREAT)
    os.write(made, b"words")
    os.close(made)
    assert ask("list", f"{base}/own/sub")[0]["names"] == ["note"]
    assert ask("stat", f"{base}/own/sub/note")[0]["stat"][6] == 5
    assert ask("rename", f"{base}/own/sub/note", f"{base}/own/kept")[0] == {"error": 0}
    _, (code,) = ask("open", f"{base}/code/module.py")
    assert os.read(code, 9) == b"code"
    os.close(code)
    assert ask("unlink", f"{base}/own/kept")[0] == {"error": 0}
    assert ask("rmdir", f"{base}/own/sub")[0] == {"error": 0}
    assert os.listdir(base / "own") == []  # noqa: PTH208


@pytest.mark.parametrize(
    ("verb", "path", "flags"),
    [
        ("open", "{base}/secret", os.O_RDONLY),
        ("open", "{base}/own/../secret", os.O_RDONLY),
        ("open", "{base}/own/link", os.O_RDONLY),
        ("open", "{base}/own/way/secret", os.O_RDONLY),
        ("open", "{base}/code/module.py", os.O_WRONLY),
        ("open", "{base}/code/module.py", os.O_RDONLY | os.O_TRUNC),
        ("open", "{base}/code/new.py", os.O_CREAT | os.O_RDWR),
        ("open", "{base}/own", os.O_RDONLY),
        ("open", "{base}/own/pipe", os.O_RDONLY),
        ("open", "/proc/self/environ", os.O_RDONLY),
        ("open", "own/x", os.O_RDONLY),
        ("list", "{base}", 0),
        ("stat", "{base}/secret", 0),
        ("mkdir", "{base}/new", 0),
        ("unlink", "{base}/secret", 0),
        ("unlink", "{base}/own/way/secret", 0),
        ("rmdir", "{base}/own", 0),
        ("rename", "{base}/secret", 0),
    ],
)
def test_nothing_else_is(served, verb, path, flags):
    ask, base, _, _ = served
    (base / "own" / "link").symlink_to(base / "secret")
    (base / "own" / "way").symlink_to(base)
    os.mkfifo(base / "own" / "pipe")
    before = sorted(base.rglob("*"))
    answer, handed = ask(verb, path.format(base=base), f"{base}/own/mine", flags)
    assert (answer["error"] != 0, handed) == (True, [])
    assert sorted(base.rglob("*")) == before


def test_nothing_is_moved_out(served):
    ask, base, _, _ = served
    (base / "own" / "note").write_text("words")
    assert ask("rename", f"{base}/own/note", f"{base}/note")[0] == {"error": errno.EACCES}


@pytest.mark.parametrize("nonsense", [b"{", b"[]", b'{"verb":"run","path":"/"}', b'{"path":1}'])
def test_nonsense_and_floods_are_an_error(served, nonsense, monkeypatch):
    _, _, its, broker = served
    its.sendall(nonsense)
    with pytest.raises(WireError, match="no request"):
        broker.serve()
    monkeypatch.setattr(broker_module, "MOST_REQUESTS", 1)
    its.sendall(nonsense)
    with pytest.raises(WireError, match="more than 1 requests"):
        broker.serve()


def test_the_end_of_the_line_is_the_end(served):
    _, _, its, broker = served
    assert broker.serve()
    its.close()
    assert not broker.serve()


def test_what_a_directory_holds_is_counted_without_following_links(tmp_path):
    (tmp_path / "own" / "deep").mkdir(parents=True)
    (tmp_path / "own" / "deep" / "file").write_bytes(bytes(100_000))
    (tmp_path / "big").write_bytes(bytes(10_000_000))
    (tmp_path / "own" / "link").symlink_to(tmp_path / "big")
    (tmp_path / "own" / "up").symlink_to(tmp_path)
    assert 100_000 <= storage.held(tmp_path / "own", 1 << 30) < 200_000
    assert storage.held(tmp_path / "own", 50_000) > 50_000


def test_many_empty_files_are_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "MOST_FILES", 10)
    for number in range(12):
        (tmp_path / str(number)).touch()
    assert storage.held(tmp_path, 1 << 30) > 1 << 30

"""`sotto models` against a server of our own on this machine."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistant.commands import fetching, models
from assistant.model_catalogue import MODELS, Model, ModelFile
from tests.cli import here, one_line

CONTENT = {"model.bin": bytes(range(256)) * 8192, "config.json": b"{}", "tokenizer.json": b"[]"}


def listing(name, content):
    """A catalogue entry for files that the server has."""
    files = [
        ModelFile(file, len(data), hashlib.sha256(data).hexdigest())
        for file, data in content.items()
    ]
    return Model(name, f"Nobody/{name}", "0" * 40, "a test", tuple(files))


SMALL = listing("small.test", CONTENT)


class Hub(ThreadingHTTPServer):
    """Serves CONTENT as the hub does, and misbehaves on demand."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = dict(CONTENT)
        self.requests = []
        self.status = 200
        self.break_after = []
        self.ranges = True
        self.redirect = None
        self.hold = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        hub = self.server
        wanted = self.headers.get("Range")
        hub.requests.append((self.path, wanted))
        if hub.redirect and not self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", hub.redirect + self.path)
            self.end_headers()
            return
        if hub.status != 200:
            self.send_error(hub.status)
            return
        name = self.path.rsplit("/", 1)[-1]
        data = hub.content[name]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if hub.break_after and name == "model.bin":
            end = min(end, start + hub.break_after.pop(0))
        if hub.hold and name == "model.bin":
            self.wfile.write(data[start : start + 500_000])
            hub.hold.wait(20)
            return
        self.wfile.write(data[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("SOTTO_MODELS_URL", server.url)
    monkeypatch.setattr(fetching, "PATIENCE", 0.01)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    names = ("small.test", "other.test", "third.test")
    monkeypatch.setattr(models, "MODELS", {name: replace(SMALL, name=name) for name in names})
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def state_of(tmp_path):
    """Everything that lies in the state directory."""
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))


NOTHING = ["models"]
ALL = sorted([*NOTHING, "models/small.test", *(f"models/small.test/{name}" for name in CONTENT)])


def fetch(tmp_path):
    return here("models", "fetch", "small.test", "--state", tmp_path)


def test_a_model_is_fetched_checked_and_found_again(hub, tmp_path):
    ran = fetch(tmp_path)
    assert ran.status == 0
    assert ran.out == f"{tmp_path}/models/small.test\n"
    assert state_of(tmp_path) == ALL
    for name, data in CONTENT.items():
        assert (tmp_path / "models/small.test" / name).read_bytes() == data
    assert hub.requests[0][0] == f"/Nobody/small.test/resolve/{'0' * 40}/model.bin"
    path = here("models", "path", "small.test", "--state", tmp_path)
    assert (path.status, path.out) == (0, ran.out)
    hub.requests.clear()
    again = fetch(tmp_path)
    assert (again.status, again.out, hub.requests) == (0, ran.out, [])
    assert "already" in again.err


def test_list_tells_what_is_here_damaged_or_absent(hub, tmp_path):
    assert fetch(tmp_path).status == 0
    shutil.copytree(tmp_path / "models/small.test", tmp_path / "models/other.test")
    (tmp_path / "models/other.test/config.json").write_bytes(b"[]")
    asked = len(hub.requests)
    ran = here("models", "list", "--json", "--state", tmp_path)
    assert ran.status == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["state"] for line in lines] == ["there", "damaged", "absent"]
    assert lines[0]["bytes"] == sum(map(len, CONTENT.values()))
    people = here("models", "list", "--state", tmp_path).out
    assert "config.json has the wrong checksum; fetch it again" in people
    assert len(hub.requests) == asked, "only fetch asks the server"


def test_a_damaged_model_is_replaced_by_fetching_it_again(hub, tmp_path):
    fetch(tmp_path)
    (tmp_path / "models/small.test/model.bin").write_bytes(b"half")
    assert fetch(tmp_path).status == 0
    assert state_of(tmp_path) == ALL
    assert (tmp_path / "models/small.test/model.bin").read_bytes() == CONTENT["model.bin"]


def refused(ran, *said):
    assert ran.status == 1
    assert ran.out == ""
    last = ran.err.splitlines()[-1]
    assert one_line(last)
    for words in said:
        assert words in last
    return True


def test_a_file_with_another_checksum_is_refused_and_nothing_is_kept(hub, tmp_path):
    hub.content["model.bin"] = CONTENT["model.bin"][:-1] + b"\0"
    assert refused(fetch(tmp_path), "model.bin", "checksum")
    assert state_of(tmp_path) == NOTHING


def test_a_file_that_is_too_long_is_refused(hub, tmp_path):
    hub.content["config.json"] += b" "
    assert refused(fetch(tmp_path), "config.json", "larger")
    assert state_of(tmp_path) == NOTHING


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_a_download_that_breaks_is_taken_up_where_it_broke(hub, tmp_path, ranges):
    hub.ranges = ranges
    hub.break_after = [700_000, 800_000] if ranges else [700_000, 900_000]
    assert fetch(tmp_path).status == 0
    assert state_of(tmp_path) == ALL
    taken_up = [wanted for _, wanted in hub.requests if wanted]
    assert taken_up[0] == "bytes=700000-"


def test_a_download_that_only_breaks_is_given_up_and_nothing_is_kept(hub, tmp_path):
    hub.break_after = [500_000] + [0] * 20
    assert refused(fetch(tmp_path), "127.0.0.1", "500000 of 2097152 bytes")
    assert state_of(tmp_path) == NOTHING
    assert len(hub.requests) == 1 + fetching.ATTEMPTS


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_server_that_refuses_is_named_with_its_answer(hub, tmp_path, status):
    hub.status = status
    assert refused(fetch(tmp_path), hub.url, str(status))
    assert state_of(tmp_path) == NOTHING


def test_a_redirect_is_followed(hub, tmp_path):
    hub.redirect = f"{hub.url}/moved"
    assert fetch(tmp_path).status == 0


def test_a_redirect_out_of_encryption_is_refused():
    request = fetching.urllib.request.Request("https://safe.test/a")
    with pytest.raises(fetching.ModelError, match="without encryption"):
        fetching._Redirects().redirect_request(request, None, 302, "", None, "http://open.test/a")


def test_without_a_network_it_says_so_and_what_else_can_be_done(tmp_path, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("SOTTO_MODELS_URL", f"http://127.0.0.1:{port}")
    ran = fetch(tmp_path)
    assert refused(ran, f"127.0.0.1:{port}: Connection refused", "copy the model's directory")
    assert state_of(tmp_path) == NOTHING


def test_too_little_room_is_seen_before_anything_is_fetched(hub, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    assert refused(fetch(tmp_path), "needs 22.1 MB, only 1.0 MB are free", "--state")
    assert hub.requests == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(hub, tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetching.os, "fsync", full)
    assert refused(fetch(tmp_path), str(tmp_path), "No space left on device")
    assert state_of(tmp_path) == NOTHING


def test_two_at_once_are_refused(hub, tmp_path):
    directory = tmp_path / "models"
    directory.mkdir()
    with fetching._alone(directory, "small.test"):
        assert refused(fetch(tmp_path), "another process is fetching")


def test_what_a_killed_fetch_left_is_cleared_away(hub, tmp_path):
    left = tmp_path / "models/.small.test.partial"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"half")
    assert fetch(tmp_path).status == 0
    assert state_of(tmp_path) == ALL


PROGRAM = """
import sys
sys.path[:0] = {path!r}
from assistant import __main__
from assistant.commands import models
from tests.test_models_command import SMALL
models.MODELS = {{SMALL.name: SMALL}}
sys.exit(__main__.main(["models", "fetch", SMALL.name, "--state", {state!r}]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_midway_leaves_nothing(hub, tmp_path, number):
    hub.hold = threading.Event()
    code = PROGRAM.format(path=sys.path, state=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    partial = tmp_path / "models/.small.test.partial/model.bin"
    deadline = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    hub.hold.set()
    assert process.returncode == 130
    assert (out, b"Traceback" in err) == (b"", False)
    assert state_of(tmp_path) == NOTHING


def test_an_interrupted_download_does_not_go_on_behind_the_scenes(hub, tmp_path):
    hub.hold = threading.Event()
    interrupt = iter([lambda: os.kill(os.getpid(), signal.SIGINT)])

    def progress(*_):
        next(interrupt, int)()

    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(SMALL, tmp_path, hub.url, progress)
    assert state_of(tmp_path) == []
    hub.hold.set()
    for thread in threading.enumerate():
        if thread.name == "fetch":
            thread.join(20)
    assert len(hub.requests) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch"], "say which model to fetch: small.test"),
        (["fetch", "huge"], "there is no model huge; there are small.test"),
        (["path", "../.."], "there is no model ../.."),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(tmp_path, arguments, said):
    ran = here("models", *arguments, "--state", tmp_path)
    assert ran.status == 2
    assert said in ran.err


def test_the_path_of_a_model_that_is_not_there_says_how_to_get_it(tmp_path):
    ran = here("models", "path", "small.test", "--state", tmp_path)
    assert (ran.status, ran.out) == (1, f"{tmp_path}/models/small.test\n")
    assert "`sotto models fetch small.test` gets it" in ran.err
    assert here("models", "path", "--state", tmp_path).out == f"{tmp_path}/models\n"


def test_an_address_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SOTTO_MODELS_URL", "file:///etc")
    ran = fetch(tmp_path)
    assert ran.status == 2
    assert "SOTTO_MODELS_URL" in ran.err


def test_the_bar_moves_on_a_terminal_and_is_a_line_elsewhere(monkeypatch, capsys):
    with models._Bar() as bar:
        bar.show("model.bin", 50, 100)
        bar.show("model.bin", 100, 100)
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with models._Bar() as bar:
        bar.show("model.bin", 50, 100)
        bar.show("model.bin", 100, 100)
    moved = capsys.readouterr().err
    assert "50 %" in moved
    assert "[########################] 100 %" in moved


def test_the_catalogue_is_whole():
    for name, model in MODELS.items():
        files = {file.name for file in model.files}
        assert model.name == name
        assert re.fullmatch(r"[0-9a-f]{40}", model.revision)
        assert {"model.bin", "config.json", "tokenizer.json"} <= files
        assert files & {"vocabulary.txt", "vocabulary.json"}
        for file in model.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.size > 0
    weights = [model.files[0].sha256 for model in MODELS.values()]
    assert len(set(weights)) == len(weights)

"""Fetches a model: every file checked, and all of it in its place or nothing."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, TypeAlias

from assistant.errors import ModelError
from assistant.model_catalogue import Model, ModelFile
from pipeline.worker import Worker

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the file's name, the bytes there are of it and the bytes there will be."""
HUB = "https://huggingface.co"
ATTEMPTS = 5
"""How often in a row a broken connection is taken up without a byte coming."""
PATIENCE = 1.0
"""Seconds before it is taken up; twice as long after every failure."""
STALLED = 30.0
"""Seconds without a byte after which a connection counts as broken."""
_CHUNK = 1 << 18
_SPARE = 20_000_000
"""Bytes left free on the disk."""


class _BrokenError(Exception):
    """A connection that broke; what came so far is good."""


def fetch(model: Model, directory: Path, address: str, progress: Progress) -> Path:
    """Fetch a model from `address` into a directory of its name below `directory`.

    The files are written beside it, checked against the catalogue, flushed to the disk and
    moved there in one step; whatever ends this earlier leaves nothing behind. A broken
    connection is taken up where it broke, a few times. Raises ModelError, which names what
    is wrong and what to do.
    """
    target = directory / model.name
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(directory, model.name) as partial:
            _check_room(model, directory)
            stop = threading.Event()
            with Worker("fetch") as worker:
                # On a thread, so that an interrupt is never kept waiting by a name server.
                done = worker.submit(_fetch_all, model, partial, address, progress, stop)
                _await(done, stop)
            _put_in_place(partial, target)
    except OSError as error:
        raise ModelError(f"{error.filename or directory}: {error.strerror or error}") from error
    return target


def damage(model: Model, directory: Path) -> str | None:
    """Say what is wrong with the files of a model in its directory, or None if nothing is."""
    for file in model.files:
        path = directory / model.name / file.name
        try:
            if path.stat().st_size != file.size:
                return f"{file.name} has the wrong size"
            with path.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                    return f"{file.name} has the wrong checksum"
        except OSError as error:
            return f"{file.name}: {error.strerror}"
    return None


@contextlib.contextmanager
def _alone(directory: Path, name: str) -> Iterator[Path]:
    """Give an empty directory to write into, ours alone, and remove it in the end."""
    partial = directory / f".{name}.partial"
    with _opened(directory) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(f"{directory}: another process is fetching a model") from None
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700)
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check_room(model: Model, directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < model.size + _SPARE:
        raise ModelError(
            f"{directory}: {model.name} needs {megabytes(model.size + _SPARE)}, "
            f"only {megabytes(free)} are free; choose another place with --state DIR"
        )


def megabytes(size: int) -> str:
    """Give a size in bytes as people write it."""
    return f"{size / 1e6:.1f} MB"


def _await(done: Future[None], stop: threading.Event) -> None:
    try:
        done.result()
    finally:
        stop.set()


def _put_in_place(partial: Path, target: Path) -> None:
    _flush(partial)
    old = partial.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    _flush(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _flush(directory: Path) -> None:
    with _opened(directory) as descriptor:
        os.fsync(descriptor)


def _fetch_all(
    model: Model, partial: Path, address: str, progress: Progress, stop: threading.Event
) -> None:
    for file in model.files:
        source = f"{address.rstrip('/')}/{model.repository}/resolve/{model.revision}/{file.name}"
        _fetch_file(file, source, partial / file.name, progress, stop)


def _fetch_file(
    file: ModelFile, source: str, path: Path, progress: Progress, stop: threading.Event
) -> None:
    digest = hashlib.sha256()
    with path.open("xb") as output:
        fruitless = 0
        while output.tell() < file.size:
            start = output.tell()
            try:
                for chunk in _chunks(source, start, file.size):
                    output.write(chunk)
                    digest.update(chunk)
                    progress(file.name, output.tell(), file.size)
                    if stop.is_set():
                        return
            except _BrokenError as error:
                fruitless = 0 if output.tell() > start else fruitless + 1
                if not output.tell() or fruitless == ATTEMPTS:
                    raise ModelError(_unreachable(source, error)) from error
                if stop.wait(PATIENCE * 2**fruitless):
                    return
        output.flush()
        os.fsync(output.fileno())
    if digest.hexdigest() != file.sha256:
        raise ModelError(f"{source}: not the file we know, its checksum differs; nothing was kept")


def _unreachable(source: str, error: Exception) -> str:
    host = urllib.parse.urlsplit(source).netloc
    return (
        f"{host}: {error}. Models come from there, and only when this command is called; "
        f"without a network, copy the model's directory from another machine to where "
        f"`sotto models path NAME` says"
    )


def _chunks(source: str, start: int, size: int) -> Iterator[bytes]:
    """Give the bytes of a file from `start` to `size`; more than that is refused."""
    request = urllib.request.Request(source, headers={"User-Agent": "sotto"})  # noqa: S310  # http
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with _OPENER.open(request, timeout=STALLED) as answer:
            there = start if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
            while there < size:
                chunk = answer.read(min(_CHUNK, size - there))
                if not chunk:
                    raise _BrokenError(f"the connection ended after {there} of {size} bytes")
                there += len(chunk)
                if there > start:
                    yield chunk[-(there - start) :]
                    start = there
            if answer.read(1):
                raise ModelError(f"{source}: larger than the file we know; nothing was kept")
    except urllib.error.HTTPError as error:
        error.close()
        if start:
            raise _BrokenError(f"the server answers {error.code}") from error
        raise ModelError(f"{source}: the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise _BrokenError(getattr(reason, "strerror", None) or str(reason)) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect, but never from an encrypted address to an open one."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Give the request that follows, or fail."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise ModelError(f"{req.full_url}: redirected to an address without encryption")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_Redirects)

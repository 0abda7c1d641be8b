#!/usr/bin/env python3
"""Checks an audit log of Sotto, its checkpoints, deletion receipts and proofs, on any machine.

Needs Python 3.9, nothing else, and the public key (`sotto audit key`, kept since the start):

    verify_audit.py --key KEY audit.log audit.head witnessed.txt receipts.json
    verify_audit.py --key KEY exported-directory

A checkpoint that was kept elsewhere shows what was changed, deleted, moved or cut off since, and
a log put back from an old copy. Ends with 0: right, 1: not right, 2: can't be checked.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x * y = T/Z
Paper = dict[str, Any]


class WrongError(Exception):
    """Something does not hold."""


def add(a: Point, b: Point) -> Point:
    """Add two points of the curve."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    w, x, y, z = (f - e) % P, (h - g) % P, (h + g) % P, (f + e) % P
    return (w * x % P, y * z % P, x * y % P, w * z % P)


def times(scalar: int, point: Point) -> Point:
    """Multiply a point."""
    result: Point = (0, 1, 1, 0)
    while scalar:
        result = add(result, point) if scalar & 1 else result
        point, scalar = add(point, point), scalar >> 1
    return result


def decompress(data: bytes) -> Point:
    """Find the point of 32 bytes."""
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    sign = data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise WrongError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def compress(point: Point) -> bytes:
    """Give the 32 bytes of a point."""
    x, y = (part * pow(point[2], -1, P) % P for part in point[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the Ed25519 signature is right (RFC 8032, section 5.1.7)."""
    key = decompress(public)
    scalar = int.from_bytes(signature[32:], "little")
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little")
    minus = (P - key[0], key[1], 1, P - key[3])
    result = compress(add(times(scalar, BASE), times(challenge, minus)))
    return len(signature) == 64 and scalar < ORDER and signature[:32] == result


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def roots(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The roots of the tree at these sizes."""
    found: dict[int, bytes] = {}
    peaks: list[bytes] = []
    for size in range(len(leaves) + 1):
        if size in sizes:
            root = peaks[-1] if peaks else hashlib.sha256(b"").digest()
            for peak in peaks[-2::-1]:
                root = node_hash(peak, root)
            found[size] = root
        if size < len(leaves):
            carried, bits = hashlib.sha256(b"\0" + leaves[size]).digest(), size
            while bits & 1:
                carried, bits = node_hash(peaks.pop(), carried), bits >> 1
            peaks.append(carried)
    return found


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether the way from an entry leads to the root."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = node_hash(sibling, value)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and value == root


def read_key(text: str) -> bytes:
    """The public key in NAME+ID+BASE64."""
    name, identity, encoded = [*text.strip().split("+", 2), "", ""][:3]
    raw = base64.b64decode(encoded)
    digest = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()
    if (len(raw), raw[:1], identity) != (33, b"\1", digest[:8]):
        raise ValueError("not a key as `sotto audit key` prints it: NAME+ID+BASE64")
    return raw[1:]


def checkpoint(note: str, keys: list[bytes]) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint (C2SP) that one of the keys signed."""
    text, blank, signatures = note.rpartition("\n\n")
    origin, *lines = text.split("\n")
    if not blank or len(lines) < 2 or not all(lines) or not lines[0].isdecimal():
        raise WrongError("not a checkpoint")
    known = {hashlib.sha256(origin.encode() + b"\n\1" + key).digest()[:4]: key for key in keys}
    found: list[bool] = []
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = base64.b64decode(encoded)
        if dash == "\N{EM DASH}" and name == origin and raw[:4] in known:
            found.append(is_signed(known[raw[:4]], raw[4:], f"{text}\n".encode()))
    if not (found and all(found)):
        raise WrongError("a checkpoint that this key did not sign, or that was changed")
    return origin, int(lines[0]), base64.b64decode(lines[1], validate=True)


def read_log(data: bytes) -> tuple[str, list[bytes]]:
    """Origin and entries of a log."""
    lines = data.split(b"\n")
    leaves: list[bytes] = []
    finished = 0
    for mark, _, leaf in (line.partition(b" ") for line in lines[1:]):
        if not leaf:
            break
        leaves.append(leaf)
        finished = finished if mark == b"+" else len(leaves)
    return lines[0][14:].decode("utf-8", "replace"), leaves[:finished]


def check_proof(proof: Paper, keys: list[bytes]) -> tuple[bytes, Paper]:
    """The entry that a proof proves: as it was hashed, and read."""
    _, size, root = checkpoint(proof["checkpoint"], keys)
    leaf, entry = proof["entry"].encode(), json.loads(proof["entry"])
    path = [base64.b64decode(sibling) for sibling in proof["path"]]
    if not is_included(leaf, entry["n"], size, path, root):
        raise WrongError(f"entry {entry['n']} is not in its checkpoint")
    return leaf, entry


def check_receipt(receipt: Paper, keys: list[bytes]) -> tuple[bytes, Paper]:
    """The deletion entry behind a receipt: as it was hashed, and read."""
    fields = dict(receipt)
    signature = base64.b64decode(fields.pop("signature"))
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    if not any(is_signed(key, signature, b"sotto receipt 1\n" + canonical) for key in keys):
        raise WrongError("this key did not sign it, or it was changed")
    leaf, entry = check_proof(receipt["proof"], keys)
    lines = "".join(f"{kind} {label} {digest}\n" for kind, label, digest in receipt["keys"])
    digest = hashlib.sha256(b"sotto destroyed keys 1\n" + lines.encode()).hexdigest()
    told = [entry.get(name) or "" for name in ("kind", "reason", "subject", "digest", "counts")]
    rows = {f"rows-{name}": number for name, number in receipt["rows"].items()} or ""
    if told != ["deletion", receipt["reason"], receipt["subject"], digest, rows]:
        raise WrongError("it says something else than its entry in the log")
    return leaf, entry


class Check:
    """Everything that was given, held against everything else."""

    def __init__(self, keys: list[bytes]) -> None:
        self.keys = keys
        self.log: tuple[str, str, list[bytes]] | None = None
        self.notes: list[tuple[str, str]] = []
        self.papers: list[tuple[str, bytes]] = []
        self.problems = 0

    def say(self, name: str, text: str, *, is_wrong: bool = False) -> None:
        """Print a line, and count what is wrong."""
        self.problems += is_wrong
        print("WRONG" if is_wrong else "right", f"{name}: {text}")

    def take(self, path: Path) -> None:
        """Find out what a file is, and remember it."""
        data = path.read_bytes()
        if data.startswith(b"sotto-audit/1 "):
            self.log = (str(path), *read_log(data))
        elif b"\n\n\xe2\x80\x94 " in data:
            self.notes.append((str(path), data.decode("utf-8", "replace")))
        else:
            self.papers += [(str(path), line) for line in data.splitlines() or [b""]]

    def run(self) -> None:
        """Check all of it."""
        heads = []
        for name, note in self.notes:
            try:
                heads.append((name, *checkpoint(note, self.keys)))
            except (WrongError, ValueError):
                self.say(name, "changed, or not signed by this key", is_wrong=True)
        if self.log:
            self.check_log(*self.log, heads)
        for name, *_ in () if self.log else heads:
            self.say(name, "signed by this key; there is no log to hold it against")
        for name, paper in self.papers:
            try:
                self.check_paper(name, json.loads(paper))
            except WrongError as error:
                self.say(name, str(error), is_wrong=True)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.say(name, "not known here, or not whole", is_wrong=True)

    def check_log(self, name: str, origin: str, leaves: list[bytes], heads: list[Any]) -> None:
        """Hold the log against every checkpoint."""
        found = roots(leaves, {size for _, _, size, _ in heads})
        for path, whose, size, root in heads:
            if whose != origin:
                self.say(path, f"of another log, {whose}; this one is {origin}", is_wrong=True)
            elif size > len(leaves):
                self.say(path, f"{size} entries, the log has {len(leaves)}", is_wrong=True)
            elif found[size] != root:
                self.say(path, f"the log's first {size} entries are others", is_wrong=True)
            else:
                self.say(path, f"the log's first {size} of {len(leaves)} entries are those")
        if not heads:
            self.say(name, "no checkpoint that is right: nothing proves it", is_wrong=True)

    def check_paper(self, name: str, paper: Paper) -> None:
        """Check a receipt or a proof, and hold it against the log."""
        is_receipt = "receipt" in paper
        leaf, entry = (check_receipt if is_receipt else check_proof)(paper, self.keys)
        leaves = self.log[2] if self.log else []
        if self.log and leaves[entry["n"] : entry["n"] + 1] != [leaf]:
            raise WrongError(f"entry {entry['n']} is not the one in the log")
        text = f"entry {entry['n']} ({entry['kind']}) is in the log"
        if is_receipt:
            when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(paper["at"]))
            text += f"; {len(paper['keys'])} keys destroyed, {when}"
            for label, digest in (key[1:] for key in paper["keys"] if key[0] == "consent"):
                self.check_key(label, digest, leaves[: entry["n"]])
        self.say(name, text)

    def check_key(self, label: str, digest: str, leaves: list[bytes]) -> None:
        """Hold the commitment to a consent's key against what was logged when it was made."""
        named = b'"label":"%b"' % label.encode()
        made = [leaf for leaf in leaves if b'"kind":"key-created"' in leaf and named in leaf]
        if made and json.loads(made[-1]).get("digest") != digest:
            raise WrongError(f"the key of {label} is another than the one that was made")


def main(arguments: list[str] | None = None) -> int:
    """Check what the arguments name."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--key", action="append", required=True, help="public key, or a file of it")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_DIRECTORY")
    given = parser.parse_args(arguments)
    try:
        keys = [text if "+" in text else Path(text).read_text("ascii") for text in given.key]
        check = Check(list(map(read_key, keys)))
        for path in given.paths:
            for file in sorted(path.iterdir() if path.is_dir() else [path]):
                check.take(file)
        check.run()
    except (OSError, ValueError, WrongError) as error:
        print(f"verify_audit: {error}", file=sys.stderr)
        return 2
    return 1 if check.problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""One entry of the audit log with what proves it: for a holder of the public key alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import AuditError
from storage.checkpoint import Checkpoint, read_checkpoint
from storage.entry import Entry, decode
from storage.merkle import is_included, leaf_hash


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, a signed checkpoint, and the way from the one to the other."""

    leaf: bytes
    """The entry as it was hashed."""
    path: tuple[bytes, ...]
    """The siblings up to the root, 32 bytes each, lowest first."""
    checkpoint: str
    """A signed note."""

    def fields(self) -> dict[str, Any]:
        """The proof as JSON has it."""
        path = [base64.b64encode(sibling).decode() for sibling in self.path]
        return {"entry": self.leaf.decode(), "path": path, "checkpoint": self.checkpoint}

    def check(self, public: bytes) -> tuple[int, Entry, Checkpoint]:
        """What is proven: position, entry, and the checkpoint it is in. Raises AuditError."""
        checkpoint = read_checkpoint(self.checkpoint, public)
        index, entry = decode(self.leaf)
        hashed = leaf_hash(self.leaf)
        if not is_included(hashed, index, checkpoint.size, self.path, checkpoint.root):
            raise AuditError(f"entry {index} is not in the checkpoint of {checkpoint.size} entries")
        return index, entry, checkpoint


def read_proof(fields: Mapping[str, Any]) -> Proof:
    """Read it back. Raises AuditError for what is no proof; `check` says whether it proves."""
    try:
        path = tuple(base64.b64decode(text, validate=True) for text in fields["path"])
        leaf, checkpoint = fields["entry"].encode("ascii"), fields["checkpoint"]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise AuditError("not a proof of an audit entry") from None
    if not isinstance(checkpoint, str) or any(len(sibling) != 32 for sibling in path):
        raise AuditError("not a proof of an audit entry")
    return Proof(leaf, path, checkpoint)


def canonical(fields: Mapping[str, Any]) -> str:
    """JSON in one form: sorted, on one line, ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))

"""The JSON Schema of a policy file, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from policies.model import PolicyFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema; what it accepts the loader may still refuse (a consent id used twice)."""
    return {
        "$schema": DIALECT,
        **PolicyFile.model_json_schema(),
        "title": "Sotto policy",
    }

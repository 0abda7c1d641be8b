"""Reads a cloud skill from a YAML file: sentences as any file of them, and where they are answered.

cloud:
  destination: weather
  fallback: I can't reach the weather service right now.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import ManifestError
from assistant.strictyaml import Document
from pipeline.sentences import SentenceFile
from plugins.described import checked
from plugins.door.cloud import CloudSkill
from plugins.door.speakable import LONGEST_REPLY

CLOUD: Final = "cloud"
"""The key that makes a file of sentences a cloud skill."""

_Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


class _Cloud(BaseModel):
    """What stands under `cloud`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    destination: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    fallback: Annotated[str, Field(min_length=1, max_length=LONGEST_REPLY)]
    intents: tuple[_Name, ...] = ()


def read_cloud(document: Document, name: str) -> tuple[CloudSkill, SentenceFile]:
    """The skill of this name in a file, and its sentences.

    Raises ManifestError or SentencesError with the file, the line and the key.
    """
    values = dict(document.values)
    try:
        cloud = _Cloud.model_validate(values.pop(CLOUD))
    except ValidationError as error:
        raise ManifestError(_mistake(document, error)) from None
    if "responses" in values:
        where = document.where(("responses",))
        raise ManifestError(f"{where}: a cloud skill is answered elsewhere; say it in its fallback")
    (file,) = checked(document.with_values(values), name)
    intents = dict.fromkeys((*file.values["intents"], *cloud.intents))
    if not intents:
        raise ManifestError(
            f"{document.path}: there are no sentences in it; add them under intents:, or name "
            "intents that are understood already under cloud: intents:"
        )
    sentences: dict[str, tuple[str, ...]] = dict.fromkeys(intents, ())
    return CloudSkill(name, cloud.destination, cloud.fallback, sentences), file


def _mistake(document: Document, error: ValidationError) -> str:
    problems = error.errors()
    unknown = (one for one in problems if one["type"] == "extra_forbidden")
    problem = next(unknown, problems[0])
    key = (CLOUD, *problem["loc"])
    where = document.where(key)
    if problem["type"] == "extra_forbidden":
        return f"{where}: there is no such key; there are {', '.join(_Cloud.model_fields)}"
    if problem["type"] == "missing":
        return f"{document.where(key[:-1])}: '{key[-1]}' is missing"
    if problem["type"] == "string_pattern_mismatch" and key[-1] == "destination":
        return f"{where}: expected a destination of the policy: small letters, digits, - and _"
    message = problem["msg"]
    return f"{where}: {message[:1].lower()}{message[1:]}"

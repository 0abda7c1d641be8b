"""The sentences that skills bring along, as files of sentences."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant import strictyaml
from assistant.errors import SentencesError
from assistant.skill import Skill
from pipeline.sentences import SentenceFile, check_sentences

SKILL = "skill"
"""The metadata key of a sentence that holds the name of its skill."""


def skill_sentences(skills: Iterable[Skill]) -> tuple[SentenceFile, ...]:
    """The sentences of skills that are written in Python, checked like a file of sentences.

    Raises SentencesError naming the skill and the sentence.
    """
    return check_sentences([_document(skill) for skill in skills if skill.sentences])


def sentences_of(skill: Skill, folder: Path) -> tuple[SentenceFile, ...]:
    """The sentences of one skill; those that stand in a YAML file are looked for in `folder`.

    Raises SentencesError with the file, the line and the sentence.
    """
    if not isinstance(skill.sentences, str):
        return tuple(_marked(file, skill.name) for file in skill_sentences([skill]))
    (file,) = load_file(folder / skill.sentences, skill.name)
    for intent in file.values["intents"]:
        if intent not in skill.handlers:
            raise SentencesError(f"{file.source}: sentences for {intent}, but no handler")
    return (file,)


def load_file(path: Path, name: str) -> tuple[SentenceFile, ...]:
    """A file of sentences that belongs to the skill of this name. Raises SentencesError."""
    return checked(strictyaml.load(path, SentencesError), name)


def checked(document: strictyaml.Document, name: str) -> tuple[SentenceFile, ...]:
    """The same of a document that was read."""
    return tuple(_marked(file, name) for file in check_sentences([document]))


def _document(skill: Skill) -> strictyaml.Document:
    if isinstance(skill.sentences, str):
        raise SentencesError(f"skill {skill.name}: {skill.sentences} is read by the catalogue only")
    for intent in skill.sentences:
        if intent not in skill.handlers:
            raise SentencesError(f"skill {skill.name}: sentences for {intent}, but no handler")
    values: dict[str, Any] = {
        "intents": {
            intent: {"data": [{"sentences": list(sentences)}]}
            for intent, sentences in skill.sentences.items()
        },
        "lists": {
            name: {"values": list(values)} if values else {"wildcard": True}
            for name, values in skill.choices.items()
        },
    }
    return strictyaml.Document(Path(f"skill {skill.name}"), values, {})


def _marked(file: SentenceFile, name: str) -> SentenceFile:
    """The same sentences, each with the name of its skill."""
    intents = {
        intent: {
            **values,
            "data": [
                {**block, "metadata": {**block.get("metadata", {}), SKILL: name}}
                for block in values["data"]
            ],
        }
        for intent, values in file.values["intents"].items()
    }
    return SentenceFile(file.source, {**file.values, "intents": intents}, file.built_in)

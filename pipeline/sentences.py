"""Sentences in Home Assistant's custom-sentence format: built in, and any number of own files.

Own lists and rules never change what another file means: where two files give one name to
different things, each file's sentences keep their own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import home_assistant_intents
from pydantic import ValidationError

from assistant import strictyaml
from assistant.errors import SentencesError
from pipeline.sentence_model import SentencesModel
from pipeline.templates import TemplateError, check_template

EXTRA = Path(__file__).parent / "data" / "sentences.yaml"
"""Sentences that Home Assistant's English set has left out."""
OWN = "own"
"""The metadata key of sentences that are not built in."""

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SentenceFile:
    """Sentences from one place, checked; `values` has the shape hassil reads.

    Keys: intents {name: {data: [{sentences, slots, requires_context, excludes_context,
    response, metadata, lists, expansion_rules}]}}, lists, expansion_rules, skip_words,
    responses.
    """

    source: str
    values: Values
    built_in: bool = False


def load_sentences(paths: Sequence[Path]) -> tuple[SentenceFile, ...]:
    """Read own sentences; a file may use the lists and rules of the others and the built-in ones.

    Raises SentencesError with the file, the line and the sentence.
    """
    return check_sentences(tuple(strictyaml.load(path, SentencesError) for path in paths))


def check_sentences(documents: Sequence[strictyaml.Document]) -> tuple[SentenceFile, ...]:
    """Check documents that belong together, against each other and the built-in sentences."""
    files = tuple(
        SentenceFile(str(document.path), _validated(document).plain()) for document in documents
    )
    everything = (*built_in(), *files)
    for document, file in zip(documents, files, strict=True):
        _check_templates(document, file, everything)
    return files


@functools.cache
def built_in(
    variant: Literal["full", "speech-to-phrase"] = "full",
) -> tuple[SentenceFile, ...]:
    """Home Assistant's English sentences and our additions.

    `speech-to-phrase` is Home Assistant's lean set for a recognizer with a grammar.
    """
    get = (
        home_assistant_intents.get_intents
        if variant == "full"
        else home_assistant_intents.get_speech_to_phrase_intents
    )
    values = get("en")
    assert values is not None
    theirs = SentenceFile(f"home-assistant-intents ({variant})", values, built_in=True)
    ours = _validated(strictyaml.load(EXTRA, SentencesError)).plain()
    return theirs, SentenceFile(str(EXTRA), ours, built_in=True)


def merge(files: Iterable[SentenceFile]) -> dict[str, Any]:
    """One document of them all, as `hassil.Intents.from_dict` reads it.

    Blocks of own files carry `metadata: {own: true}`. A list or rule whose name another file
    uses for something else stands in the blocks of its own file.
    """
    lists: dict[str, Any] = {}
    rules: dict[str, str] = {}
    merged: dict[str, Any] = {"language": "en", "intents": {}, "lists": lists}
    merged |= {"expansion_rules": rules, "skip_words": [], "responses": {"intents": {}}}
    for file in files:
        own_lists = _settle(lists, file.values.get("lists", {}))
        own_rules = _settle(rules, file.values.get("expansion_rules", {}))
        for name, intent in file.values["intents"].items():
            data = merged["intents"].setdefault(name, {"data": []})["data"]
            for block in intent["data"]:
                data.append(_scoped(block, own_lists, own_rules, file.built_in))
        merged["skip_words"] += file.values.get("skip_words", [])
        _merge_responses(merged["responses"]["intents"], file.values.get("responses", {}))
    return merged


def _settle(shared: dict[str, Any], named: Values) -> dict[str, Any]:
    """Put new names among the shared ones; give back those that are taken."""
    taken = {
        name: value for name, value in named.items() if name in shared and shared[name] != value
    }
    shared.update({name: value for name, value in named.items() if name not in shared})
    return taken


def _scoped(block: Values, lists: Values, rules: Values, built_in: bool) -> dict[str, Any]:
    scoped = dict(block)
    if not built_in:
        scoped["metadata"] = {**block.get("metadata", {}), OWN: True}
    if lists or block.get("lists"):
        scoped["lists"] = {**lists, **block.get("lists", {})}
    if rules or block.get("expansion_rules"):
        scoped["expansion_rules"] = {**rules, **block.get("expansion_rules", {})}
    return scoped


def _merge_responses(merged: dict[str, dict[str, str]], responses: Values) -> None:
    for name, templates in responses.get("intents", {}).items():
        merged.setdefault(name, {}).update(templates)


def _validated(document: strictyaml.Document) -> SentencesModel:
    values = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise SentencesError(f"{document.where(())}: expected keys such as 'intents:'")
    try:
        return SentencesModel.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
    key = problem["loc"]
    if problem["type"] == "extra_forbidden":
        raise SentencesError(f"{document.where(key)}: there is no such key")
    if problem["type"] == "missing":
        raise SentencesError(f"{document.where(key[:-1])}: '{key[-1]}' is missing")
    raise SentencesError(f"{document.where(key)}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")


def _check_templates(
    document: strictyaml.Document, file: SentenceFile, everything: Sequence[SentenceFile]
) -> None:
    shared_lists = {name for other in everything for name in other.values.get("lists", {})}
    shared_rules: dict[str, str] = {}
    for other in (*everything, file):
        shared_rules |= other.values.get("expansion_rules", {})
    for key, template, block in _templates(file.values):
        lists = shared_lists | block.get("lists", {}).keys()
        rules = {**shared_rules, **block.get("expansion_rules", {})}
        try:
            check_template(template, lists, rules)
        except TemplateError as error:
            shown = " ".join(template.split())[:200]
            raise SentencesError(f'{document.where(key)}: {error}: "{shown}"') from None


def _templates(values: Values) -> Iterator[tuple[strictyaml.Key, str, Values]]:
    """Every template with its place and the block that it stands in."""
    yield from _shared_templates(values, (), {})
    for name, intent in values["intents"].items():
        for index, block in enumerate(intent["data"]):
            place = ("intents", name, "data", index)
            yield from _shared_templates(block, place, block)
            for position, sentence in enumerate(block["sentences"]):
                yield (*place, "sentences", position), sentence, block


def _shared_templates(
    values: Values, place: strictyaml.Key, block: Values
) -> Iterator[tuple[strictyaml.Key, str, Values]]:
    for name, template in values.get("expansion_rules", {}).items():
        yield (*place, "expansion_rules", name), template, block
    for name, one_list in values.get("lists", {}).items():
        for index, value in enumerate(one_list.get("values", ())):
            yield (*place, "lists", name, "values", index), value["in"], block


def spoken_templates(files: Iterable[SentenceFile]) -> Iterator[str]:
    """Every template of these files: of sentences, of expansion rules and of list values."""
    for file in files:
        for intent in file.values["intents"].values():
            for block in intent["data"]:
                yield from map(str, block["sentences"])
        yield from map(str, file.values.get("expansion_rules", {}).values())
        for items in file.values.get("lists", {}).values():
            for item in items.get("values") or ():
                yield str(item["in"] if isinstance(item, Mapping) else item)

"""Compiles sentence templates and the user's things to one weighted automaton of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.errors import SentencesError
from pipeline.grammar import lists as slot_lists
from pipeline.grammar.automaton import Automaton, determinise, merge, splice
from pipeline.grammar.expand import Labels, Spelling
from pipeline.grammar.vocabulary import free_speech

Source = Mapping[str, Any]
"""Sentences in hassil's format: intents, lists, expansion_rules, skip_words, language."""

COURTESIES = frozenset({"please", "can you", "could you", "would you"})
"""Skipped words with which people begin; the others ("for me") stand elsewhere, or swallow what
own sentences begin with ("i want").
"""
COURTESY = 0.02
"""How likely a sentence begins with words that mean nothing ("please")."""


def automaton_of(sources: Sequence[Source], lists: Mapping[str, Any]) -> Automaton:
    """Give the automaton of every sentence of `sources`.

    `lists` (names, areas, floors) are in hassil's format, `{"name": {"values": [{"in": "TV",
    "context": {"domain": "media_player"}}]}}`, and win over those of the sources; a value
    marked `plain: true` is no template. Every source weighs the same, or as much as its
    `weight`; in it every intent, in that every sentence. Raises SentencesError with the
    sentence that is broken.
    """
    compiler = _Compiler(sources, lists)
    return compiler.automaton()


class _Compiler:
    def __init__(self, sources: Sequence[Source], lists: Mapping[str, Any]) -> None:
        self._sources = sources
        self._language = str(sources[0].get("language") or "en") if sources else "en"
        self._lists: dict[str, Any] = {}
        self._rules: dict[str, str] = {}
        for source in sources:
            self._lists.update(source.get("lists") or {})
            self._rules.update(source.get("expansion_rules") or {})
        self._lists.update(lists)
        self._names: dict[tuple[object, ...], str | None] = {}
        self._parts: dict[str, Automaton] = {}

    def automaton(self) -> Automaton:
        spelling = Spelling(self._labels({}, {}, {}), self._rules)
        skipped: dict[str, None] = {}
        for source in self._sources:
            skipped.update(dict.fromkeys(map(str, source.get("skip_words") or ())))
            for name, intent in (source.get("intents") or {}).items():
                share = float(source.get("weight", 1.0)) / len(source["intents"])
                self._add_intent(spelling, str(name), intent, share)
        said = tuple(words for words in skipped if words in COURTESIES)
        if said:
            spelling.preface(said, COURTESY)
        return merge(splice(determinise(*spelling.words()), self._parts))

    def _add_intent(
        self, spelling: Spelling, name: str, intent: Mapping[str, Any], share: float
    ) -> None:
        blocks = intent.get("data") or []
        count = sum(len(block.get("sentences") or []) for block in blocks)
        for block in blocks:
            labels = self._labels(
                block.get("requires_context") or {},
                block.get("excludes_context") or {},
                block.get("lists") or {},
            )
            rules = {**self._rules, **(block.get("expansion_rules") or {})}
            with spelling.scope(labels, rules):
                for template in block.get("sentences") or []:
                    try:
                        spelling.add(str(template), share / count)
                    except ValueError as error:
                        raise SentencesError(f"{name}: {error}: {template}") from None

    def _labels(
        self, required: Mapping[str, Any], excluded: Mapping[str, Any], own: Mapping[str, Any]
    ) -> Labels:
        def label(name: str) -> str | None:
            spec = own.get(name, self._lists.get(name))
            if spec is None:
                spec = slot_lists.inline_range(name)
            items = spec.get("values")
            if items is not None:
                chosen = [item for item in items if slot_lists.fits(item, required, excluded)]
                return self._part(name, ("values", id(spec), *map(id, chosen)), chosen)
            if spec.get("wildcard"):
                words = free_speech(name)
                return self._part(name, ("free", words), words)
            return self._number(name, spec["range"])

        return label

    def _part(
        self, name: str, key: tuple[object, ...], items: Sequence[slot_lists.Value | str]
    ) -> str | None:
        if key not in self._names:
            self._names[key] = None  # a list inside itself says nothing
            inner = slot_lists.values(items, self._labels({}, {}, {}), self._rules)
            self._keep(name, key, splice(inner, self._parts))
        return self._names[key]

    def _number(self, name: str, spec: Mapping[str, Any]) -> str | None:
        key = ("range", *sorted((str(word), str(value)) for word, value in spec.items()))
        if key not in self._names:
            numbers = slot_lists.numbers(
                int(spec["from"]),
                int(spec["to"]),
                int(spec.get("step", 1)),
                spec.get("fractions"),
                self._language,
            )
            self._keep(name, key, numbers)
        return self._names[key]

    def _keep(self, name: str, key: tuple[object, ...], part: Automaton) -> None:
        label = f"{{{name}:{len(self._parts)}}}"
        if part.arcs[0]:
            self._parts[label] = part
        self._names[key] = label if part.arcs[0] else None

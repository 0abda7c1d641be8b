"""Makes sentences with and without private words, to train and to measure the names model.

Everything comes from the templates and lists in `names_data/` and from the English sentences of
home-assistant-intents; a tenth of the templates and of the names is held out by its hash.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from zlib import crc32

from names_noise import spell, spoken_noise, written
from names_talk import Talk
from names_values import NAME_KINDS, Values

DATA = Path(__file__).parent / "names_data"

Piece = tuple[str, str]
"""A word and its label, "" where it is public."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Text with the label of every stretch that is private."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    template: str


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a template: `all` of the children, `one` of them, a `slot`, or plain `text`."""

    kind: str
    text: str = ""
    children: tuple[Node, ...] = ()


def parse(template: str, rules: dict[str, str] | None = None) -> Node:
    """Read `(a|b)`, `[a|b]`, `{slot}`, `<rule>` as home-assistant-intents writes them."""
    node, end = _alternatives(template, 0, rules or {})
    if end != len(template):
        raise ValueError(f"unbalanced template: {template}")
    return node


def _alternatives(text: str, at: int, rules: dict[str, str]) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    while at < len(text) and text[at] not in ")]":
        letter = text[at]
        if letter in "([":
            inner, at = _alternatives(text, at + 1, rules)
            at += 1
            nothing = (Node("text"),) if letter == "[" else ()
            parts.append(Node("one", children=(inner, *nothing)) if nothing else inner)
        elif letter == "|":
            options.append(Node("all", children=tuple(parts)))
            parts = []
            at += 1
        elif letter in "{<":
            end = text.index("}" if letter == "{" else ">", at)
            name = text[at + 1 : end]
            parts.append(Node("slot", name) if letter == "{" else parse(rules[name], rules))
            at = end + 1
        else:
            match = re.compile(r"[^()\[\]{}<>|]+").match(text, at)
            assert match is not None
            parts.append(Node("text", match[0]))
            at = match.end()
    options.append(Node("all", children=tuple(parts)))
    return (options[0] if len(options) == 1 else Node("one", children=tuple(options))), at


def sample(node: Node, fill: Callable[[str], list[Piece]], rng: random.Random) -> list[Piece]:
    """Expand at random into words with labels."""
    out: list[list[str]] = []
    glue = True

    def add(text: str, label: str) -> None:
        nonlocal glue
        for index, word in enumerate(text.split()):
            if out and index == 0 and not glue and not text[0].isspace():
                out[-1][0] += word
            else:
                out.append([word, label])
        if text:
            glue = text[-1].isspace()

    def walk(node: Node) -> None:
        nonlocal glue
        if node.kind == "text":
            add(node.text, "")
        elif node.kind == "slot":
            if out and not glue:
                glue = True
            for word, label in fill(node.text):
                glue = True
                add(word, label)
            glue = False
        elif node.kind == "one":
            walk(rng.choice(node.children))
        else:
            for child in node.children:
                walk(child)

    walk(node)
    return [(word, label) for word, label in out]


def is_held_out(text: str) -> bool:
    """A tenth of everything, by its own hash."""
    return crc32(text.encode()) % 10 == 7


def templates(name: str) -> list[str]:
    """The lines of a file of templates."""
    lines = (DATA / f"{name}_templates.txt").read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def frame_words() -> set[str]:
    """The words of all templates, without their slots."""
    lines = templates("public") + templates("private")
    return set(re.findall(r"[a-z']+", " ".join(re.sub(r"\{[^}]*\}", " ", line) for line in lines)))


class Generator:
    """An endless supply of sentences from what is trained on, or what is held out, or both (None).

    `held_templates` and `held_names` choose; `rng` decides everything else.
    """

    def __init__(
        self, rng: random.Random, held_templates: bool | None, held_names: bool | None
    ) -> None:
        self.rng = rng
        self.values = Values(rng, DATA, (lambda text: held_names in {None, is_held_out(text)}))
        self.private = [
            (line, parse(line))
            for line in templates("private")
            if held_templates in {None, is_held_out(line)}
        ]
        self.private += [found for found in self.private if _HEALTH.search(found[0])]
        self.public = [
            (line, parse(line))
            for line in templates("public")
            if held_templates in {None, is_held_out(line)}
        ]
        self.talk = Talk(rng, DATA, frame_words(), self.values.fill)
        self.intents = [
            (line, node)
            for line, node in _intent_sentences()
            if held_templates in {None, is_held_out(line)}
        ]

    def sentences(self) -> Iterator[Sentence]:
        """Sentences, without end."""
        while True:
            yield self.sentence()

    def sentence(self) -> Sentence:
        """One sentence."""
        written_style = self.rng.random() < 0.4
        self.values.digits = written_style and self.rng.random() < 0.85
        template, pieces = self._pieces()
        if self.rng.random() < 0.1:
            more, others = self._pieces()
            template += " + " + more
            join = self.rng.choice(([], [("and", "")], [("then", "")], [("and", ""), ("then", "")]))
            pieces = [*pieces, *join, *others]
        if written_style:
            text, spans = written(pieces, self.rng)
        else:
            text, spans = spoken_noise(pieces, self.rng)
        return Sentence(text, spans, template)

    def _pieces(self) -> tuple[str, list[Piece]]:
        kind = self.rng.random()
        self.values.twin = ""
        if kind < 0.46:
            template, node = self.rng.choice(self.private)
        elif kind < 0.76:
            template, node = self.rng.choice(self.public)
        elif kind < 0.87:
            return "talk", self.talk.pieces()
        elif kind < 0.9:
            words = self.rng.choice(self.values.prose)
            first = self.rng.randrange(max(1, len(words) - 6))
            return "prose", [(w, "") for w in words[first : first + self.rng.randrange(3, 14)]]
        else:
            template, node = self.rng.choice(self.intents)
            return template, sample(node, self._fill_intent, self.rng)
        return template, sample(node, self.values.fill, self.rng)

    def _fill_intent(self, slot: str) -> list[Piece]:
        """A slot of home-assistant-intents; its free text may hold anything."""
        slot = slot.partition(":")[0]
        if slot in {"message", "todo_list_item", "timer_command", "shopping_list_item"}:
            return self._free(slot)
        if slot == "search_query":
            return self.values.fill(
                self.rng.choice(("artist", "song", "film", "show", "genre", "podcast"))
            )
        if slot not in _KNOWN and slot in self._lists:
            return [(word, "") for word in self.rng.choice(self._lists[slot]).split()]
        return self.values.fill(_KNOWN.get(slot, "num"))

    def _free(self, slot: str) -> list[Piece]:
        fill = self.values.fill
        if slot == "shopping_list_item" and self.rng.random() < 0.7:
            return fill("food")
        if self.rng.random() < 0.4:
            return sample(self.rng.choice(self.private)[1], fill, self.rng)
        return fill("chore" if self.rng.random() < 0.6 else "food")

    @property
    def _lists(self) -> dict[str, list[str]]:
        return _intent_lists()


_HEALTH = re.compile("{(COND|DRUG|PROC|MED|DIAG|MEDTHING|CLINIC|TEST|COMPLAINT)}")
"""Templates that count twice: there are many ways to be ill."""
_KNOWN = {
    "area": "room",
    "name": "device",
    "color": "color",
    "zone": "room",
    "timer_name": "food",
}
_cache: dict[str, object] = {}


def _intents() -> dict[str, dict[str, object]]:
    if "intents" not in _cache:
        path = resources.files("home_assistant_intents") / "data" / "en.json"
        _cache["intents"] = json.loads(path.read_text("utf-8"))
    return _cache["intents"]  # type: ignore[return-value]


def _intent_sentences() -> list[tuple[str, Node]]:
    if "sentences" not in _cache:
        data = _intents()
        rules = data["expansion_rules"]
        found = []
        for intent in data["intents"].values():
            for block in intent["data"]:  # type: ignore[index]
                chosen = sorted(block["sentences"], key=lambda line: crc32(line.encode()))[:6]
                found += [(line, parse(line, rules)) for line in chosen]  # type: ignore[arg-type]
        _cache["sentences"] = found
    return _cache["sentences"]  # type: ignore[return-value]


def _intent_lists() -> dict[str, list[str]]:
    if "lists" not in _cache:
        lists: dict[str, list[str]] = {}
        for name, entry in _intents()["lists"].items():
            values = entry.get("values", ())  # type: ignore[attr-defined]
            texts = [v if isinstance(v, str) else v["in"] for v in values]
            plain = [re.sub(r"[()\[\]|].*", "", text).strip() for text in texts]
            if kept := [text for text in plain if text]:
                lists[name] = kept
        _cache["lists"] = lists
    return _cache["lists"]  # type: ignore[return-value]


__all__ = ["NAME_KINDS", "Generator", "Sentence", "spell"]

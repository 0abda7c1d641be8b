"""What fills a slot of a template: names, addresses, medicine, songs, numbers."""

from __future__ import annotations

from names_secrets import Secrets

Piece = tuple[str, str]

NAME_KINDS = {
    "P": "PERSON", "F": "PERSON", "L": "PERSON", "SPELLED": "PERSON", "SPELLEDNAME": "PERSON",
    "LS": "PERSON", "FS": "PERSON", "TWIN": "PERSON", "TIMENAME": "PERSON", "THREE": "ADDRESS",
    "ORG": "ORGANIZATION", "LOC": "LOCATION", "COND": "MEDICAL", "DRUG": "MEDICAL",
    "PROC": "MEDICAL", "MED": "MEDICAL", "SYMPTOM": "MEDICAL", "DIAG": "MEDICAL",
    "MEDTHING": "MEDICAL", "CLINIC": "MEDICAL", "TEST": "MEDICAL", "COMPLAINT": "MEDICAL",
    "BLOOD": "MEDICAL", "ALLERGEN": "MEDICAL", "READING": "MEDICAL",
    "MEASURE": "MEDICAL", "PREGNANT": "MEDICAL",
    "ADDR": "ADDRESS", "STREET": "ADDRESS", "CORNER": "ADDRESS", "ZIP": "ADDRESS",
    "UNIT": "ADDRESS",
    "USER": "USERNAME", "PASS": "SECRET", "PHRASE": "SECRET", "PIN": "SECRET",
    "EMAIL": "EMAIL_ADDRESS", "URL": "URL", "PHONE": "CODE", "CARD": "CODE", "CODE": "CODE",
}  # fmt: skip


class Values(Secrets):
    """Fills every slot, from the half of each list that `allowed` lets through."""

    def fill(self, slot: str) -> list[Piece]:
        """Words for a slot, each with its label ("" in a public slot)."""
        label = NAME_KINDS.get(slot, "")
        if slot == "P":
            return self._person()
        maker = getattr(self, f"_hidden_{slot.lower()}" if label else f"_{slot}", None)
        text = maker() if maker else self._public(slot)
        mark = "\x01" if not label and slot in _CASED else ""
        return [(mark + word, label) for word in text.split()]

    def _firm(self) -> str:
        """A firm that everybody knows: mail from somebody unknown is a person's."""
        return self._pick("brand")

    def _public(self, slot: str) -> str:
        chance = self.rng.random()
        if chance >= _UNLIKE.get(slot, 0.0):
            return self._pick(slot)
        return self._unlisted(slot, self.rng.random())

    def _unlisted(self, slot: str, kind: float) -> str:
        """Something that is in no list: often a person's name, in a public place."""
        if slot in {"city", "country", "landmark"}:
            return self._pick("town", "last") if kind < 0.8 else self._made_up()
        if slot in {"star", "author", "fictional"}:
            return self._full()
        if slot == "artist":
            maker = self._full if kind < 0.65 else self._hidden_f if kind < 0.75 else self._phrase
            return maker()
        if slot in {"brand", "team", "app", "grocery"}:
            return self._odd_brand(kind)
        if kind < 0.25:
            return self.rng.choice(
                (self._hidden_f(), self._full(), f"{self._hidden_f()} and {self._hidden_f()}")
            )
        return self._phrase()

    def _odd_brand(self, kind: float) -> str:
        if kind < 0.45:
            title = self.rng.choice(
                ("", "", "", "mr ", "mrs ", "aunt ", "uncle ", "dr ", "papa ", "captain ")
            )
            name = self._hidden_f() if self.rng.random() < 0.4 else self._hidden_l()
            return f"{title}{name}" + self.rng.choice(("'s", "'s", "s", ""))
        if kind < 0.6:
            return f"{self._hidden_f()} and {self._hidden_f()}" + self.rng.choice(("", "'s"))
        return self._noun() if kind < 0.8 else f"{self._noun()} {self._noun()}"


_CASED = frozenset(
    """artist song album film show book author star fictional team city country landmark brand game
    channel radio grocery state podcast language holiday app site firm given""".split()
)
_UNLIKE = {
    "artist": 0.5, "song": 0.4, "album": 0.4, "film": 0.35, "show": 0.3, "book": 0.35, "star": 0.16,
    "author": 0.25, "fictional": 0.1, "team": 0.2, "city": 0.18, "country": 0.04, "landmark": 0.1,
    "brand": 0.3, "podcast": 0.3, "game": 0.15, "channel": 0.05, "radio": 0.1, "app": 0.05,
    "grocery": 0.12,
}  # fmt: skip

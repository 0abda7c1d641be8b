"""Slot lists of the house, quick however many names there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hassil import TextChunk, TextSlotList, TextSlotValue
from hassil.util import normalize_text

from pipeline.things import SpokenValue

_BREAKS = str.maketrans("-_", "  ")


class SpokenList(TextSlotList):
    """Values of a list by the text they are said with.

    hassil keeps a node for every letter of every name: with ten thousand names that takes seconds
    and a hundred megabytes, and again for each utterance that adds a placeholder to the list.
    """

    def __init__(
        self, name: str | None, values: Sequence[TextSlotValue], extra: Sequence[TextSlotValue] = ()
    ) -> None:
        """Take values; `extra` ones are tried wherever the list is."""
        super().__init__(name=name, values=[*values, *extra])
        self._extra = list(extra)
        self._index: Mapping[str, list[TextSlotValue]] = {}
        self._longest = 0
        if values:
            self._make_index(values)

    @classmethod
    def of(cls, name: str, values: Iterable[SpokenValue]) -> SpokenList:
        """The list of what can be said."""
        made = {
            (value.text, value.value, *value.context.items()): TextSlotValue(
                TextChunk(normalize_text(value.text)), value.value, dict(value.context)
            )
            for value in values
        }
        return cls(name, list(made.values()))

    def extended(self, extra: Sequence[TextSlotValue]) -> SpokenList:
        """The same list with a few values more; the index is shared."""
        other = SpokenList(self.name, ())
        other.values = [*self.values, *extra]
        other._extra = [*self._extra, *extra]
        other._index, other._longest = self._index, self._longest
        return other

    def get_candidates(self, text: str) -> list[TextSlotValue]:
        """Every value that may stand at the begin of a text: hassil asks for them."""
        folded = text.casefold()
        found = self._beginning(folded)
        broken = folded.translate(_BREAKS)
        if broken != folded:
            found += self._beginning(broken)
        return found + self._extra

    def _beginning(self, text: str) -> list[TextSlotValue]:
        longest = min(len(text), self._longest)
        return [value for end in range(1, longest + 1) for value in self._index.get(text[:end], ())]

    def _make_index(self, values: Sequence[TextSlotValue]) -> None:
        index: dict[str, list[TextSlotValue]] = {}
        for value in values:
            text = value.text_in.text.lstrip() if isinstance(value.text_in, TextChunk) else ""
            if text:
                index.setdefault(text.casefold(), []).append(value)
        self._index = index
        self._longest = max(map(len, index), default=0)

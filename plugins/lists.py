"""Shopping and to-do lists. Items are redacted text."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.skill import Intent, Reply, Skill
from plugins.memory import Memory, saved
from plugins.replies import Replies

LIST = "list"
"""What the lists are saved as."""
SHOPPING = "Shopping List"
MOST_ITEMS = 500
"""Items on a list; one more is declined."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something on a list."""

    text: str
    done: bool = False


class Lists:
    """The lists and their skill."""

    def __init__(self, replies: Replies, memory: Memory | None = None) -> None:
        """Take up the lists that `memory` has."""
        self._replies = replies
        self._memory = memory
        self._items: dict[str, list[Item]] = {}
        for name, items in (memory.load(LIST) if memory is not None else {}).items():
            self._items[name] = [Item(text, done) for text, done in items]
        self.skill = Skill("lists")
        self.skill.on("HassListAddItem", "HassShoppingListAddItem")(self._add)
        self.skill.on("HassListCompleteItem", "HassShoppingListCompleteItem")(self._complete)
        self.skill.on("HassListRemoveItem")(self._remove)
        self.skill.on("ListItems")(self._read)

    def items(self, name: str = SHOPPING) -> tuple[Item, ...]:
        """What is on the list of this name, oldest first."""
        return tuple(self._items.get(name.casefold(), ()))

    async def _add(self, intent: Intent) -> Reply:
        items = self._list(intent)
        if len(items) >= MOST_ITEMS:
            return Reply("That list is full.")
        items.append(Item(_item(intent)))
        return await self._answer(intent)

    async def _complete(self, intent: Intent) -> Reply:
        items = self._list(intent)
        place = _find(items, intent, done=False)
        if place is None:
            return _missing(intent)
        items[place] = Item(items[place].text, done=True)
        return await self._answer(intent)

    async def _remove(self, intent: Intent) -> Reply:
        items = self._list(intent)
        place = _find(items, intent, done=None)
        if place is None:
            return _missing(intent)
        del items[place]
        return await self._answer(intent)

    async def _read(self, intent: Intent) -> Reply:
        open_items = [item.text for item in self._list(intent) if not item.done]
        name = _name(intent)
        if not open_items:
            return Reply(f"There is nothing on {name}.")
        return Reply(f"On {name}: {', '.join(open_items)}.")

    async def _answer(self, intent: Intent) -> Reply:
        """Save the lists, and say what was done."""
        payload = {
            name: [[item.text, item.done] for item in items] for name, items in self._items.items()
        }
        return Reply(await saved(self._memory, LIST, payload, self._replies.render(intent)))

    def _list(self, intent: Intent) -> list[Item]:
        return self._items.setdefault(_name(intent).casefold(), [])


def _name(intent: Intent) -> str:
    return intent.text("name") or SHOPPING


def _item(intent: Intent) -> str:
    return intent.text("item") or ""


def _find(items: list[Item], intent: Intent, done: bool | None) -> int | None:
    """The first item of that text; `done` None: whether or not it is done."""
    wanted = _item(intent).casefold()
    for place, item in enumerate(items):
        if item.text.casefold() == wanted and done in (None, item.done):
            return place
    return None


def _missing(intent: Intent) -> Reply:
    return Reply(f"I don't find {_item(intent)} on {_name(intent)}.")

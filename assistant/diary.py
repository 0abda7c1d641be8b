"""Tells what was heard, kept and sent today, and forgets what was said last."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from assistant.recent import Recent, Said, midnight
from plugins.powers import Forgotten, Today
from storage import forgetting
from storage.audit_scan import LOG, read_leaves
from storage.entry import Entry, decode
from storage.outbox import OUTBOX
from storage.rows import Facts, Wanted
from storage.store import Store

ACTOR, PURPOSE = "skill.privacy", "diary"
"""Who reads, and what for, as the audit log is told."""
MOST_TEXTS = 3
"""Redacted texts that are told, where the policy keeps them."""
LONGEST = 120.0
"""Seconds from the begin of an utterance until it is dealt with, its questions among them."""
_KINDS = {
    "audio": "recordings",
    "transcript": "transcripts",
    "intent": "intents",
    "decision": "decisions",
    "metric": "counts",
    "voiceprint": "voiceprints",
    "outbox": "unsent messages",
}
"""Categories as they are told; timers and lists are known to whoever made them."""
_RELEASE = b'"kind":"release"'
_STAYS = (("Timer", "timers"), ("Alarm", "alarms"), ("List", "lists"), ("Shopping", "lists"))


class Diary:
    """Keeps `plugins.powers.Diary`, from the store and what was counted since the start."""

    def __init__(self, store: Store, recent: Recent) -> None:
        self._store = store
        self._recent = recent
        self.forget_talk: Callable[[], None] = _nothing
        """Lets go of what a conversation is remembered by; whoever has one puts it here."""

    async def today(self) -> Today:
        """Count today's; the reading is in the audit log."""
        counted = self._recent.today
        return await asyncio.to_thread(self._today, counted)

    async def forget_last(self) -> Forgotten | None:
        """Destroy the keys of what is kept of the last dialogue, and forget it here.

        None: nothing was said before. Raises AssistantError where the disk fails.
        """
        said = self._recent.dialogue
        self.forget_talk()
        if not said:
            return None
        rows, sent = await asyncio.to_thread(self._forget, said)
        self._recent.forget()
        acts = {name for one in said for name in one.acts}
        stays = dict.fromkeys(what for part, what in _STAYS if any(part in name for name in acts))
        return Forgotten(rows, tuple(stays), sent)

    def _today(self, counted: Counter[str]) -> Today:
        vault = self._store.vault
        now = vault.clock.now()
        since = midnight(now)
        first = int(since // 60)
        facts = vault.facts(Wanted(since=first), actor=ACTOR, purpose=PURPOSE)
        return Today(
            heard=counted + self._earlier(first, since),
            said=self._texts([one for one in facts if one.category == "transcript"]),
            kept=Counter(_KINDS[one.category] for one in facts if one.category in _KINDS),
            sent=Counter(entry.destination for entry in self._released(since)),
        )

    def _earlier(self, first: int, since: float) -> Counter[str]:
        """What was counted today before this start, where the policy keeps counts."""
        earlier: Counter[str] = Counter()
        wanted = Wanted(category="metric", since=first)
        for row in self._store.vault.rows(wanted, actor=ACTOR, purpose=PURPOSE):
            began = row.payload.get("since")
            if isinstance(began, int) and since <= began < int(self._recent.began):
                earlier.update(
                    {
                        name: count
                        for name, count in row.payload.items()
                        if isinstance(count, int) and name not in ("since", "utterances")
                    }
                )
        return earlier

    def _texts(self, facts: list[Facts]) -> tuple[str, ...]:
        """The last redacted texts that are kept."""
        ids = tuple(one.id for one in facts[-MOST_TEXTS:])
        if not ids:
            return ()
        rows = self._store.vault.rows(Wanted(ids=ids), actor=ACTOR, purpose=PURPOSE)
        return tuple(str(row.payload.get("text", "")) for row in rows)

    def _released(self, since: float) -> list[Entry]:
        """What the audit log says was cleared to leave since then."""
        leaves = (leaf for leaf in read_leaves(self._store.state / LOG) if _RELEASE in leaf)
        entries = (decode(leaf)[1] for leaf in leaves)
        return [entry for entry in entries if entry.at >= since]

    def _forget(self, said: Sequence[Said]) -> tuple[int, tuple[str, ...]]:
        """How many rows were destroyed, and to whom something had been sent already."""
        vault = self._store.vault
        began = max(self._recent.since, said[0].at - LONGEST)
        with vault.lock:
            waiting = vault.facts(
                Wanted(category=OUTBOX, since=int(began // 60)), actor=ACTOR, purpose=PURPOSE
            )
            ids = [row for one in said for row in one.rows] + [facts.id for facts in waiting]
            deleted = forgetting.forget_rows(vault, ids)
        released = self._released(began)
        left = len(released) - len(waiting)
        sent = tuple(dict.fromkeys(entry.destination for entry in released)) if left > 0 else ()
        return (0 if deleted is None else sum(deleted.receipt.rows.values())), sent


def _nothing() -> None:
    """Where nobody talks."""

"""What of an utterance is kept: each part only under a permit, and never what was private."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from assistant.agreed import Agreed
from assistant.errors import AssistantError
from assistant.events import Decided, Kept
from assistant.recent import Recent, Said
from assistant.skill import plain
from assistant.types import Permit, RedactedIntent, RedactedTranscript, Utterance
from storage.rows import JSON
from storage.store import Store

log = logging.getLogger(__name__)

COUNT_FOR = 3600.0
"""Seconds over which utterances are counted before the counts are kept."""


class Keeper:
    """Asks for a permit for every kind of thing, and keeps what there is one for."""

    def __init__(self, agreed: Agreed, store: Store) -> None:
        self._agreed = agreed
        self._store = store
        self.recent = Recent(store.clock.now)
        """What was said lately, as numbers."""
        self._counts: Counter[str] = Counter()
        self._counted_since = store.clock.now()

    def keep(
        self,
        utterance: Utterance,
        redacted: RedactedTranscript,
        intent: RedactedIntent | None,
        decision: Decided | None,
        also: Sequence[tuple[RedactedIntent, Decided]] = (),
    ) -> list[Kept]:
        """Keep what may be kept of an utterance that is dealt with. It never raises.

        `also`: what else was asked for in the same breath, and what was decided about it.
        """
        kept: list[Kept] = []
        became = decision.effect if decision is not None else "not_understood"
        self._counts.update(("utterances", became))
        try:
            for permit in self._agreed.permits():
                audio = utterance.pcm if permit.category == "audio" else None
                for one, said in ((intent, decision), *also):
                    payload = _payload(permit.category, redacted, one, said)
                    if payload is not None:
                        row = self._store.vault.keep(permit, payload, audio)
                        kept.append(_event(utterance.id, row, permit))
                    if permit.category not in ("intent", "decision"):
                        break  # it is of the utterance as a whole
            if kept:
                self._agreed.troubles.discard("store")
            if self._store.clock.now() - self._counted_since >= COUNT_FOR:
                self.close()
        except AssistantError as error:
            self._agreed.troubles.add("store")
            log.error("utterance %d: not kept: %s", utterance.id, error)
        acts = [one.name for one, _ in ((intent, decision), *also) if one is not None]
        rows = tuple(event.row for event in kept)
        done = tuple(acts) if became == "allow" else ()
        now = self._store.clock.now()
        self.recent.add(Said(utterance.start, utterance.end, now, rows, done), became)
        return kept

    def close(self) -> None:
        """Keep the counts so far, where a policy allows it, and start to count anew."""
        counts, self._counts = self._counts, Counter()
        since, self._counted_since = self._counted_since, self._store.clock.now()
        try:
            permit = self._agreed.permit("metric", "statistics") if counts else None
            if permit is not None:
                self._store.vault.keep(permit, {"since": int(since), **counts})
        except AssistantError as error:
            log.error("counts: not kept: %s", error)


def _payload(
    category: str,
    redacted: RedactedTranscript,
    intent: RedactedIntent | None,
    decision: Decided | None,
) -> Mapping[str, JSON] | None:
    """What is kept of an utterance in this category; None where there is nothing of it."""
    match category:
        case "transcript" if redacted.text:
            types: list[JSON] = [entity.type for entity in redacted.entities]
            return {"text": redacted.text, "types": types, "confidence": redacted.confidence}
        case "intent" if intent is not None:
            slots: dict[str, JSON] = {name: plain(slot) for name, slot in intent.slots.items()}
            return {"name": intent.name, "slots": slots}
        case "decision" if decision is not None and intent is not None:
            return {"intent": intent.name, "effect": decision.effect, "rule": decision.rule}
        case "audio" if redacted.text:
            return {"rate": 16_000, "text": redacted.text}
    return None


def _event(number: int, row: int, permit: Permit) -> Kept:
    return Kept(
        number, row, permit.category, permit.purpose, permit.keep_for.total_seconds(), permit.rule
    )

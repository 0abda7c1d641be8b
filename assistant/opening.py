"""Opens placeholders to a skill: what its manifest asks for, as far as the policy agrees.

Each opening is in the audit log before it happens; where that can't be written nothing is opened.
A skill that names a host is opened nothing: what it read could go there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.agreed import Agreed
from assistant.errors import AssistantError
from assistant.skill import Skill
from assistant.types import Grant, Placeholder, RedactedIntent
from pipeline.redact import Originals
from policies import decide
from storage.entry import Entry
from storage.store import Store

log = logging.getLogger(__name__)

LONGEST_PURPOSE = 40
"""Letters of the reason that a manifest gives, as the audit log keeps it."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a manifest asks for, and what the policy said to it."""

    placeholder: Placeholder
    grant: Grant
    purpose: str


class Opening:
    """Decides what an intent's skill may read, and reads it out."""

    def __init__(
        self,
        skills: Iterable[Skill],
        answers: Mapping[str, str],
        agreed: Agreed,
        store: Store | None,
    ) -> None:
        """`answers`: by intent, the name of the skill here whose code answers it.

        Without a store nothing is ever opened.
        """
        self._opens = {skill.name: skill.opens for skill in skills if not skill.hosts}
        self._answers = answers
        self._agreed = agreed
        self._store = store

    def __call__(self, intent: RedactedIntent, originals: Originals) -> Mapping[str, str]:
        """By placeholder, what the skill that answers may read of this intent. It never raises."""
        name = self._answers.get(intent.name)
        wishes = tuple(self._wishes(name, intent)) if name is not None else ()
        if name is None or not wishes or not self._noted(name, intent, wishes):
            return {}
        return {
            wish.placeholder.name: originals.restore(wish.placeholder.name).reveal()
            for wish in wishes
        }

    def _wishes(self, name: str, intent: RedactedIntent) -> Iterable[_Wish]:
        for slot, reason in self._opens.get(name, {}).items():
            value = intent.slots.get(slot)
            if not isinstance(value, Placeholder):
                continue
            decision = decide.open_to(name, value.type, self._agreed.policy)
            if isinstance(decision, Grant):
                yield _Wish(value, decision, purpose_of(reason))
            else:
                log.info("utterance %d: %s", intent.utterance_id, decide.why(decision))

    def _noted(self, name: str, intent: RedactedIntent, wishes: Sequence[_Wish]) -> bool:
        """Whether the audit log has it."""
        store = self._store
        if store is None:
            log.warning("skill %s: nothing is opened where there is no audit log", name)
            return False
        try:
            store.audit.append_many(
                [
                    Entry(
                        "placeholder-opened",
                        store.clock.now(),
                        actor=f"skill.{name}",
                        category=wish.placeholder.type,
                        purpose=wish.purpose,
                        intent=intent.name,
                        rule=wish.grant.source,
                    )
                    for wish in wishes
                ]
            )
        except AssistantError as error:
            log.error("skill %s: nothing is opened: %s", name, error)
            return False
        return True


def purpose_of(reason: str) -> str:
    """A manifest's reason as the audit log keeps it: `to-place-the-call`."""
    words = re.findall(r"[a-z]+", reason.casefold())
    return "-".join(words)[:LONGEST_PURPOSE].strip("-") or "unsaid"

"""What was agreed: the policy and the consents in force, and what follows when they change.

Nothing is written before it was decided; nothing is decided by a policy that could not be read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from assistant import memory
from assistant.errors import AssistantError, PolicyError, VaultError
from assistant.types import Confirm, Grant, Permit, RedactedIntent, Refusal
from policies import decide
from policies.consents import LEDGER, NONE, UNREADABLE, ConsentLedger, Consents, withdrawn_ids
from policies.gates import Thing
from policies.load import Policies
from policies.model import HOUSEHOLD, Policy, Stop
from storage import forgetting
from storage.entry import Entry
from storage.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks at the files of policies and consents."""
SWEEP_EVERY = 20.0
"""Seconds between two sweeps of what has had its time."""
ON_REQUEST = frozenset({"timer", "list", "metric", "outbox", "voiceprint"})
"""Categories that are kept because something asked for it, not with every utterance."""


class Agreed:
    """Decides by the policy in force, and tells the store of what was agreed."""

    def __init__(
        self,
        policies: Policies,
        state: Path | None = None,
        *,
        store: Store | None = None,
        location: str | None = None,
    ) -> None:
        """Without a `store` nothing is kept; without a `state` directory no consent was given
        by command. `location` is the area this device stands in.
        """
        self._policies = policies
        self._store = store
        self._location = location
        self._refused: set[str] = set()
        self._signed = 0
        self._ledger: ConsentLedger | None = None
        self._is_damaged = False
        if state is not None:
            try:
                self._ledger = ConsentLedger(state / LEDGER)
            except PolicyError as error:
                self._is_damaged = True
                log.error("consents: %s", error)
        self._note(Entry("opened", self._time()))
        self._note_policy()
        self.settle()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._policies.policy

    @property
    def consents(self) -> Consents:
        """Those given and withdrawn by command."""
        if self._ledger is not None:
            return self._ledger.current
        return UNREADABLE if self._is_damaged else NONE

    def act(self, intent: RedactedIntent, things: Sequence[Thing]) -> Grant | Confirm | Refusal:
        """Whether an intent may be acted on here."""
        return decide.act(intent, things, self.policy, _now(), location=self._location)

    def is_stopped(self, what: Stop) -> bool:
        """Whether quiet hours or mute stop it now."""
        policy = self.policy
        return decide.stops(what, policy, _now(), location=self._location) is not None

    def permits(self) -> Iterator[Permit]:
        """What of an utterance may be kept now, by category and purpose.

        What was asked about and refused is told to the audit log, once for each reason.
        """
        policy = self.policy
        for category, purposes in policy.retention.items():
            for purpose in purposes if category not in ON_REQUEST else ():
                permit = self.permit(category, purpose)
                if permit is not None:
                    yield permit

    def permit(self, category: str, purpose: str, subject: str = HOUSEHOLD) -> Permit | None:
        """Leave to keep one kind of thing now, with a key to keep it under; or None."""
        if self._store is None:
            return None
        policy = self.policy
        decision = decide.keep(
            category, purpose, subject, policy, self.consents, _now(), location=self._location
        )
        if isinstance(decision, Refusal):
            self._note_refusal(decision, category, purpose)
            return None
        self._store.vault.give(decision.consent, decision.subject)
        return decision

    def reload(self) -> None:
        """Read the policy again; a bad edit leaves the one before in force, and is noted."""
        self._policies.reload()
        self._note_policy()
        self.settle()

    def settle(self) -> None:
        """Destroy the keys of every consent that was withdrawn and still has one."""
        if self._store is None:
            return
        vault = self._store.vault
        withdrawn = withdrawn_ids(self.policy, self.consents)
        for consent in withdrawn & set(vault.keyslots.consents()):
            self._note(Entry("consent-withdrawn", vault.clock.now(), consent=consent))
            try:
                forgetting.withdraw(vault, consent)
            except AssistantError as error:
                log.error("consent %s was withdrawn, and: %s", consent, error)

    async def watch(self) -> None:
        """Follow edits of the policies and consents, and sweep, until cancelled."""
        loop = asyncio.get_running_loop()
        swept = 0.0
        while True:
            await asyncio.to_thread(self._look)
            if self._store is not None and loop.time() - swept >= SWEEP_EVERY:
                swept = loop.time()
                await asyncio.to_thread(self._sweep, self._store)
                memory.trim()
            await asyncio.sleep(LOOK_EVERY)

    def _sweep(self, store: Store) -> None:
        """Destroy what has had its time, and sign how far the audit log goes."""
        store.sweeper.sweep()
        try:
            if store.audit.size != self._signed:
                store.audit.checkpoint()
                self._signed = store.audit.size
        except AssistantError as error:
            log.error("audit: %s", error)

    def _look(self) -> None:
        if self._policies.changed():
            self.reload()
        if self._ledger is None or not self._ledger.changed():
            return
        before = self.consents
        try:
            self._ledger.reload()
        except PolicyError as error:
            log.error("consents: %s", error)
            self._alarm("consents-damaged")
            return
        for id_ in self.consents.given.keys() - before.given.keys():
            subject = self.consents.given[id_].data_subject
            self._note(Entry("consent-given", self._time(), consent=id_, subject=subject))
        self.settle()

    def _note_policy(self) -> None:
        policy = self.policy
        if self._policies.alarm is not None:
            self._note(Entry("policy-refused", self._time(), reason="unreadable"))
            self._alarm("policy")
        else:
            self._note(Entry("policy-loaded", self._time(), digest=policy.digest))

    def _note_refusal(self, refusal: Refusal, category: str, purpose: str) -> None:
        if refusal.rule not in self._refused:
            self._refused.add(refusal.rule)
            rule = decide.where(refusal)
            entry = Entry("refusal", self._time(), rule=rule, category=category, purpose=purpose)
            self._note(entry)

    def _alarm(self, reason: str) -> None:
        self._note(Entry("alarm", self._time(), reason=reason))

    def _note(self, entry: Entry) -> None:
        if self._store is None:
            return
        try:
            self._store.audit.append(entry)
        except AssistantError as error:
            log.error("audit: %s", error)

    def _time(self) -> float:
        return 0.0 if self._store is None else self._store.clock.now()


def keeps_speech(policy: Policy) -> bool:
    """Whether a policy keeps anything of utterances, beside counts."""
    return any(category not in ON_REQUEST for category in policy.retention)


class Remembered:
    """Where timers and lists are put, so that they survive a restart: only under a permit."""

    def __init__(self, agreed: Agreed, store: Store) -> None:
        self._agreed = agreed
        self._vault = store.vault

    def now(self) -> float:
        """Unix seconds, by the store's clock."""
        return self._vault.clock.now()

    def load(self, name: str) -> dict[str, object]:
        """What was last put under a name."""
        return dict(self._vault.get_state(name) or {})

    def save(self, name: str, payload: dict[str, object], category: str = "") -> bool:
        """Put a state in the place of the one before; False: it may not be kept.

        The name is its category where none is given. Raises VaultError where it may, and can't.
        """
        category = category or name
        if self._agreed.permit(category, "service") is None:
            return False
        try:
            self._vault.put_state(name, payload, category)  # type: ignore[arg-type]
        except AssistantError as error:
            raise VaultError(f"{name}: not saved: {error}") from None
        return True


class StateShelf:
    """Keeps `plugins.powers.Shelf`: one small text. What can't be kept is said in the log."""

    def __init__(self, memory: Remembered, category: str, name: str) -> None:
        self._memory = memory
        self._category = category
        self._name = name

    def read(self) -> str | None:
        """Give what was written last; None where there is nothing."""
        text = self._memory.load(self._name).get("text")
        return text if isinstance(text, str) else None

    def write(self, text: str) -> None:
        """Keep this instead, where it may be kept."""
        try:
            self._memory.save(self._name, {"text": text}, self._category)
        except AssistantError as error:
            log.error("%s", error)


def _now() -> datetime:
    return datetime.now().astimezone()

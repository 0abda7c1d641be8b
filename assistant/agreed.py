"""What was agreed: the policy and the consents in force, and what follows when they change.

Nothing is written before it was decided; nothing is decided by a policy that could not be read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from assistant import memory
from assistant.errors import AssistantError, PolicyError
from assistant.events import Alarm
from assistant.types import (
    AudioRelease,
    Confirm,
    Grant,
    Permit,
    RedactedIntent,
    Refusal,
    Release,
)
from policies import decide
from policies.consents import (
    LEDGER,
    NONE,
    UNREADABLE,
    ConsentLedger,
    Consents,
    every_consent,
    with_joint,
    withdrawn_ids,
)
from policies.cover import may_wait
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
        self._refused: set[tuple[str, str]] = set()
        self._followers: list[Callable[[], None]] = []
        self._signed = 0
        self._ledger: ConsentLedger | None = None
        self._is_damaged = False
        self.troubles: set[Alarm] = set()
        """What can't be used now, of policy, consents, audit and store."""
        if state is not None:
            try:
                self._ledger = ConsentLedger(state / LEDGER)
            except PolicyError as error:
                self._is_damaged = True
                self.troubles.add("consents")
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

    def release_audio(self, to: str, sent: int = 0) -> AudioRelease | Refusal:
        """Whether raw sound may go to a peer now that got so many today."""
        policy, here = self.policy, self._location
        return decide.release_audio(to, policy, self.consents, _now(), sent, location=here)

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

    def permit(
        self, category: str, purpose: str, subject: str = HOUSEHOLD, release: Release | None = None
    ) -> Permit | None:
        """Leave to keep one kind of thing now, with a key to keep it under; or None.

        A `release` is kept until it is sent, and under the consent to send it, too.
        """
        if self._store is None:
            return None
        decision = decide.keep(
            category, purpose, subject, self.policy, self.consents, _now(), location=self._location
        )
        if isinstance(decision, Refusal):
            self._note_refusal(decision, category, purpose)
            return None
        permit = decision if release is None else decide.until_sent(release, decision)
        self._store.vault.give(permit.consent, permit.subject)
        return permit

    def release(self, intent: RedactedIntent, to: str, sent_today: int) -> Release | Refusal:
        """Whether an intent may be sent to a destination now."""
        policy, consents = self.policy, self.consents
        decision = decide.release(
            intent, to, policy, consents, _now(), sent_today=sent_today, location=self._location
        )
        if isinstance(decision, Refusal):
            purpose = policy.sharing[to].purpose if to in policy.sharing else ""
            self._note_refusal(decision, "intent", purpose, to, intent.name)
        return decision

    def may_wait(self) -> frozenset[str]:
        """The ids of the keys of what may be handed to the door now."""
        return may_wait(self.policy, self.consents, _now(), self._location)

    def follow(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have this called, on any thread, whenever what was agreed may have changed.

        Gives the function that ends it.
        """
        self._followers.append(changed)
        return partial(self._followers.remove, changed)

    def reload(self) -> None:
        """Read the policy again; a bad edit leaves the one before in force, and is noted."""
        self._policies.reload()
        self._note_policy()
        self.settle()

    def use(self, files: tuple[Path, ...]) -> bool:
        """Decide by other policy files from now on; False: they can't be used, and nothing changed.

        What is redacted stays as it was at the start.
        """
        if not self._policies.use(files):
            self._note(Entry("policy-refused", self._time(), reason="unreadable"))
            return False
        self._note_policy()
        self.settle()
        return True

    def settle(self) -> None:
        """Destroy the keys of every consent that was withdrawn and still has one."""
        if self._store is None:
            return
        vault = self._store.vault
        known = every_consent(self.policy, self.consents)
        withdrawn = with_joint(withdrawn_ids(self.policy, self.consents), known)
        for consent in withdrawn & set(vault.keyslots.consents()):
            self._note(Entry("consent-withdrawn", vault.clock.now(), consent=consent))
            try:
                forgetting.withdraw(vault, consent)
            except AssistantError as error:
                log.error("consent %s was withdrawn, and: %s", consent, error)
        for changed in tuple(self._followers):
            changed()

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
            self.troubles.add("audit")
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
            self.troubles.add("consents")
            log.error("consents: %s", error)
            self._alarm("consents-damaged")
            return
        self.troubles.discard("consents")
        for id_ in self.consents.given.keys() - before.given.keys():
            subject = self.consents.given[id_].data_subject
            self._note(Entry("consent-given", self._time(), consent=id_, subject=subject))
        self.settle()

    def _note_policy(self) -> None:
        policy = self.policy
        if self._policies.alarm is not None:
            self._note(Entry("policy-refused", self._time(), reason="unreadable"))
            self._alarm("policy")
            self.troubles.add("policy")
        else:
            self.troubles.discard("policy")
            self._note(Entry("policy-loaded", self._time(), digest=policy.digest))

    def _note_refusal(
        self, refusal: Refusal, category: str, purpose: str, to: str = "", intent: str = ""
    ) -> None:
        if (refusal.rule, to) not in self._refused:
            self._refused.add((refusal.rule, to))
            self._note(
                Entry(
                    "refusal",
                    self._time(),
                    rule=decide.where(refusal),
                    category=category,
                    purpose=purpose,
                    destination=to,
                    intent=intent,
                )
            )

    def note_command(self, actor: str, reason: str) -> None:
        """Have the audit log say what somebody told us otherwise than by voice."""
        self._note(Entry("command", self._time(), actor=actor, reason=reason))

    def _alarm(self, reason: str) -> None:
        self._note(Entry("alarm", self._time(), reason=reason))

    def _note(self, entry: Entry) -> None:
        if self._store is None:
            return
        try:
            self._store.audit.append(entry)
            self.troubles.discard("audit")
        except AssistantError as error:
            self.troubles.add("audit")
            log.error("audit: %s", error)

    def _time(self) -> float:
        return 0.0 if self._store is None else self._store.clock.now()


def keeps_speech(policy: Policy) -> bool:
    """Whether a policy keeps anything of utterances, beside counts."""
    return any(category not in ON_REQUEST for category in policy.retention)


def _now() -> datetime:
    return datetime.now().astimezone()

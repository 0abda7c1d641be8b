"""The shell around the core: one thread hears, one understands, one task holds them together.

The life of an utterance is `Assistant.handle`, read from top to bottom.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType

from assistant.acting import Person, act
from assistant.asking import LONGEST, Asking, Turn
from assistant.errors import RecognitionError, SourceError, outline
from assistant.events import (
    Closed,
    Done,
    Event,
    Failed,
    Noted,
    Redacted,
    Replied,
    Report,
    Understood,
    Woken,
)
from assistant.hearing import Hearing
from assistant.mouth import Mouth
from assistant.parts import Outcome, Parts
from assistant.skill import Reply, plain
from assistant.timed import Laps, spent
from assistant.types import (
    Confirm,
    RedactedIntent,
    RedactedTranscript,
    Transcript,
    WakeEvent,
)
from pipeline.answers import NO, SURE, YES, yes_or_no
from pipeline.dialogue import TOGETHER, Dialogue
from pipeline.listen import Event as Ear
from pipeline.listen import Heard, Listener, Lost, NoSpeech
from pipeline.mailbox import Mailbox
from pipeline.ports import Expected, Source
from pipeline.redact import Originals
from pipeline.worker import Worker
from plugins import conversation
from policies.share import closed_slots

log = logging.getLogger(__name__)

WAITING = 2
"""Utterances that may wait for the mind; older ones are dropped and counted."""
RECOGNITION_LIMIT = 20.0
"""Seconds after which an utterance is given up."""


class Assistant:
    """Hears a source and deals with what is said in it."""

    def __init__(self, listener: Listener, parts: Parts, report: Report) -> None:
        self._listener = listener
        self._parts = parts
        self._report = report
        self._dialogue = Dialogue(parts.detectors, parts.needs)
        if parts.diary is not None:
            parts.diary.forget_talk = self._dialogue.forget
        self._forgetting: asyncio.TimerHandle | None = None
        self._asking = Asking()
        self._mouth = Mouth(parts.voice, parts.wake_phrases)
        self._hearing = Hearing(
            listener,
            self._asking,
            self._mouth,
            partial(parts.is_stopped, "listening"),
            self.hush,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: Mailbox[Heard] | None = None
        self._audio = ""

    async def __aenter__(self) -> Assistant:
        """Start what runs beside us."""
        await self._parts.outside.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        await self._parts.outside.__aexit__(kind, error, traceback)

    def hush(self) -> bool:
        """End what is said and what rings; whether there was anything said. Any thread may."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._parts.hush)
        return self._mouth.hush()

    def press(self) -> bool:
        """Listen now, without a wake word; whether anybody may be heard. Any thread may."""
        if not self._hearing.press():
            return False
        self.hush()
        self._report(Noted("asked"))
        return True

    @property
    def waiting(self) -> int:
        """Utterances that wait for the mind."""
        return 0 if self._heard is None else len(self._heard)

    def forget_talk(self) -> None:
        """Let go of what was said in the conversation that is going on."""
        self._forget()

    async def listen(self, source: Source) -> None:
        """Hear a microphone until it ends or this is cancelled. The ear never waits."""
        heard: Mailbox[Heard] = Mailbox(WAITING)
        self._heard = heard
        loop = self._loop = asyncio.get_running_loop()

        def deliver(event: Ear) -> None:
            if self._asking.is_answer(event):
                loop.call_soon_threadsafe(self._asking.answer, event)
            elif isinstance(event, WakeEvent):
                loop.call_soon_threadsafe(self._woken, event)
            elif isinstance(event, Heard):
                loop.call_soon_threadsafe(self._post, event, heard)
            else:
                loop.call_soon_threadsafe(self._report, _nothing(event))

        try:
            with Worker("mind") as mind, Worker("voice") as voice:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._understand(heard, mind, voice))
                    announce = self._announce(tasks, mind, voice)
                    speak = tasks.create_task(self._parts.skills.run(announce))
                    try:
                        await self._hearing.run(source, deliver)
                    finally:
                        heard.close()
                        speak.cancel()
        except* SourceError as errors:
            # One reason is enough, and its line is fit to print.
            raise _first(errors) from None
        finally:
            self._forget()

    async def replay(self, source: Source, audio: str, *, open_at_once: bool = False) -> None:
        """Hear a recording to its end. It can wait, so nothing is dropped and all is in order.

        With `open_at_once` the recording is one utterance; no wake word is waited for.
        """
        self._audio = audio
        if open_at_once:
            self._listener.open()
        with Worker("mind") as mind:
            await self._hear_in_turn(source, mind)

    async def listen_once(self, source: Source) -> None:
        """Hear one utterance, without a wake word, and deal with it."""
        self._listener.open()
        with Worker("mind") as mind, Worker("voice") as voice:
            await self._hear_in_turn(source, mind, voice, once=True)

    async def _hear_in_turn(
        self, source: Source, mind: Worker, voice: Worker | None = None, *, once: bool = False
    ) -> None:
        """Hear, and hear no further before what was heard is dealt with or asks back."""
        loop = asyncio.get_running_loop()
        turn = Turn(self._asking)

        def deliver(event: Ear) -> None:
            if self._asking.is_answer(event):
                go_on = turn.answer(event)
            elif isinstance(event, Heard):
                go_on = turn.begin(self._steadily(event, mind, voice))
            else:
                if isinstance(event, WakeEvent):
                    loop.call_soon_threadsafe(self._woken, event)
                elif once:
                    source.close()
                return
            if asyncio.run_coroutine_threadsafe(go_on, loop).result() and once:
                source.close()

        try:
            await self._hearing.run(source, deliver)
            await turn.answer(None)
        finally:
            await turn.stop()
            self._forget()

    async def _steadily(self, heard: Heard, mind: Worker, voice: Worker | None) -> None:
        """Deal with an utterance while the house stays as it is."""
        async with self._parts.steady:
            await self.handle(heard, mind, voice)

    async def handle(self, heard: Heard, mind: Worker, voice: Worker | None = None) -> None:
        """The life of an utterance. A failure ends this utterance and no other."""
        utterance = heard.utterance
        number = utterance.id
        self._report(Closed(number, utterance.start, utterance.end, utterance.closed_by))
        clock = Laps()
        if self._forgetting is not None:
            self._forgetting.cancel()
        try:
            redacted, originals = await self._recognize(heard, mind, clock)
            intent = await mind.run(self._parts.parser.parse, redacted)
            wishes = await mind.run(self._parts.several, redacted, intent)
            wishes = wishes or ((intent,) if intent is not None else ())
            for wish in wishes or (None,):
                self._report(understood(number, wish))
            clock.lap("parse")
            person = Person(
                partial(self._confirmed, redacted, mind, voice),
                partial(self._asked, number, mind, voice),
            )
            done = await self._act(wishes, originals, person, was_text=bool(redacted.text))
            if done.reply is not None and done.reply.text:
                text = await mind.run(self._dialogue.quote, done.reply.text)
                self._report(Replied(number, text))
                await self._say(done.reply, voice)
            if self._parts.keep is not None:
                kept = self._parts.keep
                first = wishes[0] if wishes else None
                keeping = mind.run(kept, utterance, redacted, first, done.decision, done.also)
                for event in await keeping:
                    self._report(event)
            audio_seconds = utterance.end - utterance.start
            endpoint = utterance.end - utterance.speech_end
            self._report(
                Done(number, clock.seconds(endpoint), spent(heard.decoding) / audio_seconds)
            )
        except asyncio.CancelledError:
            heard.decoding.abandon()
            raise
        except TimeoutError:
            heard.decoding.abandon()
            self._fail(number, RecognitionError("the recognizer took too long"))
        except Exception as error:  # one bad utterance never stops the rest
            self._fail(number, error)
        finally:
            self._forget_soon()

    async def _say(self, reply: Reply, voice: Worker | None) -> None:
        """Speak, unless there is no voice or it is a time for silence."""
        parts = self._parts
        if voice is None or parts.voice is None or parts.is_stopped("replies"):
            return
        self._report(Noted("speaks"))
        try:
            await self._mouth.say(reply, voice)
        finally:
            self._report(Noted("spoke"))

    async def _recognize(
        self, heard: Heard, mind: Worker, clock: Laps | None = None
    ) -> tuple[RedactedTranscript, Originals]:
        """From sound to redacted text; the raw text goes no further."""
        clock = clock or Laps()
        async with asyncio.timeout(RECOGNITION_LIMIT):
            transcript = await mind.run(heard.decoding.finish, heard.utterance)
        clock.lap("recognize")
        redacted, originals = await mind.run(self._dialogue.redact, heard.utterance, transcript)
        self._report(_redacted(redacted, transcript))
        clock.lap("redact")
        return redacted, originals

    def _forget_soon(self) -> None:
        """Forget the dialogue unless it goes on."""
        loop = asyncio.get_running_loop()
        self._dialogue.rest()
        self._forgetting = loop.call_later(TOGETHER, self._dialogue.forget)

    def _forget(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._dialogue.forget()

    async def _act(
        self,
        wishes: Sequence[RedactedIntent],
        originals: Originals,
        person: Person,
        *,
        was_text: bool,
    ) -> Outcome:
        """Decide, and do what is allowed; what was private is forgotten afterwards.

        Words that mean nothing get an apology; a sound that is no command gets silence.
        """
        try:
            if not wishes:
                return Outcome(self._parts.skills.misunderstood() if was_text else None)
            return await act(wishes, originals, person, self._parts, self._report, self._fail)
        finally:
            originals.forget()

    async def _confirmed(
        self, redacted: RedactedTranscript, mind: Worker, voice: Worker | None, risk: Confirm
    ) -> bool:
        """Ask back. Only a plain yes, well heard, is one: silence or anything else is a no."""
        number = redacted.utterance_id
        if risk.by != "voice":
            hear = partial(self._heard_back, number, mind, voice)
            say = partial(self._tell, number, mind, voice)
            confirmed = self._parts.confirming.confirmed
            return await confirmed(risk.by, redacted.text, hear, say, mind, self._report)
        question = Reply(f"You said: {redacted.text}. Shall I do that?")
        answer = await self._answer(number, question, mind, voice)
        return answer is not None and answer.confidence >= SURE and yes_or_no(answer.text) is True

    async def _asked(
        self,
        number: int,
        mind: Worker,
        voice: Worker | None,
        text: str,
        expect: tuple[str, ...],
        seconds: float,
    ) -> str | None:
        """Put a skill's question to the person; which of the expected answers came, redacted."""
        plain = bool(expect) and {word.casefold() for word in expect} <= YES | NO
        kind: Expected = "answer" if plain else "command"
        answer = await self._answer(number, Reply(text), mind, voice, kind, seconds)
        return None if answer is None else conversation.answer(answer.text, expect)

    async def _answer(
        self,
        number: int,
        question: Reply,
        mind: Worker,
        voice: Worker | None,
        expect: Expected = "answer",
        seconds: float = LONGEST,
    ) -> RedactedTranscript | None:
        """Ask, and hear the next utterance without a wake word; None: silence."""
        heard = await self._heard_back(number, mind, voice, question, expect, seconds)
        if heard is None:
            return None
        answer, originals = await self._recognize(heard, mind)
        originals.forget()
        return answer

    async def _heard_back(
        self,
        number: int,
        mind: Worker,
        voice: Worker | None,
        question: Reply,
        expect: Expected,
        seconds: float = LONGEST,
    ) -> Heard | None:
        """The next utterance after a question, not recognized yet; None: silence."""
        await self._tell(number, mind, voice, question)
        self._report(Noted("asked"))
        heard = await self._asking.wait(expect, seconds)
        if heard is None:
            self._report(Noted("no_speech"))
            return None
        utterance = heard.utterance
        self._report(Closed(utterance.id, utterance.start, utterance.end, utterance.closed_by))
        return heard

    async def _tell(self, number: int, mind: Worker, voice: Worker | None, reply: Reply) -> None:
        """Report a reply and speak it."""
        self._report(Replied(number, await mind.run(self._dialogue.quote, reply.text)))
        await self._say(reply, voice)

    async def _understand(self, heard: Mailbox[Heard], mind: Worker, voice: Worker) -> None:
        async for item in heard:
            await self._steadily(item, mind, voice)
            del item  # nothing of it is held while the next is waited for

    def _woken(self, event: WakeEvent) -> None:
        self._parts.confirming.button.refuse()
        self._report(Woken(self._audio, event.at, event.phrase, event.score))

    def _announce(
        self, tasks: asyncio.TaskGroup, mind: Worker, voice: Worker
    ) -> Callable[[Reply], None]:
        def announce(reply: Reply) -> None:
            tasks.create_task(self._tell(0, mind, voice, reply))

        return announce

    def _post(self, event: Heard, heard: Mailbox[Heard]) -> None:
        """Put an utterance where the mind finds it; what is dropped for it is let go of."""
        late = heard.put(event)
        if late is not None:
            late.decoding.abandon()
            log.warning("utterance %d dropped: the mind is busy", late.utterance.id)
            self._report(Noted("dropped"))

    def _fail(self, number: int, error: Exception) -> None:
        log.error("utterance %d dropped: %s", number, outline(error))
        self._report(Failed(self._audio, f"utterance {number}: {outline(error)}"))


def _nothing(event: NoSpeech | Lost) -> Noted:
    """The event for an utterance of which nothing came."""
    return Noted("lost" if isinstance(event, Lost) else "no_speech")


def _redacted(redacted: RedactedTranscript, transcript: Transcript) -> Event:
    return Redacted(
        redacted.utterance_id,
        redacted.text,
        redacted.entities,
        redacted.confidence,
        raw=transcript.text,
    )


def _first(errors: BaseExceptionGroup[SourceError]) -> SourceError:
    """The first error of a group, however deep."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, SourceError)
    return error


def understood(number: int, intent: RedactedIntent | None) -> Understood:
    """The event for what was parsed."""
    if intent is None:
        return Understood(number, None, {})
    slots = {name: plain(slot) for name, slot in intent.slots.items()}
    return Understood(number, intent.name, slots, closed_slots(intent))

"""A household of real processes in a temporary directory, to which faults can happen.

`sotto run` hears a PulseAudio sink without hardware, into which recordings are played.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.faults import canaries, clocks, disk, kept, pulse, speech, street
from assistant.faults.lines import Line, is_event
from assistant.faults.program import Program
from assistant.types import SAMPLE_RATE
from pipeline.sources.file import read_samples

LIMIT = 30.0
"""Seconds in which everything has to be well again."""
READY = 60.0
"""Seconds in which a process has to be ready on a busy machine."""
RECORDINGS = Path(__file__).parent.parent / "recordings"
TIME, CALL, LIGHT = "3_alexa_time.flac", "4_alexa_call.flac", "1_alexa_light_on.flac"
_TRIM = (0.55, 0.75)
"""Seconds of quiet that are cut off at both ends of a recording."""

POLICY = """\
version: 1
extends: household
consent:
  asked: {data_subject: household, personal_data: intent, purpose: history, recipient: home,
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}}
  said: {data_subject: household, personal_data: transcript, purpose: improvement, recipient: home,
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}}
  told: {data_subject: household, personal_data: intent, purpose: clock, recipient: clock,
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}}
  sent: {data_subject: household, personal_data: outbox, purpose: service, recipient: home,
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}}
retention:
  intent: {history: {retention_period: P1D}}
  transcript: {improvement: {retention_period: PT3M}}
  outbox: {service: {retention_period: P2D, maximum_count: 1000}}
sharing:
  clock:
    purpose: clock
    retention_period: P1D
    budget: {bits_per_message: 8, bits_per_day: 80000, messages_per_day: 10000}
    intents:
      HassGetCurrentTime: {}
      CallNumber: {slots: {phone_number: {placeholders: [PHONE_NUMBER]}}}
"""
SETTINGS = """\
voice: {{engine: none}}
policies: {{files: [{folder}/policy.yaml]}}
home: {{sentences: [{folder}/sentences.yaml], things: {things}}}
skills: {{directory: {folder}/skills}}
"""
DOOR = """\
door: {{address: 127.0.0.1, port: {port}, tls: false, socket: {folder}/door.sock}}
"""
HOME = """\
home_assistant:
  {{url: "http://127.0.0.1:{port}", token_file: {folder}/token, socket: {folder}/home.sock}}
"""
THINGS = """\
areas: [{name: Kitchen}]
entities: [{name: Kitchen Light, domain: light, area: Kitchen}]
"""


class BrokenError(Exception):
    """A fault did more than it may."""


class Stage:
    """The household. `folder` is its own; nobody else's state is touched."""

    def __init__(self, folder: Path, sound: pulse.Pulse) -> None:
        self.folder = folder
        self.sound = sound
        self.kept = kept.Kept()
        self.restarts = 0
        """How often the daemon ended by itself and was started again."""
        self.disk = None if disk.missing() else disk.Disk(folder)
        self.state = (self.disk.place if self.disk else folder) / "state"
        self.clocks = clocks.Clocks(folder)
        self.street = None if street.missing() else street.Street(folder)
        self._write()
        self.core = self.program("run")
        if self.street is not None:
            self.street.door = self.program("door", state=folder / "door")
            self.street.door.start()
        self._heard = 0
        self._said: list[Line] = []
        self._mended = time.monotonic()

    def program(self, name: str, *more: str, state: Path | None = None) -> Program:
        """A command of Sotto's in this household, not started yet."""
        config, where = self.folder / "settings.yaml", state or self.state
        arguments = [name, "--config", str(config), "--state", str(where), "--json", *more]
        return Program(name, arguments, {**self.sound.environment, **self.clocks.environment})

    def _write(self) -> None:
        skills = self.folder / "skills"
        skills.mkdir()
        shutil.copy(Path(__file__).with_name("rascal.py"), skills / "rascal.py")
        shutil.copy(RECORDINGS / "sentences.yaml", self.folder)
        self.restore()
        for name in (TIME, CALL, LIGHT):
            samples = read_samples(RECORDINGS / name, 30.0)
            start, end = (round(seconds * SAMPLE_RATE) for seconds in _TRIM)
            speech.write(self.folder / f"{name}.wav", samples[start:-end].tobytes())

    def restore(self) -> None:
        """Put policy, settings and things back as they were."""
        (self.folder / "policy.yaml").write_text(POLICY)
        (self.folder / "things.yaml").write_text(THINGS)
        self._set(self.folder / "things.yaml")
        shutil.copy(RECORDINGS / "sentences.yaml", self.folder)

    def _set(self, things: Path | None, more: str = "") -> None:
        settings = SETTINGS.format(folder=self.folder, things=things or "null")
        if self.street is not None:
            settings += DOOR.format(port=self.street.broker.port, folder=self.folder)
        (self.folder / "settings.yaml").write_text(settings + more)

    def move_in(self, port: int) -> None:
        """Let the house be Home Assistant's, which is at this port, until `restore`."""
        token = self.folder / "token"
        token.touch(mode=0o600)
        token.write_text("anybody-gets-in-with-this-one")
        self._set(None, HOME.format(port=port, folder=self.folder))
        self.begin_anew()

    def begin_anew(self) -> None:
        """Have daemon and door read their settings."""
        self.core.stop()
        if self.street is not None and self.street.door is not None:
            self.street.door.stop()
            self.street.door.start()
        self.start()

    # What a fault does with it

    def start(self) -> None:
        """Start the daemon and wait until it listens; raises BrokenError where it doesn't."""
        mark = len(self.core.lines)
        self.core.start()
        end = time.monotonic() + READY
        while self.core.lines.wait(_is_listening, mark, 0.2) is None:
            if not self.core.is_running:
                said = [line.text for line in self.core.lines.since(mark)][-1:]
                raise BrokenError(f"sotto run ended with status {self.core.status}: {said}")
            if time.monotonic() > end:
                raise BrokenError("sotto run is not listening")

    def say(self, recording: str = TIME) -> None:
        """Say a recording to the microphone; returns when it was said."""
        self.sound.play(self.folder / f"{recording}.wav")

    def command(self, mark: int) -> None:
        """Say a command, to be answered from `mark` on; on a busy machine again."""
        for _ in range(3):
            self.say()
            if self.core.lines.wait(is_event("done"), mark, 6.0):
                return
        raise BrokenError("a command was not answered")

    def sees(self, text: str, mark: int, seconds: float = LIMIT) -> Line:
        """Wait for a line of the daemon's; raises BrokenError where it doesn't come."""
        line = self.core.lines.wait(lambda line: text in line.text, mark, seconds)
        if line is None:
            raise BrokenError(f"the daemon did not say {text!r}")
        return line

    def outside(self) -> street.Street:
        """The broker and the door, where they are."""
        assert self.street is not None, street.missing()
        return self.street

    def let_pass(self, seconds: float) -> None:
        """Have every clock of the household go on by so much."""
        self._hear()
        self.clocks.let_pass(seconds)

    def released(self) -> int:
        """How many messages were acknowledged to be on their way out by now."""
        self._hear()
        return self.kept.released

    def mended(self) -> None:
        """The cause is gone: from now on recovery is measured."""
        self._mended = time.monotonic()

    # What is asked afterwards

    def recover(self) -> float:
        """Seconds from `mended` to the start of the first command that was answered."""
        while True:
            if not self.core.is_running:
                self.restarts += 1
                with contextlib.suppress(BrokenError):
                    self.start()
            begun, mark = time.monotonic(), len(self.core.lines)
            with contextlib.suppress(Exception):
                self.say()
            woken = self.core.lines.wait(is_event("wake"), mark, 1.0)
            if woken and self.core.lines.wait(is_event("done"), mark, 5.0):
                break
            if time.monotonic() - self._mended > LIMIT:
                raise BrokenError(f"not well again after {LIMIT:.0f} s")
        recovery = max(0.0, begun - self._mended)
        return recovery if self.street is None else max(recovery, self._delivered(self.street))

    def _delivered(self, outside: street.Street) -> float:
        """Seconds from `mended` until everything that was acknowledged had arrived; 0: before."""
        self._hear()
        if outside.wait(self.kept.released, 0.3):
            return 0.0
        if not outside.wait(self.kept.released, self._mended + LIMIT - time.monotonic()):
            behind = self.kept.released - outside.arrived
            raise BrokenError(f"{behind} messages have not arrived after {LIMIT:.0f} s")
        return time.monotonic() - self._mended

    def _hear(self) -> list[Line]:
        lines = self.core.lines.since(self._heard)
        self._heard += len(lines)
        self.kept.hear(lines, self.clocks.passed)
        self._said += lines
        return lines

    def problems(self) -> list[str]:
        """Which invariants do not hold: canaries, what was acknowledged, what has ended."""
        self._hear()
        said, self._said = self._said, []
        found = canaries.in_text(line.text for line in said)
        found += canaries.in_files(self.folder)
        if self.street is not None:
            found += canaries.in_text(map(repr, self.street.payloads))
        listed, _ = kept.rows(self.state)
        return found + self.kept.problems(listed, time.monotonic() + self.clocks.passed)

    def rows(self) -> set[int]:
        """The numbers of the rows that are kept."""
        return kept.rows(self.state)[0]

    def ended(self) -> set[int]:
        """Rows that were acknowledged and whose time is, or may be, over."""
        return self.kept.ended(time.monotonic() + self.clocks.passed)

    def excuse(self) -> str:
        """After damage to the store: what it says is missing, which is not asked for any longer."""
        self._hear()
        listed, said = kept.rows(self.state)
        self.kept.excuse(listed)
        kept.ask(self.state, "data", "verify", acknowledge=True)
        return said

    def last_words(self) -> tuple[str, ...]:
        """The last lines of the daemon and of the door, with how long ago each was said."""
        programs = [self.core] + ([self.street.door] if self.street and self.street.door else [])
        now = time.monotonic()
        return tuple(
            f"{program.name}, {now - line.at:.1f} s ago: {line.text}"
            for program in programs
            for line in program.lines.since(max(0, len(program.lines) - 12))
        )

    def rebuild(self) -> None:
        """After a fault that broke something: start over from what there is."""
        self.core.clear()
        self.clocks.set_wrong(0)
        self.restore()
        if self.disk:
            self.disk.mend()
            self.disk.empty()
        self.sound.stop()
        self.sound.start()
        with contextlib.suppress(BrokenError):
            self.start()

    def close(self) -> None:
        """End all of it."""
        self.core.stop()
        if self.street is not None:
            self.street.close()
        if self.disk:
            self.disk.unmount()


def _is_listening(line: Line) -> bool:
    return "the microphone is " in line.text


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A household whose daemon listens, gone afterwards. Raises BrokenError where it doesn't."""
    with pulse.running_pulse() as sound, tempfile.TemporaryDirectory(prefix="faults-") as name:
        made = Stage(Path(name), sound)
        try:
            made.start()
            yield made
        finally:
            made.close()

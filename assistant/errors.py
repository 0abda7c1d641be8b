"""Every error Sotto raises on purpose, and what is done about each.

AssistantError            one clear line, never a word anybody said
  SettingsError           the start stops; exit status 2; names file, line, key
  SentencesError          the start stops (a reload keeps the old); names file, sentence
  ThingsError             the same, for the file of areas and devices
  PolicyError             at the start: nothing is allowed, said loudly; a reload keeps the old
  ModelError              the start stops; names the model file and how to get it
  SourceError             this file or device gives no audio; the others go on
    MicrophoneError       the microphone is re-opened with backoff
  RecognitionError        this utterance is dropped; the next is heard
  BusyError               the call is not made: too many wait, or its worker is closed
  ManifestError           this skill is left out, the others go on; names the file and the key
  SkillError              this utterance gets an apology; the skill's words are not logged
  PinError                the act is not confirmed; names the file and what to type
  SandboxError            this skill doesn't run; names the skill or the right the kernel lacks
  DoorError               this message does not leave, or the door does not start; names the reason
  WyomingError            this peer is hung up on, or its service does not start
  VoiceError              replies are printed, not spoken
  StateError              the start stops; exit status 2; names the file and what to type
    InUseError            another process has it: it is asked to do the work, or to stop
  KeyslotError            the keys can't be used: nothing is kept or opened; see docs/keys.md
  VaultError              what was to be kept is not, or what was asked for can't be read
  SealError               this row is reported as damaged; the others are read
  AuditError              what was to be stored or sent is not; see docs/audit.md
"""

from __future__ import annotations

from types import TracebackType


class AssistantError(Exception):
    """The root. Its text is fit to print: files, keys, ids and counts, never speech."""


class SettingsError(AssistantError):
    """A settings file that can't be used."""


class SentencesError(AssistantError):
    """A file of sentences that can't be used."""


class ThingsError(AssistantError):
    """A file of areas and devices that can't be used."""


class PolicyError(AssistantError):
    """A policy file or a record of consents that can't be used."""


class ModelError(AssistantError):
    """A model that is missing, damaged or of the wrong kind."""


class SourceError(AssistantError):
    """Audio that can't be read."""


class MicrophoneError(SourceError):
    """A microphone that is missing, lost or stalled."""


class RecognitionError(AssistantError):
    """An engine that failed on one utterance."""


class BusyError(AssistantError):
    """A worker with no room for another call."""


class ManifestError(AssistantError):
    """A skill that can't be used as it is written."""


class SkillError(AssistantError):
    """A skill that failed on one intent."""


class PinError(AssistantError):
    """A PIN that is not set, or whose file can't be used."""


class SandboxError(AssistantError):
    """A skill's process that can't be made, or not confined as the policy wants."""


class DoorError(AssistantError):
    """A message that may not leave, or a way out that can't be used."""


class WyomingError(AssistantError):
    """A Wyoming peer that says what it must not, or a service that can't be offered."""


class VoiceError(AssistantError):
    """A reply that can't be spoken: no synthesiser, no player, no loudspeaker."""


class StateError(AssistantError):
    """A state directory or a file in it that can't be used safely."""


class InUseError(StateError):
    """A state directory that another process holds."""


class KeyslotError(AssistantError):
    """Keys that are missing, damaged, old, full or another master's."""


class VaultError(AssistantError):
    """A vault that can't be opened, read or written, or a row it must not keep."""


class SealError(AssistantError):
    """A row that does not open."""


class AuditError(AssistantError):
    """An audit log that can't be written or does not hold together, or an entry not fit for it."""


def outline(error: BaseException) -> str:
    """The error's types and lines, without its text, which may quote the speaker.

    Errors of our own are safe to print and keep theirs.
    """
    if isinstance(error, AssistantError):
        return str(error)
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 4:
        chain.append(f"{type(current).__name__} at {_place(current.__traceback__)}")
        current = current.__cause__ or current.__context__
    return " from ".join(chain)


def _place(traceback: TracebackType | None) -> str:
    if traceback is None:
        return "an unknown line"
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"

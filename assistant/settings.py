"""The settings file: frozen, complete without a file, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=3600)]
Score = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WakePhrase(Section):
    """One wake word."""

    phrase: str = Field(
        "alexa",
        description="alexa, hey_jarvis, hey_mycroft, okay_nabu, hey_rhasspy, or a name for `model`",
    )
    model: Path | None = Field(None, description="your own openWakeWord .tflite file")
    threshold: Score | None = Field(
        None,
        description="score that wakes, in the cascade of both models together; null: "
        "measured default",
    )
    gate: Score | None = Field(
        None, description="score of the cheap gate that wakes the accurate model; null: default"
    )
    refractory: Seconds = Field(2.0, description="seconds in which the phrase wakes only once")


class WakeSettings(Section):
    """What wakes Sotto."""

    engine: Literal["cascade", "openwakeword", "microwakeword", "none"] = Field(
        "cascade",
        description="cascade: a cheap gate, then openWakeWord; none: push-to-talk only",
    )
    phrases: tuple[WakePhrase, ...] = (WakePhrase(),)


class ListenSettings(Section):
    """When an utterance begins and ends."""

    pre_roll: Seconds = Field(
        0.6, description="seconds before the wake decision that belong to the utterance"
    )
    complete: Seconds = Field(0.3, description="seconds of quiet after a complete command")
    silence: Seconds = Field(0.6, description="seconds of quiet after anything else")
    unfinished: Seconds = Field(
        1.5, description="seconds of quiet after a command that clearly goes on"
    )
    no_speech: Seconds = Field(4.0, description="seconds to wait for the first word")
    longest: Seconds = Field(12.0, description="seconds an utterance may last")


class RecognizerSettings(Section):
    """What turns speech into text."""

    engine: Literal["auto", "grammar", "whisper"] = Field(
        "auto", description="auto: whisper where a model directory is set, else grammar"
    )
    whisper_model: Path | None = Field(
        None, description="directory of a faster-whisper model (see `sotto models`)"
    )
    rejection: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="0: every sound becomes a command; 1: hardly any; 0.5 is tuned"
    )


class HomeSettings(Section):
    """The house."""

    things: Path | None = Field(
        None, description="YAML file of areas, floors and entities; null: the demo house"
    )
    sentences: tuple[Path, ...] = Field(
        (), description="own sentences, in Home Assistant's custom-sentence format"
    )
    area: str | None = Field(
        None, description="the area this device stands in: 'turn on the lights' means here"
    )


class RedactionSettings(Section):
    """What is private beyond what the detectors know."""

    words: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="by type: {PERSON: [ada, uncle bob], ADDRESS: [twelve elm street]}",
    )
    presidio: bool | Path = Field(
        False,
        description="true: Presidio's pattern recognizers beside ours; or a YAML file of its "
        "recognizer registry (needs sotto-voice[presidio])",
    )


class MicrophoneSettings(Section):
    """Where sound comes from."""

    device: str | int | None = Field(
        None,
        description="name or index as `sotto check` lists them; null: the default; wyoming: the "
        "one that wyoming.microphone names",
    )


class VoiceSettings(Section):
    """How replies are spoken."""

    engine: Literal["espeak", "piper", "none"] = Field("espeak", description="none: stay mute")
    model: Path | None = Field(None, description="a piper voice (.onnx)")
    speed: Annotated[int, Field(ge=80, le=400)] = Field(160, description="words a minute")


class SkillsSettings(Section):
    """Skills beside the built-in ones; see docs/skills.md."""

    directory: Path | None = Field(
        None, description="skills that are a .py or .yaml file; null: installed packages only"
    )


class DoorSettings(Section):
    """The way out: an MQTT broker. `sotto door` needs it; see docs/door.md."""

    address: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        None, description="the broker's name or IP address; null: no door, nothing leaves"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = Field(True, description="false: without, for a broker on this machine only")
    ca: Path | None = Field(
        None, description="who signed the broker's certificate (PEM); null: whom the system trusts"
    )
    certificate: Path | None = Field(None, description="this device's certificate (PEM)")
    key: Path | None = Field(None, description="its key (PEM, without a password)")
    site: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = Field(
        "home", description="this place in topics: sotto/<site>/<destination>/intent"
    )
    inside: bool = Field(
        False,
        description="true: `sotto replay` brings a door of its own, in its process (development)",
    )
    socket: Path | None = Field(
        None, description="where core and door meet; null: door.sock in the state directory"
    )
    expiry: Annotated[int, Field(ge=1, le=2_592_000)] = Field(
        86_400, description="seconds for which the broker holds a message for who is away"
    )
    reply: Annotated[int, Field(ge=1, le=30)] = Field(
        5, description="seconds in which a service has to answer"
    )


Uri = Annotated[str, Field(min_length=1, max_length=253)]


class WyomingSettings(Section):
    """Home Assistant's voice protocol: what `sotto wyoming` opens; see docs/wyoming.md."""

    asr: Uri | None = Field(
        None, description="speech to text, such as tcp://127.0.0.1:10300; null: not offered"
    )
    wake: Uri | None = Field(None, description="wake words, such as tcp://127.0.0.1:10400")
    intent: Uri | None = Field(None, description="text to intent: tcp://127.0.0.1:10500")
    satellite: Uri | None = Field(
        None, description="our microphone for Home Assistant's pipeline: tcp://127.0.0.1:10700"
    )
    satellite_for: Uri | None = Field(
        None, description="the address of the one peer that gets its sound; null: nobody"
    )
    microphone: Uri | None = Field(
        None, description="a microphone elsewhere, for microphone.device: wyoming"
    )
    peers: tuple[Uri, ...] = Field(
        ("127.0.0.0/8", "::1"), description="who may connect: addresses and networks"
    )
    destination: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = Field(
        "home-assistant", description="what the policy calls the peers, under `sharing`"
    )
    clients: Annotated[int, Field(ge=1, le=64)] = Field(
        8, description="peers that a service serves at one time"
    )
    announce: bool = Field(False, description="true: Home Assistant finds the services (mDNS)")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,30}$")] = Field(
        "Sotto", description="what the services are called"
    )
    directory: Path | None = Field(
        None, description="where `sotto run` and `sotto wyoming` meet; null: the state directory"
    )


class HomeAssistantSettings(Section):
    """The house, where Home Assistant runs it; `sotto door` talks to it: docs/home-assistant.md."""

    url: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="http://homeassistant.local:8123, or https://...; null: none"
    )
    token_file: Path | None = Field(
        None,
        description="file (mode 0600) with a long-lived access token; the systemd credential "
        "sotto-ha-token goes before it",
    )
    ca: Path | None = Field(
        None, description="who signed its certificate (PEM); null: whom the system trusts"
    )
    socket: Path | None = Field(
        None, description="where core and door meet; null: home.sock in the state directory"
    )


OptionName = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,29}$")]
Told: TypeAlias = Literal["unmute", "erase", "policy", "confirm"]
"""What Home Assistant may tell us to do, where it is allowed. To mute always is."""


class PresenceSettings(Section):
    """This device in Home Assistant, by MQTT discovery at door.address: docs/presence.md."""

    enabled: bool = Field(False, description="true: `sotto door` shows it there")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,30}$")] = Field(
        "Sotto", description="what the device is called there"
    )
    prefix: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,40}(/[a-zA-Z0-9_-]{1,40})?$")] = Field(
        "homeassistant", description="Home Assistant's discovery prefix"
    )
    allow: tuple[Told, ...] = Field(
        (),
        description="of unmute, erase, policy and confirm, what may be done from there; "
        "to mute always may",
    )
    policies: dict[OptionName, tuple[Path, ...]] = Field(
        default_factory=dict,
        description="policies to choose from beside the usual one, by name: "
        "{guests: [guests.yaml]}",
    )
    intents: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")], ...] = Field(
        (), description="intents of your own skills that may be named there; others are `other`"
    )
    socket: Path | None = Field(
        None, description="where core and door meet; null: presence.sock in the state directory"
    )


class ObserveSettings(Section):
    """What the daemon shows of itself, without words; see docs/observability.md."""

    metrics: bool = Field(
        False,
        description="true: metrics.sock speaks Prometheus' format; the service's is in "
        "/run/sotto/metrics, for the group sotto-metrics",
    )
    events: bool = Field(
        False,
        description="true: events.sock, for lamps and buttons (examples/led, button); the "
        "service's is in /run/sotto/lamps, for the group sotto-lamps",
    )
    mute: Path | None = Field(
        None,
        description="a hardware mute switch: a file that begins with 0 or 1 (a GPIO's value), or "
        "an input device; while it can't be read nobody is heard",
    )
    mute_value: Literal["0", "1"] = Field("1", description="what the file says while it is on")


class PolicySettings(Section):
    """What may be kept, shared and done."""

    files: tuple[Path, ...] = Field(
        (),
        description="policy files, or directories of them, in order; none: household.yaml, which "
        "ships with Sotto, keeps and shares nothing but counts",
    )


class Settings(Section):
    """All of it."""

    language: Literal["en"] = Field("en", description="language of commands and replies")
    wake: WakeSettings = WakeSettings()
    listen: ListenSettings = ListenSettings()
    recognizer: RecognizerSettings = RecognizerSettings()
    home: HomeSettings = HomeSettings()
    redaction: RedactionSettings = RedactionSettings()
    microphone: MicrophoneSettings = MicrophoneSettings()
    voice: VoiceSettings = VoiceSettings()
    skills: SkillsSettings = SkillsSettings()
    door: DoorSettings = DoorSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    presence: PresenceSettings = PresenceSettings()
    wyoming: WyomingSettings = WyomingSettings()
    observe: ObserveSettings = ObserveSettings()
    policies: PolicySettings = PolicySettings()

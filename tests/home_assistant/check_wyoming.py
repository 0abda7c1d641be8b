"""Home Assistant 2024.3.3 finds Sotto, is given it, and speaks with it.

Both are real; only its voice is one of ours, that says the same of everything.
"""

from __future__ import annotations

import asyncio
import io
import wave

import pytest
from conftest import SOON, Sotto, add, discovered, sound_of
from homeassistant.components import assist_pipeline, stt, tts
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.wyoming.const import DOMAIN
from homeassistant.setup import async_setup_component

METADATA = stt.SpeechMetadata(
    language="en",
    format=stt.AudioFormats.WAV,
    codec=stt.AudioCodecs.PCM,
    bit_rate=stt.AudioBitRates.BITRATE_16,
    sample_rate=stt.AudioSampleRates.SAMPLERATE_16000,
    channel=stt.AudioChannels.CHANNEL_MONO,
)


REPLY = 31_000
"""Bytes of a second of sound, at least, as the core plays it."""


async def chunks(pcm: bytes):
    for start in range(0, len(pcm), 2048):
        yield pcm[start : start + 2048]


async def text_of(hass, entity_id: str, name: str) -> str:
    """What Home Assistant gets from the service for a recording."""
    engine = stt.async_get_speech_to_text_engine(hass, entity_id)
    assert engine.check_metadata(METADATA)
    result = await engine.async_process_audio_stream(METADATA, chunks(sound_of(name)))
    assert result.result is stt.SpeechResultState.SUCCESS
    return result.text


async def test_it_finds_every_service_and_uses_speech_to_text(hass, sotto: Sotto, mdns):
    async with sotto.running("wyoming"):
        names = {"Kitchen asr", "Kitchen wake", "Kitchen satellite"}
        flows = await discovered(hass, names)
        assert {name for name in flows if name.startswith("Kitchen")} == names
        entry = await add(hass, flows["Kitchen asr"])
        assert entry.data == {"host": "127.0.0.1", "port": sotto.ports["asr"]}
        assert await text_of(hass, "stt.kitchen_asr", "cmd_timer") == "set a timer for five minutes"
        assert await text_of(hass, "stt.kitchen_asr", "chat_dinner") == ""
        await hass.config_entries.async_unload(entry.entry_id)


async def test_it_uses_the_wake_words(hass, sotto: Sotto):
    async with sotto.running("wyoming"):
        await sotto.said("wyoming", "wyoming wake: at")
        flow = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": "user"},
            data={"host": "127.0.0.1", "port": sotto.ports["wake"]},
        )
        assert flow["type"] == "create_entry"
        assert flow["title"] == "Kitchen wake"
        await hass.async_block_till_done()
        entity = hass.data["wake_word"].get_entity("wake_word.kitchen_wake")
        words = await entity.get_supported_wake_words()
        assert [(word.id, word.phrase) for word in words] == [("alexa", "alexa")]

        async def timed():
            pcm = sound_of("alexa_time")
            for start in range(0, len(pcm), 2048):
                yield pcm[start : start + 2048], start // 32
            while True:  # the provider looks for an answer only while there is sound
                yield bytes(2048), len(pcm) // 32
                await asyncio.sleep(0.05)

        result = await entity.async_process_audio_stream(timed(), "alexa")
        assert result.wake_word_id == "alexa"
        await hass.config_entries.async_unload(flow["result"].entry_id)


def _reply() -> bytes:
    with io.BytesIO() as file:
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(22_050)
            written.writeframes(b"\1\0" * 22_050)
        return file.getvalue()


class Voice(tts.Provider):
    """A voice that says the same of everything."""

    name = "Own voice"
    default_language = "en"
    supported_languages = ("en",)
    supported_options = (tts.ATTR_AUDIO_OUTPUT,)

    def __init__(self) -> None:
        self.said: list[str] = []

    def get_tts_audio(self, message, language, options):
        self.said.append(message)
        return "wav", _reply()


@pytest.fixture
async def voice(hass):
    """Home Assistant's text to speech."""
    made = Voice()
    hass.data["tts_manager"].async_register_legacy_engine("own_voice", made, {})
    return made


async def test_a_command_goes_from_a_far_microphone_to_its_pipeline_and_back(
    hass, sotto: Sotto, elsewhere, voice
):
    """A far satellite's sound is Sotto's microphone; Sotto wakes, and is Home Assistant's
    satellite; Home Assistant asks Sotto's speech to text, acts, and answers with its own voice.
    """
    elsewhere.pcm = sound_of("alexa_light_on")
    light = {"input_boolean": {"kitchen_light": {"name": "Kitchen light"}}}
    assert await async_setup_component(hass, "input_boolean", light)
    async_expose_entity(hass, "conversation", "input_boolean.kitchen_light", should_expose=True)
    async with sotto.running("wyoming"), sotto.running("run"):
        await sotto.said("wyoming", "wyoming satellite: at")
        entries = []
        for service in ("asr", "satellite"):
            flow = await hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": "user"},
                data={"host": "127.0.0.1", "port": sotto.ports[service]},
            )
            assert flow["type"] == "create_entry"
            entries.append(flow["result"])
            await hass.async_block_till_done()
        pipeline = assist_pipeline.async_get_pipeline(hass)
        await assist_pipeline.async_update_pipeline(
            hass,
            pipeline,
            stt_engine="stt.kitchen_asr",
            stt_language="en",
            tts_engine="own_voice",
            tts_language="en",
        )
        await sotto.said("run", "listening for")
        await sotto.said("wyoming", "wyoming microphone: at")
        await asyncio.sleep(1)
        elsewhere.speak.set()
        async with asyncio.timeout(SOON):
            while not voice.said:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await hass.async_block_till_done()
        assert hass.states.get("input_boolean.kitchen_light").state == "on"
        assert voice.said == ["Turned on the input_boolean"]
        async with asyncio.timeout(SOON):
            while not sotto.played.exists() or sotto.played.stat().st_size < REPLY:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert '"event": "wake"' in sotto.log("run")
        assert "kitchen light" not in sotto.log("run") + sotto.log("wyoming")
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)


async def test_a_policy_that_keeps_sound_here_is_no_satellite(hass, sotto: Sotto):
    (sotto.settings.parent / "policy.yaml").write_text("version: 1\nextends: household\n")
    async with sotto.running("wyoming"):
        await sotto.said("wyoming", "wyoming satellite: at")
        flow = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": "user"},
            data={"host": "127.0.0.1", "port": sotto.ports["satellite"]},
        )
        assert (flow["type"], flow["reason"]) == ("abort", "no_services")

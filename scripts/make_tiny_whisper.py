"""Write a tiny Whisper model that faster-whisper loads: random weights, or a set sentence.

    make_tiny_whisper.py DIRECTORY [--says "turn on the light"]

The encoder's weights are random (seeded). Without `says` the decoder's are too, and the model
babbles. With it the decoder is a table "after this token comes that one": whatever it
hears, it says the sentence, surely. It is for tests of everything around a model.
The layout is CTranslate2's own specification of Whisper (`ctranslate2.specs.whisper_spec`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import whisper_spec
from numpy.typing import NDArray

WIDTH = 64
HEADS = 2
MEL_BANDS = 80
AUDIO_POSITIONS = 1500
TEXT_POSITIONS = 448
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMPS = tuple(f"<|{index * 0.02:.2f}|>" for index in range(1501))


def write(directory: Path, says: Sequence[str] = (), *, sureness: float = 20.0) -> Path:
    """Write the model's files and return the directory.

    `says` are the words it says; a word that follows itself is said for ever. `sureness` is
    the logit of the right next token over all others.
    """
    directory.mkdir(parents=True, exist_ok=True)
    words = [f"Ġ{word}" for word in dict.fromkeys(says)]
    tokens = [*_byte_characters(), *words, *SPECIAL, *TIMESTAMPS]
    random = np.random.default_rng(7)
    spec = whisper_spec.WhisperSpec(1, HEADS, 1, HEADS)
    _fill_encoder(spec.encoder, random)
    _fill_decoder(spec.decoder, len(tokens), random)
    if says:
        _teach(spec.decoder, _transitions(says, tokens), sureness)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [tokens.index("<|en|>")]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.save(str(directory))
    (directory / "tokenizer.json").write_text(json.dumps(_tokenizer(tokens)), encoding="utf-8")
    features = {"feature_size": MEL_BANDS, "hop_length": 160, "n_fft": 400, "chunk_length": 30}
    (directory / "preprocessor_config.json").write_text(
        json.dumps({**features, "sampling_rate": 16_000}), encoding="utf-8"
    )
    return directory


def _byte_characters() -> list[str]:
    """Give the 256 printable stand-ins for bytes that byte-level BPE uses (GPT-2)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in plain]
    stand_in = {byte: chr(byte) for byte in plain}
    stand_in |= {byte: chr(256 + index) for index, byte in enumerate(rest)}
    return [stand_in[byte] for byte in range(256)]


def _tokenizer(tokens: list[str]) -> dict[str, Any]:
    """Describe a byte-level BPE tokenizer without merges, in the `tokenizers` format."""
    first_special = tokens.index(SPECIAL[0])
    added = [
        {
            "id": index,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": token in SPECIAL,
        }
        for index, token in enumerate(tokens)
        if index >= first_special
    ]
    byte_level = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", **byte_level},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", **byte_level},
        "model": {
            "type": "BPE",
            "vocab": {token: index for index, token in enumerate(tokens[:first_special])},
            "merges": [],
            "ignore_merges": True,
        },
    }


def _transitions(says: Sequence[str], tokens: list[str]) -> list[tuple[int, int]]:
    """Pair every token with the one that follows it, with and without timestamps."""
    path = [*(f"Ġ{word}" for word in says), "<|2.00|>", "<|endoftext|>"]
    starts = [("<|startoftranscript|>", "<|0.00|>")]
    starts += [("<|0.00|>", path[0]), ("<|notimestamps|>", path[0])]
    pairs = dict([*starts, *reversed(list(pairwise(path)))])
    return [(tokens.index(before), tokens.index(after)) for before, after in pairs.items()]


def _teach(decoder: Any, transitions: list[tuple[int, int]], sureness: float) -> None:  # noqa: ANN401
    """Make the decoder a table: no layer adds anything, the projection maps token to token."""
    layer = decoder.layer[0]
    for linear in (layer.self_attention.linear[-1], layer.attention.linear[-1], layer.ffn.linear_1):
        linear.weight = np.zeros_like(linear.weight)
        linear.bias = np.zeros_like(linear.bias)
    decoder.position_encodings.encodings = np.zeros_like(decoder.position_encodings.encodings)
    embeddings = decoder.embeddings.weight
    centred = embeddings - embeddings.mean(axis=1, keepdims=True)
    normal = centred / centred.std(axis=1, keepdims=True)
    projection = np.zeros_like(embeddings)
    for before, after in transitions:
        projection[after] += sureness * normal[before] / WIDTH
    decoder.projection.weight = projection


def _fill_encoder(encoder: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    _fill(encoder.conv1, random, (WIDTH, MEL_BANDS, 3))
    _fill(encoder.conv2, random, (WIDTH, WIDTH, 3))
    encoder.position_encodings.encodings = _normal(random, (AUDIO_POSITIONS, WIDTH))
    _fill_norm(encoder.layer_norm)
    layer = encoder.layer[0]
    _fill_attention(layer.self_attention, random, (3 * WIDTH, WIDTH))
    _fill_feed_forward(layer.ffn, random)


def _fill_decoder(decoder: Any, vocabulary: int, random: np.random.Generator) -> None:  # noqa: ANN401
    decoder.embeddings.weight = _normal(random, (vocabulary, WIDTH), 1.0)
    decoder.position_encodings.encodings = _normal(random, (TEXT_POSITIONS, WIDTH))
    _fill_norm(decoder.layer_norm)
    decoder.projection.weight = decoder.embeddings.weight
    layer = decoder.layer[0]
    _fill_attention(layer.self_attention, random, (3 * WIDTH, WIDTH))
    _fill_attention(layer.attention, random, (WIDTH, 2 * WIDTH, WIDTH))
    _fill_feed_forward(layer.ffn, random)


def _fill_attention(attention: Any, random: np.random.Generator, sizes: Sequence[int]) -> None:  # noqa: ANN401
    for linear, size in zip(attention.linear, sizes, strict=True):
        _fill(linear, random, (size, WIDTH))
    _fill_norm(attention.layer_norm)


def _fill_feed_forward(feed_forward: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    _fill(feed_forward.linear_0, random, (4 * WIDTH, WIDTH))
    _fill(feed_forward.linear_1, random, (WIDTH, 4 * WIDTH))
    _fill_norm(feed_forward.layer_norm)


def _fill(part: Any, random: np.random.Generator, shape: tuple[int, ...]) -> None:  # noqa: ANN401
    part.weight = _normal(random, shape)
    part.bias = np.zeros(shape[0], dtype=np.float32)


def _fill_norm(norm: Any) -> None:  # noqa: ANN401
    norm.gamma = np.ones(WIDTH, dtype=np.float32)
    norm.beta = np.zeros(WIDTH, dtype=np.float32)


def _normal(
    random: np.random.Generator, shape: tuple[int, ...], scale: float = 0.1
) -> NDArray[np.float32]:
    return (scale * random.standard_normal(shape)).astype(np.float32)


def main() -> None:
    """Write the model to the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--says", default="", help="words it always says, separated by spaces")
    arguments = parser.parse_args()
    print(write(arguments.directory, arguments.says.split()))


if __name__ == "__main__":
    main()

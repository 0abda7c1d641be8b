"""The Whisper models that `sotto models` knows: where they lie, and what they must be.

Each is pinned to a commit of its repository, and every file to its size and SHA-256. So it
doesn't matter who serves them: a file that differs by one bit is refused. That makes this
list, and whoever can change it, what you trust. We did not compute the sums from files of
ours: they are those that the hub publishes for the commit, as several unrelated projects
pinned them before us (package recipes and model manifests, compared in 2026-11). For
`distil-small.en` only `model.bin` was found in more than one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """A Whisper model in CTranslate2's format."""

    name: str
    repository: str
    revision: str
    """The commit of the repository."""
    note: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


_TOKENIZER = ModelFile(
    "tokenizer.json",
    2_128_466,
    "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
)
_VOCABULARY = ModelFile(
    "vocabulary.txt",
    422_309,
    "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
)

_MODELS = (
    Model(
        "tiny.en",
        "Systran/faster-whisper-tiny.en",
        "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        "fastest; the choice for a Raspberry Pi 4",
        (
            ModelFile(
                "model.bin",
                75_537_502,
                "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            ),
            ModelFile(
                "config.json",
                2_317,
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
    ),
    Model(
        "base.en",
        "Systran/faster-whisper-base.en",
        "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        "twice the work of tiny.en, fewer mistakes",
        (
            ModelFile(
                "model.bin",
                145_216_508,
                "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
            ),
            ModelFile(
                "config.json",
                2_227,
                "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
    ),
    Model(
        "small.en",
        "Systran/faster-whisper-small.en",
        "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        "for a PC or a fast board",
        (
            ModelFile(
                "model.bin",
                483_545_366,
                "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
            ),
            ModelFile(
                "config.json",
                2_657,
                "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae",
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
    ),
    Model(
        "distil-small.en",
        "Systran/faster-distil-whisper-small.en",
        "ef77d90526ccd62cde3808ee70626a01e5cf83e4",
        "small.en with a shorter decoder",
        (
            ModelFile(
                "model.bin",
                332_308_257,
                "1187de3982cdcf962a2fb8f797e429fb4651b875b18fe9ce50b58b52fc9072b7",
            ),
            ModelFile(
                "config.json",
                2_812,
                "b571ae8022a34c1df50876a65b5f813a5c22e5ee3b87bc0e4db5662dfc9c2c3d",
            ),
            ModelFile(
                "preprocessor_config.json",
                339,
                "a6a76d28c93edb273669eb9e0b0636a2bddbb1272c3261e47b7ca6dfdbac1b8d",
            ),
            ModelFile(
                "tokenizer.json",
                2_405_466,
                "c9c77688528c0509abbd41873edab16384b8f041531b1d3092ab4d1d83a02a50",
            ),
            ModelFile(
                "vocabulary.json",
                825_480,
                "4dadfee7c4a871665f65c06037f5f5ec893fb2d7f5eb4cf11063618e31dbe11a",
            ),
        ),
    ),
)

MODELS = {model.name: model for model in _MODELS}


def models_directory(state: Path) -> Path:
    """Give the directory in which models lie, each in one of its own name."""
    return state / "models"

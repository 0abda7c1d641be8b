"""Checks a wake-word model of the user's own before a library that would crash on it sees it.

TensorFlow Lite's C interface maps a file and believes it: a missing or damaged one ends the
process. So the file is loaded and run once in a child process, which may die of it.
"""

from __future__ import annotations

import ctypes
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pyopen_wakeword import OpenWakeWordFeatures
from pyopen_wakeword.wakeword import TfLiteWakeWord

from assistant.errors import ModelError

ModelKind: TypeAlias = Literal["openWakeWord", "microWakeWord"]

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of a TensorFlow Lite file (its schema's file_identifier)."""
SMALLEST, LARGEST = 1_024, 64 * 1_024 * 1_024
PROBE_SECONDS = 30
PROBE_MEMORY = 2 * 1_024**3
FLOAT32, UINT8, INT8 = 1, 3, 9
"""Values of TfLiteType."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """The shape of a model's input or output."""

    shape: tuple[int, ...]
    type: int


def check_model(path: Path, kind: ModelKind) -> None:
    """Raise ModelError unless `path` is a model that loads, runs and is of this kind.

    openWakeWord: float32 [1, embeddings, 96] to one float32. microWakeWord: 8-bit
    [1, 10 ms steps, 40] to one 8-bit score.
    """
    _check_file(path)
    inputs, outputs = _probe(path)
    found = _kind(inputs, outputs)
    if found is None:
        raise ModelError(
            f"{path}: not a wake-word model: it turns {_outline(inputs)} into {_outline(outputs)}"
        )
    if found != kind:
        raise ModelError(f"{path}: made for {found}, but this wake.engine needs a model for {kind}")


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ModelError(f"{path}: the wake-word model can't be read: {error.strerror}") from error
    if not SMALLEST <= size <= LARGEST or head[4:8] != IDENTIFIER:
        raise ModelError(f"{path}: not a TensorFlow Lite model (.tflite), or cut short")


def _probe(path: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Load and run the model in a child process; return its inputs and outputs."""
    command = [sys.executable, "-P", "-m", __name__, str(path)]
    try:
        child = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
        found = json.loads(child.stdout)
        inputs, outputs = ([Tensor(tuple(shape), type_) for shape, type_ in side] for side in found)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{path}: the model is damaged: it does not come to an end") from error
    except (subprocess.CalledProcessError, ValueError) as error:
        raise ModelError(f"{path}: the model is damaged: TensorFlow Lite can't run it") from error
    return inputs, outputs


def _kind(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> ModelKind | None:
    if len(inputs) != 1 or len(outputs) != 1 or set(outputs[0].shape) != {1}:
        return None
    shape, types = inputs[0].shape, {inputs[0].type, outputs[0].type}
    if len(shape) != 3 or shape[0] != 1 or shape[1] < 1:
        return None
    if shape[2] == 96 and types == {FLOAT32}:
        return "openWakeWord"
    return "microWakeWord" if shape[2] == 40 and types <= {UINT8, INT8} else None


def _outline(tensors: Sequence[Tensor]) -> str:
    return " and ".join(f"type {tensor.type} {list(tensor.shape)}" for tensor in tensors)


class _Probe(TfLiteWakeWord):
    """The library, in the child process."""

    def __init__(self) -> None:
        super().__init__(OpenWakeWordFeatures.from_builtin().libtensorflowlite_c_path)
        for name in (
            "TfLiteInterpreterGetInputTensorCount",
            "TfLiteInterpreterGetOutputTensorCount",
        ):
            count = getattr(self.lib, name)
            count.argtypes, count.restype = [ctypes.c_void_p], ctypes.c_int32

    def describe(self, path: str) -> list[list[tuple[list[int], int]]]:
        """Load and run the model; return shape and type of its inputs, then of its outputs."""
        lib = self.lib
        model = lib.TfLiteModelCreateFromFile(path.encode())
        interpreter = model and lib.TfLiteInterpreterCreate(model, None)
        if not interpreter or lib.TfLiteInterpreterAllocateTensors(interpreter):
            raise SystemExit(1)
        inputs = [
            lib.TfLiteInterpreterGetInputTensor(interpreter, index)
            for index in range(lib.TfLiteInterpreterGetInputTensorCount(interpreter))
        ]
        for tensor in inputs:
            size = lib.TfLiteTensorByteSize(tensor)
            lib.TfLiteTensorCopyFromBuffer(tensor, bytes(size), size)
        if lib.TfLiteInterpreterInvoke(interpreter):
            raise SystemExit(1)
        outputs = [
            lib.TfLiteInterpreterGetOutputTensor(interpreter, index)
            for index in range(lib.TfLiteInterpreterGetOutputTensorCount(interpreter))
        ]
        return [[self._tensor(tensor) for tensor in side] for side in (inputs, outputs)]

    def _tensor(self, tensor: int) -> tuple[list[int], int]:
        sizes = range(self.lib.TfLiteTensorNumDims(tensor))
        shape = [self.lib.TfLiteTensorDim(tensor, index) for index in sizes]
        return shape, self.lib.TfLiteTensorType(tensor)


def _main(path: str) -> None:
    """The child process: print what the model looks like, or die of it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (PROBE_MEMORY, PROBE_MEMORY))
    sys.stdout.write(json.dumps(_Probe().describe(path)))


if __name__ == "__main__":
    _main(sys.argv[1])

"""Compiles a grammar in a process of its own, and leaves it in the cache."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import SentencesError
from pipeline.grammar import BROKEN, compiled
from pipeline.grammar.grammar import save


def main(inputs: Sequence[Any], path: str) -> None:
    """Compile `inputs` (sources, lists, dictionary, wake) to a file."""
    sources, lists, dictionary, wake = inputs
    try:
        save(compiled(sources, lists, Path(dictionary), wake), Path(path))
    except SentencesError as error:
        sys.stdout.write(str(error))
        sys.stdout.flush()
        sys.exit(BROKEN)
    except OSError:
        sys.exit(1)

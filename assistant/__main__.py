"""The command `sotto`: reads the arguments and calls one of `assistant.commands`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from assistant.commands import dispatch  # noqa: PLC0415  # an interrupt counts from here

        return dispatch.run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

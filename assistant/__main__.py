"""The command `sotto`: reads the arguments and calls one of `assistant.commands`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status: 0 done, 1 failed, 2 wrong use, 130 interrupted."""
    before = {number: signal.signal(number, _leave) for number in _SIGNALS}
    try:
        from assistant.commands import dispatch  # noqa: PLC0415  # an interrupt counts from here

        return dispatch.run(sys.argv[1:] if arguments is None else arguments, _listen)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen() -> None:
    """From now on a signal ends what is being done, in order."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """While modules are loaded nothing is begun, and an exception may land in a library's C."""
    os._exit(INTERRUPTED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

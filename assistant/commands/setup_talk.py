"""Questions on a terminal: numbered choices, a default for whoever presses Enter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from getpass import getpass


class Talk:
    """Asks, and takes the default where nobody answers any more."""

    def __init__(self) -> None:
        self._is_over = False

    def say(self, text: str = "") -> None:
        """Print a line."""
        print(text, flush=True)

    def choose(self, question: str, choices: Sequence[str], default: int = 0) -> int:
        """Ask for one of some choices; its index."""
        self.say(f"\n{question}")
        for number, choice in enumerate(choices, 1):
            self.say(f"  {number}  {choice}")
        while True:
            answer = self._line(f"1 to {len(choices)}, or Enter for {default + 1}: ")
            if not answer:
                return default
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
            self.say(f"  a number from 1 to {len(choices)}, please")

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Ask for a text; empty where Enter is pressed. `hidden`: a terminal does not show it."""
        if hidden and sys.stdin.isatty():
            return getpass(f"{question}: ").strip()
        return self._line(f"{question}: ")

    @property
    def is_over(self) -> bool:
        """Whether nobody answers any more: input ended."""
        return self._is_over

    def _line(self, prompt: str) -> str:
        if self._is_over:
            return ""
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        if not line.endswith("\n"):
            self._is_over = True
            self.say()
        return line.strip()

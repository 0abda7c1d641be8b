"""The clocks of the household's processes, and of nobody else: clock.c, loaded before libc."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def missing() -> str | None:
    """What setting clocks lacks here, or None."""
    return None if shutil.which("cc") else "a C compiler is missing: apt install gcc libc6-dev"


class Clocks:
    """Two offsets in a file that the processes map."""

    def __init__(self, folder: Path) -> None:
        self.environment: dict[str, str] = {}
        """What a process needs to have these clocks."""
        self.passed = 0.0
        """Seconds that were made to pass, beside those that did."""
        self._wrong = 0.0
        if missing():
            return
        library, offsets = folder / "clock.so", folder / "clock"
        compile_it = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(compile_it, check=True, capture_output=True)
        offsets.write_bytes(bytes(16))
        with offsets.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(library), "SOTTO_FAULTS_CLOCK": str(offsets)}

    def set_wrong(self, seconds: float) -> None:
        """Set the wall clock wrong by so much."""
        self._wrong = seconds
        self._tell()

    def let_pass(self, seconds: float) -> None:
        """Let time pass: every clock that shows the time goes on by so much."""
        self.passed += seconds
        self._tell()

    def _tell(self) -> None:
        self._map[:] = struct.pack("=qq", round(self.passed + self._wrong), round(self.passed))

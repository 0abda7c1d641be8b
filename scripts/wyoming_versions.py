"""Old and new versions of PyPI's wyoming as peers of `sotto wyoming`, each in an environment of its
own under .venv-wyoming; 1 where one of them can't speak with it.

usage: python -m scripts.wyoming_versions [VERSION...]
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import soundfile

from plugins.wyoming.handover import Handover
from plugins.wyoming.meeting import SATELLITE
from tests.wyoming_stage import RELEASED, free_port

ROOT = Path(__file__).parent.parent
VERSIONS = ("1.5.3", "1.7.2", "1.10.2")
KINDS = ("asr", "wake", "intent", "satellite")


def main(versions: tuple[str, ...]) -> int:
    """Ask as each version."""
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = {kind: str(free_port()) for kind in KINDS}
        files = [_raw(folder, "cmd_time"), _raw(folder, "alexa_time")]
        with _serving(folder, ports):
            for version in versions:
                words = [_python(version), ROOT / "scripts" / "wyoming_peer.py", "127.0.0.1"]
                failed |= _ask([*words, *ports.values(), *files], folder / SATELLITE) != 0
    return 1 if failed else 0


def _python(version: str) -> Path:
    """The Python of an environment with this version."""
    home = ROOT / ".venv-wyoming" / version
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        words = [python, "-m", "pip", "install", "-q", f"wyoming=={version}"]
        subprocess.run(words, check=True)
    return python


def _raw(folder: Path, name: str) -> Path:
    samples, _ = soundfile.read(ROOT / "tests" / "audio" / f"{name}.flac", dtype="int16")
    path = folder / f"{name}.raw"
    path.write_bytes(samples.tobytes())
    return path


@contextlib.contextmanager
def _serving(folder: Path, ports: dict[str, str]) -> Iterator[None]:
    policy, settings = folder / "policy.yaml", folder / "settings.yaml"
    policy.write_text(RELEASED)
    lines = [f"  {kind}: tcp://127.0.0.1:{port}" for kind, port in ports.items()]
    settings.write_text(
        "\n".join(
            [f"policies: {{files: [{policy}]}}", "wyoming:", *lines, "  satellite_for: 127.0.0.1"]
        )
    )
    words = [sys.executable, "-m", "assistant", "--config", settings, "--state", folder, "wyoming"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if line.startswith("sotto: info: wyoming satellite: at"):
                    break
            yield
        finally:
            process.terminate()


def _ask(words: list[object], socket: Path) -> int:
    """Run a peer; once it waits for sound, be the core that has some."""
    core = Handover(socket, None)
    try:
        with subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, text=True) as peer:
            assert peer.stdout is not None
            for line in peer.stdout:
                print(line, end="", flush=True)
                if line.endswith("waits for sound\n"):
                    _speak(core, peer)
        return peer.returncode
    finally:
        core.close()


def _speak(core: Handover, peer: subprocess.Popen[str]) -> None:
    while not core.is_ready and peer.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            peer.wait(0.1)
    core.begin("alexa")
    core.give(bytes(2560))
    core.over()


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or VERSIONS))

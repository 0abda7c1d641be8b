"""A sound server without hardware: what is played into its sink is what its microphone hears."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SINK = "fake"


def missing() -> str | None:
    """What a microphone without hardware lacks here, or None."""
    for command in ("pulseaudio", "pactl", "paplay"):
        if shutil.which(command) is None:
            return f"{command} is missing: apt install pulseaudio pulseaudio-utils"
    plugins = Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")
    if not any(plugins):
        return "ALSA has no pulse plugin: apt install libasound2-plugins"
    return None if find_spec("pyaudio") else "PyAudio is missing: pip install 'sotto-voice[mic]'"


class Pulse:
    """A running PulseAudio with a null sink; its monitor is the default source."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "native"
        self.environment = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
        }
        """What a program needs to use this server and no other."""
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        protocol = f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"),
                *("--log-level=error", f"--load={protocol}"),
                f"--load=module-null-sink sink_name={SINK}",
            ],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            if self._run("pactl", "info").returncode == 0:
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("pulseaudio does not answer")

    def stop(self) -> None:
        """End the server; what listens to it is cut off."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def freeze(self) -> None:
        """Let the server hang: it is there and answers nothing."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def play(self, audio: Path) -> None:
        """Say a recording to the microphone; returns when it was said."""
        self._run("paplay", f"--device={SINK}", str(audio)).check_returncode()

    def play_aside(self, audio: Path) -> None:
        """The same, and don't wait for it."""
        threading.Thread(target=self.play, args=(audio,), daemon=True).start()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Have sound come at once, as from hardware: a sink that nobody hears works in steps of
        two seconds."""
        listener = subprocess.Popen(
            ["parec", f"--device={SINK}.monitor", "--latency-msec=20"],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            listener.kill()
            listener.wait()

    def remove_sink(self) -> None:
        """Unplug the microphone."""
        self._control("unload-module", "module-null-sink")

    def add_sink(self) -> None:
        """Plug it in again."""
        self._control("load-module", "module-null-sink", f"sink_name={SINK}")

    def mute(self, *, on: bool) -> None:
        """Turn its switch: what it gives is zero to the last bit."""
        self._control("set-source-mute", f"{SINK}.monitor", str(int(on)))

    def use_pipe(self, pipe: Path) -> None:
        """Let everybody hear a pipe instead, which gives sound as fast as it is written."""
        self._control(
            *("load-module", "module-pipe-source", "source_name=pipe", f"file={pipe}"),
            *("rate=16000", "channels=1", "format=s16le"),
        )
        self._control("set-default-source", "pipe")
        for stream in self._control("list", "short", "source-outputs").splitlines():
            self._control("move-source-output", stream.split()[0], "pipe")

    def use_sink(self) -> None:
        """Let everybody hear the sink again."""
        self._control("set-default-source", f"{SINK}.monitor")
        self._control("unload-module", "module-pipe-source")

    def _control(self, *words: str) -> str:
        done = self._run("pactl", *words)
        done.check_returncode()
        return done.stdout.decode()

    def _run(self, *line: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **self.environment}
        return subprocess.run(line, env=environment, capture_output=True, check=False, timeout=60)


@contextmanager
def running_pulse() -> Iterator[Pulse]:
    """A server for this process and its children, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pulse-") as folder:
        pulse = Pulse(Path(folder))
        pulse.start()
        before = {name: os.environ.get(name) for name in pulse.environment}
        os.environ.update(pulse.environment)
        try:
            yield pulse
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            pulse.stop()

"""What a process can do where it runs: every attempt in a child of its own, all answers as JSON.

inside.py FOLDER OTHERS...     FOLDER: its own; OTHERS: what else to try (see `main`)
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import mmap
import os
import platform
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

X86 = platform.machine() == "x86_64"
LIMIT = 60.0
"""Seconds for one attempt."""
TRIES: dict[str, Callable[[Path], object]] = {}
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def attempt(function: Callable[[Path], object]) -> Callable[[Path], object]:
    """List an attempt: it returns where it succeeds, and raises where something stops it."""
    TRIES[function.__name__] = function
    return function


def call(x86: int, arm: int, *arguments: object) -> int:
    """A system call by its numbers. Raises OSError."""
    words = (ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    result = int(libc.syscall(ctypes.c_long(x86 if X86 else arm), *words))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@attempt
def open_internet_socket(_own: Path) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


@attempt
def open_internet_6_socket(_own: Path) -> None:
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()


@attempt
def open_raw_packet_socket(_own: Path) -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


@attempt
def open_netlink_socket(_own: Path) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


@attempt
def see_a_network_interface(_own: Path) -> None:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    if {line.split(":")[0].strip() for line in lines} <= {"lo"}:
        raise OSError(0, "only lo")


@attempt
def reach_what_listens_on_loopback(_own: Path) -> None:
    socket.create_connection(("127.0.0.1", 1883), 3).close()


@attempt
def reach_the_door(_own: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect("/run/sotto/door.sock")


@attempt
def have_the_house_switched(_own: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect("/run/sotto/home.sock")


@attempt
def be_told_the_names_of_the_house(_own: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect("/run/sotto/names.sock")


@attempt
def reach_the_lamps(_own: Path) -> None:
    os.stat("/run/sotto/lamps/.")
    gone = contextlib.suppress(FileNotFoundError, ConnectionRefusedError)
    with socket.socket(socket.AF_UNIX) as connection, gone:  # while no core serves it
        connection.connect("/run/sotto/lamps/events.sock")


@attempt
def read_the_metrics(_own: Path) -> None:
    os.stat("/run/sotto/metrics/.")


@attempt
def ask_the_system_bus(_own: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/dbus/system_bus_socket")


@attempt
def ask_the_user_database(_own: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/systemd/userdb/io.systemd.DynamicUser")


@attempt
def write_its_own_state(own: Path) -> None:
    (own / "probe").write_text("")


@attempt
def write_where_lamps_connect(_own: Path) -> None:
    own = Path(f"/run/sotto/lamps/probe-{os.getpid()}")
    own.write_text("")
    own.unlink()


@attempt
def run_what_it_wrote_there(_own: Path) -> None:
    program = Path(f"/run/sotto/lamps/program-{os.getpid()}")
    program.write_bytes(Path("/usr/bin/true").read_bytes())
    program.chmod(0o700)
    subprocess.run([str(program)], check=True)


@attempt
def write_the_configuration(_own: Path) -> None:
    Path("/etc/sotto/probe").write_text("")


@attempt
def write_its_own_code(_own: Path) -> None:
    Path("/opt/sotto/probe").write_text("")


@attempt
def write_the_system(_own: Path) -> None:
    Path("/usr/local/probe").write_text("")


@attempt
def write_elsewhere_in_var(_own: Path) -> None:
    Path("/var/probe").write_text("")


@attempt
def read_the_configuration(_own: Path) -> None:
    Path("/etc/sotto/settings.yaml").read_text()


@attempt
def read_the_home_of_root(_own: Path) -> None:
    Path("/root/secret").read_text()


@attempt
def read_password_hashes(_own: Path) -> None:
    Path("/etc/shadow").read_text()


@attempt
def see_the_state_of_the_core(own: Path) -> None:
    _see_state("sotto", own)


@attempt
def see_the_state_of_the_door(own: Path) -> None:
    _see_state("sotto-door", own)


def _see_state(name: str, own: Path) -> None:
    if own.name == name:
        return
    os.listdir(f"/var/lib/private/{name}")


@attempt
def see_the_journal(_own: Path) -> None:
    os.listdir("/var/log/journal")


@attempt
def see_other_processes(_own: Path) -> None:
    Path("/proc/1/status").read_text()


@attempt
def send_a_signal_to_the_first_process(_own: Path) -> None:
    os.kill(1, 0)


@attempt
def see_sound_devices(_own: Path) -> None:
    os.listdir("/dev/snd")


@attempt
def see_other_devices(_own: Path) -> str:
    plain = {
        "char",
        "core",
        "fd",
        "full",
        "log",
        "mqueue",
        "null",
        "ptmx",
        "pts",
        "random",
        "shm",
        "snd",
    }
    plain |= {"stderr", "stdin", "stdout", "tty", "urandom", "zero", "hugepages", "console"}
    others = set(os.listdir("/dev")) - plain
    if not others:
        raise OSError(0, "there is none")
    return " ".join(sorted(others))


@attempt
def make_a_device(own: Path) -> None:
    os.mknod(own / "device", 0o020600, os.makedev(1, 3))


@attempt
def change_a_kernel_setting(_own: Path) -> None:
    with Path("/proc/sys/kernel/domainname").open("w") as file:
        file.write("probe")


@attempt
def run_a_shell(_own: Path) -> None:
    subprocess.run(["/bin/sh", "-c", ":"], check=True)


@attempt
def run_another_program(_own: Path) -> None:
    subprocess.run(["/usr/bin/env"], check=True, stdout=subprocess.DEVNULL)


@attempt
def run_python(_own: Path) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)


@attempt
def run_what_it_wrote(own: Path) -> None:
    program = own / "program"
    program.write_bytes(Path("/usr/bin/true").read_bytes())
    program.chmod(0o700)
    subprocess.run([str(program)], check=True)


@attempt
def mark_a_file_set_user_id(own: Path) -> None:
    (own / "setuid").write_text("")
    (own / "setuid").chmod(0o4755)


@attempt
def have_memory_that_is_written_and_executed(_own: Path) -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


@attempt
def debug_a_process(_own: Path) -> None:
    call(101, 117, 0, 0, 0, 0)  # PTRACE_TRACEME


@attempt
def read_the_memory_of_a_process(_own: Path) -> None:
    call(310, 270, os.getpid(), None, 0, None, 0, 0)  # process_vm_readv


@attempt
def mount_something(_own: Path) -> None:
    call(165, 40, b"none", b"/tmp", b"tmpfs", 0, None)


@attempt
def make_a_user_namespace(_own: Path) -> None:
    call(272, 97, 0x10000000)


@attempt
def make_a_network_namespace(_own: Path) -> None:
    call(272, 97, 0x40000000)


@attempt
def make_a_mount_namespace(_own: Path) -> None:
    call(272, 97, 0x20000)


@attempt
def change_the_root(_own: Path) -> None:
    os.chroot("/")


@attempt
def rename_the_machine(_own: Path) -> None:
    socket.sethostname(socket.gethostname())


@attempt
def become_another_user(_own: Path) -> None:
    os.setresuid(12345, 12345, 12345)


@attempt
def give_a_file_away(own: Path) -> None:
    (own / "given").write_text("")
    os.chown(own / "given", 12345, 12345)


@attempt
def run_before_everybody(_own: Path) -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@attempt
def run_a_program_in_the_kernel(_own: Path) -> None:
    call(321, 280, 0, None, 0)  # bpf; EINVAL would say that it is let through


@attempt
def load_a_kernel_module(_own: Path) -> None:
    call(175, 105, None, 0, b"")


@attempt
def watch_the_processor(_own: Path) -> None:
    call(298, 241, None, 0, -1, -1, 0)  # perf_event_open


@attempt
def change_how_the_kernel_treats_it(_own: Path) -> None:
    call(135, 92, 0x0040000)  # personality: no address randomisation


@attempt
def have_any_capability(_own: Path) -> None:
    if int(_status("CapBnd"), 16) == 0 and int(_status("CapEff"), 16) == 0:
        raise OSError(0, "it has none")


@attempt
def gain_privileges_by_a_program(_own: Path) -> None:
    if _status("NoNewPrivs") == "1":
        raise OSError(0, "no_new_privs")


@attempt
def make_every_system_call(_own: Path) -> None:
    if _status("Seccomp") == "2":
        raise OSError(0, "seccomp filters")


def _status(key: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{key}:"))


@attempt
def leave_a_core_file(_own: Path) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        raise OSError(0, "the limit is 0")


@attempt
def lock_secret_memory(_own: Path) -> None:
    from pipeline.locked_memory import LockedMemory  # noqa: PLC0415

    kind = LockedMemory(400_000).kind
    if kind != "secret":
        raise OSError(0, kind)


@attempt
def find_freed_words_in_memory(_own: Path) -> None:
    if os.environ.get("PYTHONMALLOC") == "malloc" and "perturb" in os.environ["GLIBC_TUNABLES"]:
        raise OSError(0, "freed memory is overwritten")


def tried(function: Callable[[Path], object], own: Path) -> str:
    """What came of it, in a child: "done", or "refused: why"."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _try(function, own, write)
    os.close(write)
    ready, _, _ = select.select([read], [], [], LIMIT)
    if not ready:
        os.kill(child, signal.SIGKILL)
    with open(read, "rb") as answer:
        said = answer.read().decode()
    _, status = os.waitpid(child, 0)
    if said:
        return said
    return f"refused: ended by {signal.Signals(status & 127).name}" if ready else "refused: hung"


def _try(function: Callable[[Path], object], own: Path, write: int) -> NoReturn:
    try:
        found = function(own)
        said = "done" if found is None else f"done: {found}"
    except OSError as error:
        said = f"refused: {error.strerror or error}"
    except Exception as error:
        said = f"refused: {type(error).__name__}: {error}"[:300]
    os.write(write, said.encode())
    os._exit(0)


def too_much_memory(mebibytes: int) -> str:
    """Hold so much, in a child."""

    def hold(_own: Path) -> None:
        size = mebibytes << 20
        held = mmap.mmap(-1, size)
        for place in range(0, size, 4096):
            held[place] = 1

    return tried(hold, Path())


def sotto(*arguments: str) -> list[dict[str, object]]:
    """Run a command of Sotto's in this process; the events it reported."""
    from assistant.__main__ import main as command  # noqa: PLC0415

    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = command(["--json", *arguments])
    if code != 0:
        raise RuntimeError(f"sotto {arguments[0]}: status {code}")
    return [json.loads(line) for line in output.getvalue().splitlines()]


def recognized(recording: str, *more: str) -> Callable[[Path], object]:
    """Hear a recording with the real engines, within this very sandbox."""

    def hear(own: Path) -> None:
        events = sotto("--state", str(own), "replay", recording, *more)
        kinds = {str(event["event"]) for event in events}
        wanted = {"utterance", "redacted", "intent"} | (set() if "--no-wake" in more else {"wake"})
        if not wanted <= kinds:
            raise RuntimeError(f"only {sorted(kinds)}")
        understood = [event.get("name") for event in events if event["event"] == "intent"]
        if understood == [None]:
            raise RuntimeError("nothing was understood")

    return hear


def skill(own: Path) -> dict[str, str]:
    """What a skill in its own process can do here, and what its sandbox is made of."""
    import asyncio  # noqa: PLC0415

    from assistant.errors import SkillError  # noqa: PLC0415
    from assistant.skill import Intent  # noqa: PLC0415
    from plugins.sandbox import report  # noqa: PLC0415
    from plugins.sandbox.confined import Confined  # noqa: PLC0415
    from plugins.sandbox.proxy import no_network  # noqa: PLC0415
    from plugins.sandbox.supervisor import Supervisor  # noqa: PLC0415

    entry = str(Path(__file__).with_name("skill.py"))
    found: dict[str, str] = {}

    async def try_all() -> None:
        confined = Confined("tries", entry, own / "skills" / "tries")
        async with Supervisor([confined], no_network, backoff=(0.1,) * 50) as supervisor:
            assert supervisor.kernel is not None
            for right in report.rights(supervisor.kernel):
                found[f"right: {right.key}"] = (
                    f"{'given' if right.given else 'lacking'}: {right.by}"
                )
            await asyncio.sleep(2)
            for name in ("sum", "read", "network", "process", "thread", "write", "debug", "status"):
                try:
                    reply = await supervisor.handle("tries", Intent.of("Try", what=name))
                    found[name] = reply.text
                except SkillError as error:
                    found[name] = f"refused: {error}"

    asyncio.run(try_all())
    return found


def main() -> int:
    """Try everything; with `memory=N` more memory, `hear=FILE`, `whisper=DIR`, `skill`, too."""
    own = Path(sys.argv[1])
    more = dict(word.partition("=")[::2] for word in sys.argv[2:])
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    answers: dict[str, object] = {name: tried(function, own) for name, function in TRIES.items()}
    if "hear" in more:
        answers["hear_with_the_grammar"] = tried(recognized(more["hear"]), own)
    if "whisper" in more:
        whisper = ("--no-wake", "--recognizer", "whisper", "--whisper-model", more["whisper"])
        answers["hear_with_whisper"] = tried(recognized(more["hear"], *whisper), own)
    if "skill" in more:
        answers["skill"] = skill(own)
    if "memory" in more:
        answers["hold_more_memory_than_allowed"] = too_much_memory(int(more["memory"]))
    print(json.dumps(answers), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

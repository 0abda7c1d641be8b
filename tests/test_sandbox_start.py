"""How skills come to run: their start, their zygote, the kernel's rights, and the end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest
from sandbox.caged import RASCAL, SOON, confined, running, say, until

from assistant.errors import SandboxError
from plugins.sandbox import nursery as nursery_module
from plugins.sandbox import places, report, supervisor
from plugins.sandbox.nursery import Kernel
from plugins.sandbox.orders import Fences
from plugins.sandbox.proxy import no_network
from plugins.sandbox.supervisor import Supervisor


async def test_a_skill_that_is_no_skill_is_not_loaded(tmp_path, caplog):
    empty = tmp_path / "empty.py"
    empty.write_text("import assistant\n")
    async with Supervisor([confined(tmp_path, entry=str(empty))], no_network, (), (0.01,)) as made:
        await until(lambda: made.skill("rascal").aside)
    assert "was not loaded: TypeError at child.py" in caplog.text


async def test_a_skill_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(SandboxError, match="there is no such file or package"):
        async with Supervisor([confined(tmp_path, entry="nowhere:skill")], no_network):
            pass


async def test_the_zygote_may_die_and_nobody_is_blamed(tmp_path):
    async with running(confined(tmp_path)) as made:
        skill = made.skill("rascal")
        first = skill.process
        os.kill(made.zygote, signal.SIGKILL)
        await until(lambda: skill.process not in (None, first) and skill.is_up)
        assert await say(made, "Echo", a="b")
        assert skill.strikes == 0


async def test_the_answer_to_an_order_that_was_given_up_is_not_taken_for_the_next(tmp_path):
    made = nursery_module.Nursery(lambda *_: None)
    kernel = await made.start()
    order = supervisor.order_of(confined(tmp_path), kernel.fences, places.of_python())
    lines = [socket.socketpair() for _ in range(2)]
    try:
        os.kill(made.process, signal.SIGSTOP)  # so that it answers both at once
        hasty = asyncio.create_task(made.fork(order, [lines[0][1]]))
        await asyncio.sleep(0)
        hasty.cancel()
        patient = asyncio.create_task(made.fork(order, [lines[1][1]]))
        for _ in range(5):
            await asyncio.sleep(0)
        os.kill(made.process, signal.SIGCONT)
        born = await patient
        os.close(born.handle)
        for ours, its in lines:
            its.close()
            ours.setblocking(False)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SOON):
            assert b"ready" in await loop.sock_recv(lines[1][0], 1000)
            while await loop.sock_recv(lines[0][0], 1000):  # it ends: nobody waits for it
                pass
    finally:
        made.close()
        for ours, _ in lines:
            ours.close()


HOST = """
import asyncio, sys
from pathlib import Path
from assistant.skill import Intent
from plugins.sandbox.confined import Confined
from plugins.sandbox.proxy import no_network
from plugins.sandbox.supervisor import Supervisor

async def main():
    skill = Confined("rascal", sys.argv[1], Path(sys.argv[2]), seconds=60)
    async with Supervisor([skill], no_network) as made:
        while not made.skill("rascal").is_up:
            await asyncio.sleep(0.01)
        hanging = asyncio.create_task(made.handle("rascal", Intent("Hang")))
        await asyncio.sleep(0.1)
        print(made.zygote, made.skill("rascal").process, flush=True)
        await hanging

asyncio.run(main())
"""


async def test_no_process_outlives_the_host(tmp_path):
    command = [sys.executable, "-c", HOST, RASCAL, str(tmp_path / "own")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as host:  # noqa: ASYNC220
        processes = [int(one) for one in host.stdout.readline().split()]
        handles = [os.pidfd_open(one) for one in processes]
        host.kill()
    for handle in handles:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(handle, ended.set)
        async with asyncio.timeout(SOON):
            await ended.wait()
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)


async def test_a_kernel_that_lacks_a_right_runs_no_skill_unless_the_policy_says_so():
    bare = Kernel(0, Fences(filter=False, landlock=False, root=False))
    with pytest.raises(SandboxError, match=r"no seccomp.*\(system-calls is not accepted\)"):
        report.chosen(bare)
    with pytest.raises(SandboxError, match=r"nothing closes files.*\(files is not accepted\)"):
        report.chosen(bare, {"system-calls"})
    assert report.chosen(bare, {"system-calls", "files"}) == bare.fences
    assert [right.given for right in report.rights(bare)] == [False, False, False]


async def test_a_kernel_with_a_filter_alone_opens_files_by_request():
    kernel = Kernel(0, Fences(filter=True, landlock=False, root=False))
    assert report.chosen(kernel).brokered
    assert all(right.given for right in report.rights(kernel))


async def test_a_zygote_that_says_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(nursery_module, "_BOOT", "import time; time.sleep(60)")
    monkeypatch.setattr(nursery_module, "START_LIMIT", 0.1)
    with pytest.raises(SandboxError, match=r"said nothing for 0\.1 s"):
        await nursery_module.Nursery(lambda *_: None).start()

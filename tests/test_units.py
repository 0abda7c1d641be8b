"""The units as files: what systemd thinks of them, and what each must never allow.

`make units-test` boots them; this is what can be said without.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.commands import dispatch
from assistant.observe import lamps, watch
from plugins.door import packets
from plugins.home_assistant import places
from plugins.home_assistant.token import CREDENTIAL as TOKEN
from plugins.presence import link
from plugins.wyoming import meeting
from storage.master import CREDENTIAL

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "systemd"
SERVICES = ("core", "door", "wyoming")
SHARED = {
    "sotto-lamps": Path("/run/sotto/lamps") / lamps.NAME,
    "sotto-metrics": Path("/run/sotto/metrics") / watch.METRICS,
}
"""By the group that may: where its programs connect to the core."""
VARIABLES = {"sotto-lamps": lamps.VARIABLE, "sotto-metrics": watch.METRICS_VARIABLE}
WORST = {"core": 0.5, "door": 1.2, "wyoming": 1.2}
"""Exposure that `systemd-analyze security` may give, 0..10."""
SKILL = """
RestrictAddressFamilies=none
DeviceAllow=
SystemCallFilter=~@resources
"""
"""What a skill's own fences add to the core's unit, in a unit's words (plugins/sandbox)."""

YES = """
PrivateDevices PrivateIPC PrivateMounts PrivateTmp PrivateUsers ProtectClock ProtectControlGroups
ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
NoNewPrivileges LockPersonality RestrictNamespaces RestrictRealtime RestrictSUIDSGID RemoveIPC
"""
FILTERED = """
@privileged @obsolete @debug @mount @clock @cpu-emulation @module @raw-io @reboot @swap @keyring
"""

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def lines(unit: str) -> list[tuple[str, str]]:
    text = (FOLDER / unit).read_text()
    found = re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)
    return [(key, value.strip()) for key, value in found]


def values(unit: str, key: str) -> list[str]:
    return [word for name, value in lines(unit) if name == key for word in value.split()]


def score(path: Path) -> float:
    line = ["systemd-analyze", "security", "--offline=true", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    return float(found[1])


@needs_analyze
@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_exposed_more_than_it_may_be(name, record_property):
    found = score(FOLDER / f"sotto-{name}.service")
    record_property("exposure", found)
    assert found <= WORST[name]


@needs_analyze
def test_a_skill_in_the_core_is_exposed_less_than_the_core(tmp_path):
    text = (FOLDER / "sotto-core.service").read_text().rstrip() + SKILL
    text = re.sub(
        r"^(SupplementaryGroups|BindPaths|DeviceAllow=char|RestrictAddr.*UNIX).*",
        "",
        text,
        flags=re.M,
    )
    (tmp_path / "sotto-skill.service").write_text(text)
    assert score(tmp_path / "sotto-skill.service") <= 0.3


@needs_analyze
def test_systemd_finds_no_fault_in_any_unit(tmp_path):
    """In a folder with programs where the units name them."""
    units = []
    for path in (*FOLDER.glob("*.service"), *FOLDER.glob("*.socket"), *FOLDER.glob("*.target")):
        text = path.read_text().replace("/opt/sotto/bin/sotto", "/bin/true")
        (tmp_path / path.name).write_text(text)
        units.append(str(tmp_path / path.name))
    line = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    ours = [one for one in done.stderr.splitlines() if "sotto" in one]
    assert ours == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_holds_for_every_service(name):
    unit = dict(lines(f"sotto-{name}.service"))
    assert unit["Type"] == "notify"
    assert unit["NotifyAccess"] == "main"
    assert unit["DynamicUser"] == "yes"
    assert unit["LimitCORE"] == unit["MemorySwapMax"] == "0"
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == ""
    assert unit["Restart"] == "always"
    assert unit["RestartPreventExitStatus"] == str(dispatch.MISUSED)
    assert unit["StateDirectoryMode"] == "0700"
    assert unit["SystemCallErrorNumber"] == "EPERM"
    assert "MemoryMax" in unit
    assert [key for key in YES.split() if unit[key] != "yes"] == []
    assert (unit["ProtectSystem"], unit["ProtectProc"]) == ("strict", "invisible")
    filtered = " ".join(values(f"sotto-{name}.service", "SystemCallFilter")).replace("~", "")
    assert set(FILTERED.split()) <= set(filtered.split())
    assert unit["ExecStart"].split()[0] == "/opt/sotto/bin/sotto"
    assert unit["ExecStart"].split()[1] in dispatch.COMMANDS
    state = unit["StateDirectory"]
    for place in ("/", "/tmp", "/var/tmp", "/dev/shm", f"-%S/private/{state}"):
        assert place in values(f"sotto-{name}.service", "NoExecPaths")
    names = dict(lines("sysusers.conf")) or (FOLDER / "sysusers.conf").read_text()
    assert f"g {unit['User']} " not in names  # systemd makes no user where a group has its name


def test_only_the_core_has_a_sound_device_and_only_the_others_a_network():
    core = dict(lines("sotto-core.service"))
    assert core["PrivateNetwork"] == "yes"
    assert core["IPAddressDeny"] == "any"
    assert values("sotto-core.service", "RestrictAddressFamilies") == ["AF_UNIX"]
    lamps_and_metrics = [f"-{path.parent}" for path in SHARED.values()]
    assert values("sotto-core.service", "BindPaths") == [*lamps_and_metrics, "-/dev/snd"]
    for name in ("door", "wyoming"):
        unit = f"sotto-{name}.service"
        assert "PrivateNetwork" not in dict(lines(unit))
        for key in ("BindPaths", "DeviceAllow"):
            assert values(unit, key) == []
        assert not {"audio", "sotto-link"} & set(values(unit, "SupplementaryGroups"))
        assert "-/dev/snd" in values(unit, "InaccessiblePaths")


@pytest.mark.parametrize("name", ["core", "wyoming"])
def test_freed_memory_is_overwritten_and_output_goes_nowhere_where_speech_lives(name):
    given = values(f"sotto-{name}.service", "Environment")
    assert "PYTHONMALLOC=malloc" in given
    assert "GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0" in given
    unit = dict(lines(f"sotto-{name}.service"))
    assert (unit["StandardOutput"], unit["StandardError"]) == ("null", "journal")


def test_a_hung_ear_is_ended_in_time_and_leaves_no_core_file():
    unit = dict(lines("sotto-core.service"))
    assert float(unit["WatchdogSec"]) <= 10
    assert unit["WatchdogSignal"] == "SIGKILL"
    assert unit["RestartSec"] == "500ms"
    assert unit["StartLimitIntervalSec"] == "0"


def test_core_and_door_mean_the_same_sockets():
    sockets = dict(item.split("=", 1) for item in values("sotto-core.service", "Environment"))
    opened = values("sotto-door.socket", "ListenSequentialPacket")
    assert opened == [
        sockets[packets.VARIABLE], sockets[places.VARIABLE], sockets[link.VARIABLE]
    ]  # fmt: skip
    door = dict(item.split("=", 1) for item in values("sotto-door.service", "Environment"))
    assert {door[key] for key in (packets.VARIABLE, places.VARIABLE, link.VARIABLE)} == set(opened)
    assert [Path(one).stem for one in opened] == ["door", "home", "presence"]
    for unit in ("sotto-door.socket", "sotto-wyoming.socket"):
        made = dict(lines(unit))
        assert made["BindsTo"] == unit.replace("socket", "service")  # who connects starts nothing
        assert (made["SocketUser"], made["SocketMode"]) == ("root", "0660")
        assert made["SocketGroup"] in values("sotto-core.service", "SupplementaryGroups")
        assert f"g {made['SocketGroup']} -" in (FOLDER / "sysusers.conf").read_text()


@pytest.mark.parametrize("group", SHARED)
def test_a_group_in_which_nobody_is_may_enter_where_lamps_or_scrapers_connect(group):
    path = SHARED[group]
    folder = str(path.parent)
    assert f"{VARIABLES[group]}={path}" in values("sotto-core.service", "Environment")
    assert f"-{folder}" in values("sotto-core.service", "NoExecPaths")
    made = [line.split() for line in (FOLDER / "tmpfiles.conf").read_text().splitlines()]
    assert [line[:1] + line[2:] for line in made if line[1] == folder] == [
        ["d", "0770", "root", "sotto-link", "-"],
        ["a+", "-", "-", "-", "-", f"group:{group}:--x"],
    ]
    assert f"g {group} -" in (FOLDER / "sysusers.conf").read_text().splitlines()
    assert group not in values("sotto-core.service", "SupplementaryGroups")


def test_every_group_that_is_made_is_removed_by_a_purge():
    made = re.findall(r"^g (\S+)", (FOLDER / "sysusers.conf").read_text(), re.MULTILINE)
    for script in ("install.sh", "make_deb.sh"):
        text = (ROOT / "scripts" / script).read_text()
        removed = re.search(r"for group in ([a-z -]+); do", text)
        assert removed is not None
        assert sorted(removed[1].split()) == sorted(made)


def test_core_and_wyoming_mean_the_same_sockets():
    folder = next(
        value.removeprefix(f"{meeting.VARIABLE}=")
        for value in values("sotto-core.service", "Environment")
        if value.startswith(meeting.VARIABLE)
    )
    opened = values("sotto-wyoming.socket", "ListenSequentialPacket")
    assert opened == [f"{folder}/{meeting.SATELLITE}", f"{folder}/{meeting.MICROPHONE}"]


def test_wyoming_is_told_names_at_a_socket_of_the_doors_where_nothing_can_be_asked_for():
    (opened,) = values("sotto-names.socket", "ListenSequentialPacket")
    assert f"{places.NAMES_VARIABLE}={opened}" in values("sotto-wyoming.service", "Environment")
    assert Path(opened).name == places.NAMES_SOCKET
    made = dict(lines("sotto-names.socket"))
    assert made["Service"] == made["BindsTo"] == "sotto-door.service"
    assert (made["SocketUser"], made["SocketMode"]) == ("root", "0660")
    assert values("sotto-wyoming.service", "SupplementaryGroups") == [made["SocketGroup"]]
    assert made["SocketGroup"] != dict(lines("sotto-door.socket"))["SocketGroup"]
    assert values("sotto-door.service", "Sockets") == ["sotto-door.socket", "sotto-names.socket"]


def test_credentials_have_the_names_that_are_looked_for():
    assert values("sotto-core.service", "LoadCredentialEncrypted") == [CREDENTIAL]
    assert values("sotto-door.service", "LoadCredentialEncrypted") == ["sotto-mqtt-key", TOKEN]
    assert values("sotto-wyoming.service", "LoadCredentialEncrypted") == []


def test_the_example_configuration_can_be_used():
    from cli import here

    done = here("--config", FOLDER / "example/settings.yaml", "policy", "check")
    assert done.status == 0, done.err

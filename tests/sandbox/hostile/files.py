"""Escapes to files that are none of the skill's business."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

from hostile.attempts import ARM, call, escape


@escape
def read_a_secret_file(t):
    return Path(t["secret"]).read_text()


@escape
def read_by_dots(t):
    return Path(
        t["own"] + "/../" + os.path.relpath(t["secret"], os.path.dirname(t["own"]))
    ).read_text()


@escape
def read_etc_passwd(t):
    return Path("/etc/passwd").read_text()


@escape
def read_by_system_call(t):
    """Beside Python's own functions, which may not be Python's any longer."""
    return os.read(call(257, 56, -100, t["secret"].encode(), os.O_RDONLY, 0), 100)


@escape
def write_by_system_call(t):
    return call(257, 56, -100, t["file"].encode(), os.O_WRONLY | os.O_TRUNC, 0) > 0


@escape
def ask_by_system_call(t):
    found = ctypes.create_string_buffer(256)
    return call(262, 79, -100, t["secret"].encode(), found, 0) == 0 and found.raw != bytes(256)


@escape
def list_a_directory(t):
    return os.listdir(os.path.dirname(t["secret"]))


@escape
def ask_when_a_file_changed(t):
    return os.stat(t["secret"]).st_mtime


@escape
def follow_a_symbolic_link(t):
    os.symlink(t["secret"], t["own"] + "/link")
    return Path(t["own"] + "/link").read_text()


@escape
def open_a_hard_link(t):
    os.link(t["secret"], t["own"] + "/hard")
    return Path(t["own"] + "/hard").read_text()


@escape
def move_a_file_in(t):
    os.rename(t["file"], t["own"] + "/moved")
    return True


@escape
def move_a_file_out(t):
    Path(t["own"] + "/mine").write_text("mine")
    os.rename(t["own"] + "/mine", t["open"] + "/mine")
    return True


@escape
def write_a_file(t):
    return Path(t["open"] + "/made").write_text("made")


@escape
def make_a_directory(t):
    os.mkdir(t["open"] + "/folder")
    return True


@escape
def delete_a_file(t):
    os.unlink(t["file"])
    return True


@escape
def cut_a_file_short(t):
    os.truncate(t["file"], 0)
    return True


@escape
def change_rights(t):
    os.chmod(t["file"], 0o666)
    return True


@escape
def change_times(t):
    os.utime(t["file"], (0, 0))
    return True


@escape
def set_an_attribute(t):
    os.setxattr(t["file"], "user.mark", b"mark")
    return True


@escape
def write_to_python(t):
    with open(t["code"], "ab"):
        return True


@escape
def read_another_skill(t):
    return Path(t["other"] + "/note").read_text()


@escape
def watch_a_directory(t):
    watch = call(294, 26, 0)
    if ARM:
        return call(0, 27, watch, os.path.dirname(t["secret"]).encode(), 0x100) > 0
    return call(254, 0, watch, os.path.dirname(t["secret"]).encode(), 0x100) > 0


@escape
def open_by_handle(t):
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount = ctypes.c_int()
    call(303, 264, -100, t["secret"].encode(), handle, ctypes.byref(mount), 0)
    where = os.open(os.path.dirname(t["secret"]), os.O_RDONLY)
    return os.read(call(304, 265, where, handle, os.O_RDONLY), 100)


@escape
def open_a_device(t):
    for device in ("/dev/zero", "/dev/vda", "/dev/kmsg", "/dev/tty", "/dev/mem"):
        try:
            os.close(os.open(device, os.O_RDONLY | os.O_NONBLOCK))
        except OSError:
            continue
        return device
    return None


@escape
def write_more_than_the_quota(t):
    with open(t["own"] + "/much", "wb") as file:
        for _ in range(t["quota"] // 65_536 + 2):
            file.write(bytes(65_536))
    return True


@escape
def change_root(t):
    os.chroot(t["own"])
    return True

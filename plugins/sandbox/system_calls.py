"""System calls by what the sandbox does about them, with their numbers.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugins.sandbox.kernel import Machine

_EVERYDAY = """
read 0 63 | write 1 64 | pread64 17 67 | pwrite64 18 68 | readv 19 65 | writev 20 66 |
lseek 8 62 | close 3 57 | close_range 436 436 | fsync 74 82 | fdatasync 75 83 | ftruncate 77 46 |
flock 73 32 | getdents64 217 61 | dup 32 23 | dup2 33 - | dup3 292 24 | pipe 22 - | pipe2 293 59 |
poll 7 - | ppoll 271 73 | select 23 - | pselect6 270 72 | epoll_create1 291 20 |
epoll_ctl 233 21 | epoll_wait 232 - | epoll_pwait 281 22 | epoll_pwait2 441 441 |
eventfd2 290 19 | sendto 44 206 | recvfrom 45 207 | shutdown 48 210 | mmap 9 222 | munmap 11 215 |
mremap 25 216 | mprotect 10 226 | madvise 28 233 | brk 12 214 | futex 202 98 |
set_robust_list 273 99 | rseq 334 293 | membarrier 324 283 | rt_sigaction 13 134 |
rt_sigprocmask 14 135 | rt_sigreturn 15 139 | rt_sigpending 127 136 | rt_sigtimedwait 128 137 |
sigaltstack 131 132 | restart_syscall 219 128 | exit 60 93 | exit_group 231 94 | fstat 5 80 |
getpid 39 172 | gettid 186 178 | getppid 110 173 | getuid 102 174 | geteuid 107 175 |
getgid 104 176 | getegid 108 177 | getgroups 115 158 | getcwd 79 17 | uname 63 160 |
getrusage 98 165 | times 100 153 | clock_gettime 228 113 | clock_getres 229 114 |
clock_nanosleep 230 115 | nanosleep 35 101 | gettimeofday 96 169 | time 201 - |
getrandom 318 278 | sched_yield 24 124 | sched_getaffinity 204 123 | umask 95 166
"""
"""What any Python program does with what it already has."""

_PATHS = """
open 2 - | openat 257 56 | stat 4 - | lstat 6 - | newfstatat 262 79 | statx 332 291 |
access 21 - | faccessat 269 48 | faccessat2 439 439 | readlink 89 - | readlinkat 267 78 |
mkdir 83 - | mkdirat 258 34 | rmdir 84 - | unlink 87 - | unlinkat 263 35 | rename 82 - |
renameat 264 38 | renameat2 316 276
"""
"""Calls that name a file: for a kernel that fences files itself."""

_BROKERED = """
recvmsg 47 212
"""
"""Receiving the descriptors that a broker opened."""

_CHECKED = """
fcntl 72 25 | ioctl 16 29 | prlimit64 302 261
"""
"""Allowed with some arguments only."""

_FALLBACK = """
clone3 435 435
"""
"""Answered as if the kernel did not know it, so that libc tries what we refuse plainly."""

_DEADLY = """
execve 59 221 | execveat 322 281 | ptrace 101 117 | process_vm_readv 310 270 |
process_vm_writev 311 271 | process_madvise 440 440 | kcmp 312 272 | bpf 321 280 |
io_uring_setup 425 425 | io_uring_enter 426 426 | io_uring_register 427 427 |
perf_event_open 298 241 | userfaultfd 323 282 | add_key 248 217 | request_key 249 218 |
keyctl 250 219 | mount 165 40 | umount2 166 39 | pivot_root 155 41 | chroot 161 51 |
unshare 272 97 | setns 308 268 | fsopen 430 430 | fsconfig 431 431 | fsmount 432 432 |
fspick 433 433 | move_mount 429 429 | open_tree 428 428 | mount_setattr 442 442 |
open_by_handle_at 304 265 | name_to_handle_at 303 264 | fanotify_init 300 262 |
pidfd_open 434 434 | pidfd_getfd 438 438 | pidfd_send_signal 424 424 | init_module 175 105 |
finit_module 313 273 | delete_module 176 106 | kexec_load 246 104 | kexec_file_load 320 294 |
reboot 169 142 | swapon 167 224 | swapoff 168 225 | acct 163 89 | quotactl 179 60 |
syslog 103 116 | settimeofday 164 170 | clock_settime 227 112 | adjtimex 159 171 |
clock_adjtime 305 266 | sethostname 170 161 | setdomainname 171 162 | ioperm 173 - | iopl 172 - |
modify_ldt 154 - | vhangup 153 58
"""
"""No honest skill calls these."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The numbers of one machine, by name."""

    everyday: Mapping[str, int]
    paths: Mapping[str, int]
    brokered: Mapping[str, int]
    checked: Mapping[str, int]
    unknown: Mapping[str, int]
    deadly: Mapping[str, int]


def calls(machine: Machine) -> Calls:
    """The table of a machine. A call that it doesn't have is left out."""
    tables = (_EVERYDAY, _PATHS, _BROKERED, _CHECKED, _FALLBACK, _DEADLY)
    return Calls(*(_column(table, machine) for table in tables))


def _column(table: str, machine: Machine) -> dict[str, int]:
    rows = (row.split() for row in table.split("|"))
    numbers = {name: x86 if machine == "x86_64" else arm for name, x86, arm in rows}
    return {name: int(number) for name, number in numbers.items() if number != "-"}

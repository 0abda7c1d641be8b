"""Which rights over processes this kernel gives, in plain words, and what a policy makes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from assistant.errors import SandboxError
from plugins.sandbox.nursery import Kernel
from plugins.sandbox.orders import Fences


@dataclass(frozen=True, slots=True)
class Right:
    """Something that the kernel gives or lacks."""

    key: str
    """What a policy calls it: `system-calls`, `files`, `file-names`."""
    given: bool
    by: str
    """What closes it; or what a skill could do, because nothing does."""


def rights(kernel: Kernel) -> tuple[Right, ...]:
    """Everything that the sandbox rests on, the weightiest first."""
    fences = kernel.fences
    return (
        Right(
            "system-calls",
            fences.filter,
            "seccomp: no network, processes, signals, debugging, mounts or devices"
            if fences.filter
            else "no seccomp: a skill could use the network, start programs and send signals",
        ),
        Right("files", fences.closes_files, _files(kernel)),
        Right(
            "file-names",
            fences.root or fences.brokered,
            "other files are not there"
            if fences.root
            else "no path can be named"
            if fences.brokered
            else "a skill could ask whether a file exists, how large it is and when it changed",
        ),
    )


def _files(kernel: Kernel) -> str:
    fences = kernel.fences
    means = [
        *((f"Landlock version {kernel.landlock}",) if fences.landlock else ()),
        *(("a root of its own",) if fences.root else ()),
        *(("no path is opened but by the host",) if fences.brokered else ()),
    ]
    return " and ".join(means) or "nothing closes files: a skill could read what this user can"


def chosen(kernel: Kernel, accepted: Collection[str] = ()) -> Fences:
    """The fences to put up. Raises SandboxError for a missing right that nobody accepted.

    `accepted` are the keys of the rights that the policy can do without; none unless it says so.
    `file-names` alone is no reason to refuse: Landlock gives it on no kernel.
    """
    for right in rights(kernel):
        if not right.given and right.key != "file-names" and right.key not in accepted:
            raise SandboxError(f"skills don't run here: {right.by} ({right.key} is not accepted)")
    return kernel.fences

"""What is asked of the kernel: namespaces, mounts, rights. Each function is one system call, or a few that belong together.

Sources: namespaces(7), user_namespaces(7), pivot_root(2), capabilities(7), prctl(2), keyctl(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import Any

LINUX = sys.platform == "linux"
NOBODY = 65534
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE, RELATIME = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18, 1 << 21
NOATIME, NODIRATIME, ST_RELATIME = 1024, 2048, 4096
DETACH = 2
PDEATHSIG, SUBREAPER, NO_NEW_PRIVS = 1, 36, 38
_DUMPABLE, _CAPBSET_DROP = 4, 24
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "armv7l": 218, "i686": 217}
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_JOIN_SESSION_KEYRING = 1

_libc: Any = ctypes.CDLL(None, use_errno=True) if LINUX else None


def call(name: str, *arguments: Any) -> int:
    """Call a function of the C library. Raises OSError."""
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def control(option: int, value: int) -> None:
    call("prctl", option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def encoded(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    try:
        call("mount", encoded(source), encoded(target), encoded(kind), ctypes.c_ulong(flags), encoded(data))
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({target})") from error


def pivot(new: str, old: str) -> None:
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"pivot_root is not known on {os.uname().machine}")
    call("syscall", ctypes.c_long(number), new.encode(), old.encode())


def leave_namespaces(*, network: bool) -> list[str]:
    """Leave the system's namespaces; return what could not be had."""
    flags = _NEWNS | _NEWPID | _NEWIPC | _NEWUTS | (0 if network else _NEWNET)
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        with contextlib.suppress(OSError):
            call("unshare", flags)
            return []
    call("unshare", flags | _NEWUSER)
    _map_to(user, group)
    return ["a user of its own"] if user == 0 else []


def _map_to(user: int, group: int) -> None:
    """Say who the one user of this user namespace is outside of it."""
    write("/proc/self/setgroups", "deny")
    inside_user, inside_group = user or NOBODY, group or NOBODY
    write("/proc/self/uid_map", f"{inside_user} {user} 1")
    write("/proc/self/gid_map", f"{inside_group} {group} 1")


def die_with_parent(number: int) -> None:
    if LINUX:
        control(PDEATHSIG, number)


def be_first_to_go() -> None:
    """When memory runs out, the system is to end this process and those below it before any other."""
    with contextlib.suppress(OSError):
        write("/proc/self/oom_score_adj", "1000")


def leave_keys() -> None:
    """Get a keyring of our own: the kernel keeps keys a session, and hands them down."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        with contextlib.suppress(OSError):
            call("syscall", ctypes.c_long(number), ctypes.c_long(_JOIN_SESSION_KEYRING), None)


def give_up_rights() -> list[str]:
    """Become nobody, without any capability now or later; return what could not be had."""
    missing = []
    if os.geteuid() == 0:  # the system's own root, in namespaces but not in a user namespace
        _drop_bounding()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        control(_DUMPABLE, 1)  # else the maps belong to root
        try:  # how many processes it has is then counted for it alone
            call("unshare", _NEWUSER)
            _map_to(NOBODY, NOBODY)
        except OSError:
            missing.append("a count of its own processes")
    with contextlib.suppress(OSError):  # no further namespaces: less of the kernel to play with
        write("/proc/sys/user/max_user_namespaces", "0")
    _drop_bounding()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    control(NO_NEW_PRIVS, 1)
    control(_DUMPABLE, 0)  # the program cannot look into this process
    control(PDEATHSIG, signal.SIGKILL)
    return missing


def _drop_bounding() -> None:
    for capability in range(64):
        try:
            control(_CAPBSET_DROP, capability)
        except OSError:
            return  # the last one, or no right to


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(1_000_000)
    except OSError:
        return None

"""The small file system of a program: what of the machine it sees, read-only, and a folder in memory to work in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.processes.launcher import kernel
else:
    import kernel  # beside this file: see __main__.py

WORK = "/tmp"  # noqa: S108 (a file system of its own)
CODE = "/code"
_VISIBLE = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix")
_ETC_FOLDERS = ("alternatives", "ssl/certs", "pki/ca-trust", "pki/tls/certs", "ca-certificates", "ld.so.conf.d")
_ETC_FILES = ("ld.so.cache", "ld.so.conf", "localtime", "ssl/openssl.cnf")
_ETC_NETWORK = ("resolv.conf", "nsswitch.conf", "hosts", "services", "protocols")
_DEVICES = ("null", "zero", "full", "random", "urandom")


def make(spec: dict[str, Any]) -> list[str]:
    """Put a file system of its own in place of the machine's; return what could not be had."""
    os.umask(0o022)
    names = (*_ETC_FILES, *(_ETC_NETWORK if spec["network"] else ()))
    etc = {name: content for name in names if (content := kernel.content(f"/etc/{name}")) is not None}
    kernel.mount(None, "/", None, kernel.REC | kernel.PRIVATE)
    kernel.mount("tmpfs", WORK, "tmpfs", kernel.NOSUID | kernel.NODEV, "mode=0755,size=16m,nr_inodes=4096")
    os.mkdir(f"{WORK}/old")
    os.chdir(WORK)
    kernel.pivot(".", "old")
    os.chdir("/")
    for name in _VISIBLE:
        _show(f"/{name}")
    for path in sorted(spec["readable"]):
        if path.split("/")[1] not in _VISIBLE and not os.path.exists(path):
            _show(path)
    _etc(etc)
    _devices()
    missing = _proc()
    os.mkdir(WORK)
    size, files = spec["limits"]["FSIZE"], spec["work_files"]
    kernel.mount("tmpfs", WORK, "tmpfs", kernel.NOSUID | kernel.NODEV, f"mode=1777,size={size},nr_inodes={files}")
    os.mkdir(CODE)
    if spec["code"]:
        kernel.write(f"{CODE}/{spec['code']['name']}", spec["code"]["text"])
    kernel.call("umount2", b"/old", kernel.DETACH)
    os.rmdir("/old")
    kernel.mount(None, "/", None, kernel.REMOUNT | kernel.BIND | kernel.RDONLY | kernel.NOSUID | kernel.NODEV)
    return missing


def _show(path: str) -> None:
    """Let the machine's *path* be seen here, not written."""
    old = f"/old{path}"
    if os.path.islink(old):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(os.readlink(old), path)
        return
    if os.path.isdir(old):
        os.makedirs(path, exist_ok=True)
    elif os.path.exists(old):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        kernel.write(path, "")
    else:
        return
    kernel.mount(old, path, None, kernel.BIND | kernel.REC)
    has = os.statvfs(path).f_flag
    kept = has & (kernel.NOSUID | kernel.NODEV | kernel.NOEXEC | kernel.NOATIME | kernel.NODIRATIME) | (
        kernel.RELATIME if has & kernel.ST_RELATIME else 0
    )
    device = 0 if path.startswith("/dev/") else kernel.NODEV
    kernel.mount(None, path, None, kernel.REMOUNT | kernel.BIND | kernel.RDONLY | kernel.NOSUID | device | kept)


def _etc(files: dict[str, bytes]) -> None:
    os.mkdir("/etc")
    for name in _ETC_FOLDERS:
        _show(f"/etc/{name}")
    for name, content in files.items():
        os.makedirs(os.path.dirname(f"/etc/{name}"), exist_ok=True)
        with open(f"/etc/{name}", "wb") as file:
            file.write(content)
    user, group = os.geteuid() or kernel.NOBODY, os.getegid() or kernel.NOBODY
    kernel.write("/etc/passwd", f"sandbox:x:{user}:{group}::{WORK}:/bin/sh\n")
    kernel.write("/etc/group", f"sandbox:x:{group}:\n")


def _devices() -> None:
    os.mkdir("/dev")
    for name in _DEVICES:
        _show(f"/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("shm", WORK)):
        os.symlink(target, f"/dev/{name}")


def _proc() -> list[str]:
    os.mkdir("/proc")
    try:
        kernel.mount("proc", "/proc", "proc", kernel.NOSUID | kernel.NODEV | kernel.NOEXEC)
    except OSError:  # inside a container whose own /proc is partly hidden
        return ["/proc"]
    return []

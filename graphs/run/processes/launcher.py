"""Start one program shut in, watch over it, and leave nothing of it behind. Runs as a program of its own, with the standard library only.

    python -I -S launcher.py SPEC STATUS      two open file descriptors; the program gets this process's stdin, stdout and stderr

SPEC is JSON: `{command, code, arguments, environment, readable, network, parent, deadline_s, limits, …}`, written by `sandbox.py`. STATUS
gets one JSON object at the end: `{code, missing}`, or `{failed, missing}` when the program could not be started. Four processes:

    watcher     this one: dies with whoever started it, ends everything at its deadline or at SIGTERM, waits until nothing is left
      entrance  goes into the new namespaces
        first   process 1 there: makes the small file system, gives up all rights, reaps; its end is the end of everything inside
          the program

Where the system does not allow namespaces, the watcher starts the program itself, in a folder that it removes, and says what is missing.

It is loaded for every program, so without `pathlib`.

Sources: namespaces(7), user_namespaces(7), pivot_root(2), capabilities(7), prctl(2), getrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from typing import Any, NoReturn

LINUX = sys.platform == "linux"
NOBODY = 65534
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE, _RELATIME = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18, 1 << 21
_NOATIME, _NODIRATIME, _ST_RELATIME = 1024, 2048, 4096
_DETACH = 2
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _SUBREAPER, _NO_NEW_PRIVS = 1, 4, 24, 36, 38
_CAPABILITY_VERSION = 0x20080522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217, "armv7l": 218, "i686": 217}
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_JOIN_SESSION_KEYRING = 1
_VISIBLE = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix")
_ETC_FOLDERS = ("alternatives", "ssl/certs", "pki/ca-trust", "pki/tls/certs", "ca-certificates", "ld.so.conf.d")
_ETC_FILES = ("ld.so.cache", "ld.so.conf", "localtime", "ssl/openssl.cnf")
_ETC_NETWORK = ("resolv.conf", "nsswitch.conf", "hosts", "services", "protocols")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_WORK = "/tmp"  # noqa: S108 (a file system of its own)
_CODE = "/code"

Spec = dict[str, Any]
_libc: Any = ctypes.CDLL(None, use_errno=True) if LINUX else None


def _system(name: str, *arguments: Any) -> int:
    """Call a function of the C library. Raises OSError."""
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def _control(option: int, value: int) -> None:
    _system("prctl", option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def encoded(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    try:
        _system("mount", encoded(source), encoded(target), encoded(kind), ctypes.c_ulong(flags), encoded(data))
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({target})") from error


def _die_with_parent(number: int) -> None:
    if LINUX:
        _control(_PDEATHSIG, number)


def _be_first_to_go() -> None:
    """When memory runs out, the system is to end this process and those below it before any other."""
    with contextlib.suppress(OSError):
        _write("/proc/self/oom_score_adj", "1000")


def _exit_code(status: int) -> int:
    """Return what a shell would say: the code, or 128 and the number of the signal that ended it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# the program


def _become(spec: Spec, code_folder: str, work: str, report: int) -> NoReturn:
    """Turn this process into the program; what stands in the way goes to *report*."""
    try:
        os.setsid()
        os.chdir(work)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGALRM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _limit(spec["limits"])
        if LINUX:
            _control(_NO_NEW_PRIVS, 1)
            _control(_PDEATHSIG, signal.SIGKILL)
        code = [f"{code_folder}/{spec['code']['name']}"] if spec["code"] else []
        arguments = [*spec["command"], *code, *spec["arguments"]]
        environment = {"HOME": work, "TMPDIR": work, **spec["environment"]}
        os.execve(arguments[0], arguments, environment)  # noqa: S606 (that is what this is for)
    except (OSError, ValueError) as error:
        _tell(report, {"failed": str(error)})
    finally:
        os._exit(126)


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None and value >= 0:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(OSError, ValueError):  # macOS knows some and refuses them
                resource.setrlimit(kind, (value, value))


def _tell(report: int, said: dict[str, Any]) -> None:
    os.write(report, json.dumps(said).encode() + b"\n")


# namespaces


def _entrance(spec: Spec, report: int) -> NoReturn:
    """Go into new namespaces and start process 1 there."""
    code = 125
    try:
        _die_with_parent(signal.SIGKILL)
        _be_first_to_go()
        missing = _unshare(spec)
        _die_with_parent(signal.SIGKILL)
        first = os.fork()
        if first == 0:
            _first(spec, report, missing)
        os.close(report)
        code = _exit_code(os.waitpid(first, 0)[1])
    except OSError as error:
        _tell(report, {"cannot": str(error.strerror or error)})
    finally:
        os._exit(code)


def _unshare(spec: Spec) -> list[str]:
    """Leave the system's namespaces; return what could not be had."""
    flags = _NEWNS | _NEWPID | _NEWIPC | _NEWUTS | (0 if spec["network"] else _NEWNET)
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        with contextlib.suppress(OSError):
            _system("unshare", flags)
            return []
    _system("unshare", flags | _NEWUSER)
    _map_to(user, group)
    return ["a user of its own"] if user == 0 else []


def _map_to(user: int, group: int) -> None:
    """Say who the one user of this user namespace is outside of it."""
    _write("/proc/self/setgroups", "deny")
    inside_user, inside_group = user or NOBODY, group or NOBODY
    _write("/proc/self/uid_map", f"{inside_user} {user} 1")
    _write("/proc/self/gid_map", f"{inside_group} {group} 1")


def _first(spec: Spec, report: int, missing: list[str]) -> NoReturn:
    """Be process 1: make the file system, give up all rights, start the program, reap until it has ended."""
    code = 125
    try:
        _die_with_parent(signal.SIGKILL)
        _leave_keys()
        missing = missing + _file_system(spec)
        missing += _give_up_rights()
        program = os.fork()
        if program == 0:
            _become(spec, _CODE, _WORK, report)
        _tell(report, {"missing": missing})
        os.close(report)
        while True:
            ended, status = os.wait()
            if ended == program:
                code = _exit_code(status)
                break
    except OSError as error:
        with contextlib.suppress(OSError):
            _tell(report, {"cannot": str(error.strerror or error)})
    finally:
        os._exit(code)


def _leave_keys() -> None:
    """Get a keyring of our own: the kernel keeps keys a session, and hands them down."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        with contextlib.suppress(OSError):
            _system("syscall", ctypes.c_long(number), ctypes.c_long(_JOIN_SESSION_KEYRING), None)


def _give_up_rights() -> list[str]:
    """Become nobody, without any capability now or later; return what could not be had."""
    missing = []
    if os.geteuid() == 0:  # the system's own root, in namespaces but not in a user namespace
        _drop_bounding()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _control(_DUMPABLE, 1)  # else the maps belong to root
        try:  # how many processes it has is then counted for it alone
            _system("unshare", _NEWUSER)
            _map_to(NOBODY, NOBODY)
        except OSError:
            missing.append("a count of its own processes")
    with contextlib.suppress(OSError):  # no further namespaces: less of the kernel to play with
        _write("/proc/sys/user/max_user_namespaces", "0")
    _drop_bounding()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _system("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    _control(_NO_NEW_PRIVS, 1)
    _control(_DUMPABLE, 0)  # the program cannot look into this process
    _control(_PDEATHSIG, signal.SIGKILL)
    return missing


def _drop_bounding() -> None:
    for capability in range(64):
        try:
            _control(_CAPBSET_DROP, capability)
        except OSError:
            return  # the last one, or no right to


# the small file system


def _file_system(spec: Spec) -> list[str]:
    """Put a file system of its own in place of the machine's; return what could not be had."""
    os.umask(0o022)
    names = (*_ETC_FILES, *(_ETC_NETWORK if spec["network"] else ()))
    etc = {name: content for name in names if (content := _content(f"/etc/{name}")) is not None}
    _mount(None, "/", None, _REC | _PRIVATE)
    _mount("tmpfs", _WORK, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=16m,nr_inodes=4096")
    os.mkdir(f"{_WORK}/old")
    os.chdir(_WORK)
    _pivot(".", "old")
    os.chdir("/")
    for name in _VISIBLE:
        _show(f"/{name}")
    for path in sorted(spec["readable"]):
        if path.split("/")[1] not in _VISIBLE and not os.path.exists(path):
            _show(path)
    _etc(etc)
    _devices()
    missing = _proc()
    os.mkdir(_WORK)
    size, files = spec["limits"]["FSIZE"], spec["work_files"]
    _mount("tmpfs", _WORK, "tmpfs", _NOSUID | _NODEV, f"mode=1777,size={size},nr_inodes={files}")
    os.mkdir(_CODE)
    if spec["code"]:
        _write(f"{_CODE}/{spec['code']['name']}", spec["code"]["text"])
    _system("umount2", b"/old", _DETACH)
    os.rmdir("/old")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    return missing


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(1_000_000)
    except OSError:
        return None


def _pivot(new: str, old: str) -> None:
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"pivot_root is not known on {os.uname().machine}")
    _system("syscall", ctypes.c_long(number), new.encode(), old.encode())


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
        _write(path, "")
    else:
        return
    _mount(old, path, None, _BIND | _REC)
    has = os.statvfs(path).f_flag
    kept = has & (_NOSUID | _NODEV | _NOEXEC | _NOATIME | _NODIRATIME) | (_RELATIME if has & _ST_RELATIME else 0)
    device = 0 if path.startswith("/dev/") else _NODEV
    _mount(None, path, None, _REMOUNT | _BIND | _RDONLY | _NOSUID | device | kept)


def _etc(files: dict[str, bytes]) -> None:
    os.mkdir("/etc")
    for name in _ETC_FOLDERS:
        _show(f"/etc/{name}")
    for name, content in files.items():
        os.makedirs(os.path.dirname(f"/etc/{name}"), exist_ok=True)
        with open(f"/etc/{name}", "wb") as file:
            file.write(content)
    user, group = os.geteuid() or NOBODY, os.getegid() or NOBODY
    _write("/etc/passwd", f"sandbox:x:{user}:{group}::{_WORK}:/bin/sh\n")
    _write("/etc/group", f"sandbox:x:{group}:\n")


def _devices() -> None:
    os.mkdir("/dev")
    for name in _DEVICES:
        _show(f"/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("shm", _WORK)):
        os.symlink(target, f"/dev/{name}")


def _proc() -> list[str]:
    os.mkdir("/proc")
    try:
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    except OSError:  # inside a container whose own /proc is partly hidden
        return ["/proc"]
    return []


# without namespaces


def _plain(spec: Spec, report: int, folder: str) -> int:
    """Start the program in *folder* and return its process."""
    work, code = f"{folder}/work", f"{folder}/code"
    for path in (work, code):
        os.mkdir(path, 0o755)
    if spec["code"]:
        _write(f"{code}/{spec['code']['name']}", spec["code"]["text"])
    nobody = os.geteuid() == 0
    if nobody:
        if not _open_to_all(spec["command"][0]):
            raise OSError(f"it would run as root: {spec['command'][0]} is out of reach for others, and there are no namespaces here")
        os.chmod(folder, 0o711)  # noqa: S103 (nobody passes through)
        os.chown(work, NOBODY, NOBODY)
    spec["limits"]["NPROC"] += _processes_of(NOBODY if nobody else os.geteuid())
    program = os.fork()
    if program == 0:
        _be_first_to_go()
        if nobody:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        _become(spec, code, work, report)
    missing = ["namespaces", "files of its own", "processes out of sight"]
    missing += [] if spec["network"] else ["the network shut off"]
    missing += [] if nobody else ["a user of its own"]
    _tell(report, {"missing": missing})
    return program


def _open_to_all(path: str) -> bool:
    """Tell whether any user can reach and start *path*."""
    path = os.path.realpath(path)
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True


def _processes_of(user: int) -> int:
    """Return how many threads *user* has; 0 where that cannot be seen."""
    count = 0
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


# watching


def _end_all(known: list[int]) -> None:
    """Kill what is below this process until nothing is; whoever loses its parent becomes our child."""
    if not LINUX:
        for pid in known:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
    while True:
        for pid in _children() or known:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _children() -> list[int]:
    text = _content(f"/proc/self/task/{os.getpid()}/children") if LINUX else None
    return [int(word) for word in (text or b"").split()]


class _Watcher:
    """Runs the program to its end; whatever ends this process first ends the program."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._known: list[int] = []  # our own children
        self._folder = ""

    def watch(self) -> dict[str, Any]:
        """Return how it ended."""
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGALRM, self._leave)
        signal.setitimer(signal.ITIMER_REAL, self._spec["deadline_s"])
        if LINUX:
            _control(_SUBREAPER, 1)
            _die_with_parent(signal.SIGTERM)
            if os.getppid() != self._spec["parent"]:  # it died before we said so
                os._exit(0)
        said = self._run()
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._clear()
        return said

    def _run(self) -> dict[str, Any]:
        cannot = "this system has no namespaces"
        if LINUX and self._spec["namespaces"]:
            said = self._one(shut_in=True)
            if "cannot" not in said:
                return said
            cannot = said["cannot"]
        if self._spec["required"]:
            return {"failed": f"it may not run without namespaces here (PARLEY_RUN_ISOLATION), and they cannot be had: {cannot}"}
        try:
            return {**self._one(shut_in=False), "why": cannot}
        except OSError as error:
            return {"failed": str(error)}

    def _one(self, *, shut_in: bool) -> dict[str, Any]:
        """Run it one way; return what was told on the way and the code."""
        report, end = os.pipe()
        if shut_in:
            child = os.fork()
            if child == 0:
                for number in (signal.SIGTERM, signal.SIGALRM):
                    signal.signal(number, signal.SIG_DFL)
                os.close(report)
                _entrance(self._spec, end)
        else:
            self._folder = tempfile.mkdtemp(prefix="parley-run-")
            child = _plain(self._spec, end, self._folder)
        self._known.append(child)
        os.close(end)
        with os.fdopen(report, "rb") as file:
            said = {key: value for line in file for key, value in json.loads(line).items()}
        said["code"] = _wait_for(child)
        self._known.remove(child)
        return said

    def _leave(self, *_: object) -> None:
        self._clear()
        os._exit(0)

    def _clear(self) -> None:
        _end_all(self._known)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _wait_for(child: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == child:
            return _exit_code(status)


def main() -> None:
    spec_fd, status = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(status, False)
    with os.fdopen(spec_fd, "rb") as file:
        spec: Spec = json.load(file)
    os.pwrite(status, json.dumps(_Watcher(spec).watch()).encode(), 0)


if __name__ == "__main__":
    main()

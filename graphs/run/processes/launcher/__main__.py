"""Start one program shut in, watch over it, and leave nothing of it behind. Runs as a program of its own, with the standard library only.

    python -I -S launcher/ SPEC STATUS      two open file descriptors; the program gets this process's stdin, stdout and stderr

SPEC is JSON: `{command, code, arguments, environment, readable, network, parent, deadline_s, limits, …}`, from `sandbox.py`. STATUS
gets one JSON object at the end: `{code, missing}`, `{failed, missing}` when the program could not be started, `{over, missing}` when all of
it together used too much memory and was ended. Four processes:

    watcher     this one: dies with whoever started it, ends everything at its deadline or at SIGTERM, waits until nothing is left
      entrance  goes into the new namespaces
        first   process 1 there: makes the small file system, gives up all rights, reaps; its end is the end of everything inside
          the program

Where the system does not allow namespaces, the watcher starts the program itself, in a folder that it removes, and says what is missing.

It is loaded for every program, so without `pathlib`.

Source: getrlimit(2); for the rest see `kernel.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from graphs.run.processes.launcher import files, kernel, usage
else:
    import files  # Python puts the folder it is told to run first on its path
    import kernel
    import usage

Spec = dict[str, Any]


def _exit_code(status: int) -> int:
    """Return what a shell would say: the code, or 128 and the number of the signal that ended it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


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
        if kernel.LINUX:
            kernel.control(kernel.NO_NEW_PRIVS, 1)
            kernel.control(kernel.PDEATHSIG, signal.SIGKILL)
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
        kernel.die_with_parent(signal.SIGKILL)
        kernel.be_first_to_go()
        missing = kernel.leave_namespaces(network=spec["network"])
        kernel.die_with_parent(signal.SIGKILL)
        first = os.fork()
        if first == 0:
            _first(spec, report, missing)
        os.close(report)
        code = _exit_code(os.waitpid(first, 0)[1])
    except OSError as error:
        _tell(report, {"cannot": str(error.strerror or error)})
    finally:
        os._exit(code)


def _first(spec: Spec, report: int, missing: list[str]) -> NoReturn:
    """Be process 1: make the file system, give up all rights, start the program, reap until it has ended."""
    code = 125
    try:
        kernel.die_with_parent(signal.SIGKILL)
        kernel.leave_keys()
        missing = missing + files.make(spec)
        missing += kernel.give_up_rights()
        program = os.fork()
        if program == 0:
            _become(spec, files.CODE, files.WORK, report)
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


# without namespaces


def _plain(spec: Spec, report: int, folder: str) -> int:
    """Start the program in *folder* and return its process."""
    work, code = f"{folder}/work", f"{folder}/code"
    for path in (work, code):
        os.mkdir(path, 0o755)
    if spec["code"]:
        kernel.write(f"{code}/{spec['code']['name']}", spec["code"]["text"])
    nobody = os.geteuid() == 0
    if nobody:
        if not _open_to_all(spec["command"][0]):
            raise OSError(f"it would run as root: {spec['command'][0]} is out of reach for others, and there are no namespaces here")
        os.chmod(folder, 0o711)  # noqa: S103 (nobody passes through)
        os.chown(work, kernel.NOBODY, kernel.NOBODY)
    spec["limits"]["NPROC"] += _processes_of(kernel.NOBODY if nobody else os.geteuid())
    program = os.fork()
    if program == 0:
        kernel.be_first_to_go()
        if nobody:
            os.setgroups([])
            os.setresgid(kernel.NOBODY, kernel.NOBODY, kernel.NOBODY)
            os.setresuid(kernel.NOBODY, kernel.NOBODY, kernel.NOBODY)
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
    for name in os.listdir("/proc") if kernel.LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


# watching


def _end_all(known: list[int]) -> None:
    """Kill what is below this process until nothing is; whoever loses its parent becomes our child."""
    if not kernel.LINUX:
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
    return usage.children(os.getpid()) if kernel.LINUX else []


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
        if kernel.LINUX:
            kernel.control(kernel.SUBREAPER, 1)
            kernel.die_with_parent(signal.SIGTERM)
            if os.getppid() != self._spec["parent"]:  # it died before we said so
                os._exit(0)
        said = self._run()
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._clear()
        return said

    def _run(self) -> dict[str, Any]:
        cannot = "this system has no namespaces"
        if kernel.LINUX and self._spec["namespaces"]:
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
        code = _wait_for(child, self._spec["memory"], generation=3 if shut_in else 1)
        if code is None:
            _end_all(self._known)
            said["over"] = self._spec["memory"]
        else:
            said["code"] = code
        self._known.remove(child)
        return said

    def _leave(self, *_: object) -> None:
        self._clear()
        os._exit(0)

    def _clear(self) -> None:
        _end_all(self._known)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _wait_for(child: int, memory: int, *, generation: int) -> int | None:
    """Return the exit code of *child*; None as soon as the program's processes, which begin with that *generation*, use too much memory."""
    while True:
        if kernel.LINUX:
            usage.nap(child)
            if usage.above(generation, memory):
                return None
        ended, status = os.waitpid(-1, os.WNOHANG if kernel.LINUX else 0)
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

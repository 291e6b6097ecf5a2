"""What a program cannot do: real attempts, in namespaces and (where it holds there too) without them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from graphs.run.errors import ProcessFailed
from graphs.run.ports import Command, Finished
from graphs.run.processes import LocalProcesses
from tests.unit.run.processes.programs import Make, alive, folders, needs_node

MB = 1_000_000


def _namespaces() -> str:
    """Return why this system has no namespaces for us, empty when it has."""
    if sys.platform != "linux":
        return "only Linux has namespaces"
    flags = ["--mount", "--pid", "--net", "--fork"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    try:
        made = subprocess.run(["unshare", *flags, "true"], capture_output=True, timeout=10, check=False)
    except OSError:
        return "there is no `unshare` to ask"
    return made.stderr.decode() if made.returncode else ""


WHY_NOT = _namespaces()
shut_in = pytest.mark.skipif(bool(WHY_NOT), reason=f"no namespaces: {WHY_NOT}")
both = pytest.mark.parametrize("namespaces", [pytest.param(True, marks=shut_in), False])
PYTHON = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
AS_ROOT = os.geteuid() == 0 and not all(path.stat().st_mode & 0o001 for path in (PYTHON, *PYTHON.parents))
out_of_reach = pytest.mark.skipif(AS_ROOT, reason="only root may start this Python, and programs do not run as root")
both_python = pytest.mark.parametrize("namespaces", [pytest.param(True, marks=shut_in), pytest.param(False, marks=out_of_reach)])


SHARED = """
import os, time
shared = b'x' * 40_000_000
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        time.sleep(0.5)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print('done')
"""
NETWORK = """
import socket
for address in (('127.0.0.1', 80), ('10.0.0.1', 80), ('1.1.1.1', 53)):
    try:
        socket.create_connection(address, 1)
        print('through')
    except OSError as error:
        print(error.errno)
"""
NAMESPACE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0x10000000), libc.unshare(0x20000), libc.setuid(0))
"""
FORKS = """
import os, time
made = 0
try:
    while made < 300:
        if os.fork() == 0:
            time.sleep(64.1)
            os._exit(0)
        made += 1
except OSError as error:
    print(made, error.errno)
"""
FILES = """
files = []
try:
    while True:
        files.append(open('/dev/null'))
except OSError as error:
    print(len(files), error.errno)
"""


async def sh(processes: LocalProcesses, code: str, *arguments: str) -> Finished:
    return await processes.run(Command(language="shell", code=code, arguments=arguments), 20)


async def py(processes: LocalProcesses, code: str) -> Finished:
    return await processes.run(Command(language="python", code=code), 20)


class TestWhatItSees:
    @both
    async def test_no_variable_of_ours(self, make: Make, namespaces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PARLEY_CANARY", "tweet")

        ended = await sh(make(namespaces=namespaces), "env; cat /proc/self/environ | tr '\\0' '\\n'")

        assert "tweet" not in ended.stdout
        assert {line.partition("=")[0] for line in ended.stdout.splitlines()} <= {
            "PATH",
            "LANG",
            "HOME",
            "TMPDIR",
            "PWD",
            "OLDPWD",
            "_",
            "SHLVL",
        }

    @both_python
    async def test_no_open_file_of_ours(self, make: Make, namespaces: bool) -> None:
        code = "import os\nprint(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:4], len(os.listdir('/proc/self/fd')))"
        with tempfile.TemporaryFile() as secret:
            os.set_inheritable(secret.fileno(), True)
            ended = await py(make(namespaces=namespaces), code)

        assert ended.stdout == "[0, 1, 2, 3] 4"  # 3 is the folder it lists

    @shut_in
    async def test_no_process_of_ours(self, processes: LocalProcesses) -> None:
        code = "for p in /proc/[0-9]*; do cat $p/cmdline $p/environ 2>/dev/null | tr '\\0' ' '; echo; done; kill -9 $1 2>&1; kill -9 -1"

        ended = await sh(processes, code, str(os.getpid()))

        assert "pytest" not in ended.stdout

    @shut_in
    async def test_no_file_of_ours(self, processes: LocalProcesses, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("tweet")
        (tmp_path / "secret").chmod(0o777)

        ended = await sh(
            processes, 'cat "$1" "/proc/1/root$1" "/old$1"; ls /home /var /root /etc/shadow "$2"', f"{tmp_path}/secret", str(Path.cwd())
        )

        assert "tweet" not in ended.stdout
        assert ended.stdout in ("", "/root:") or set(ended.stdout.split()) <= {"/root:"}

    @shut_in
    async def test_no_network(self, processes: LocalProcesses) -> None:

        assert set((await py(processes, NETWORK)).stdout.split()) <= {"101", "99"}  # unreachable

    @shut_in
    async def test_the_network_when_the_operator_says_so(self, make: Make) -> None:
        code = "import socket\ns = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(s.getsockname(), 1)\nprint('through')"

        assert (await py(make(network=True), code)).stdout == "through"


class TestWhatItMayDo:
    @both
    async def test_no_capability_and_no_new_one(self, make: Make, namespaces: bool) -> None:
        ended = await sh(make(namespaces=namespaces), "grep -E '^(CapPrm|CapEff|CapAmb|NoNewPrivs)' /proc/self/status")

        assert [line.split()[1] for line in ended.stdout.splitlines()] == ["0000000000000000"] * 3 + ["1"]

    @shut_in
    async def test_no_namespace_of_its_own_to_be_root_in(self, processes: LocalProcesses) -> None:

        assert (await py(processes, NAMESPACE)).stdout == "-1 -1 -1"

    @shut_in
    async def test_it_writes_nowhere_but_in_its_folder(self, processes: LocalProcesses) -> None:
        code = "for d in / /usr /usr/bin /etc /code /dev /proc/sys; do echo x > $d/x 2>/dev/null && echo $d; done; echo y > y && cat y; pwd"

        assert (await sh(processes, code)).stdout == "y\n/tmp"

    @both
    async def test_its_folder_is_gone_afterwards(self, make: Make, namespaces: bool) -> None:
        before = folders()

        ended = await sh(make(namespaces=namespaces), "pwd; mkdir -p a/b; echo x > a/b/c; chmod 000 a/b")

        assert ended.code == 0
        assert folders() <= before

    @both_python
    async def test_a_fork_bomb_stops_at_the_limit(self, make: Make, namespaces: bool) -> None:

        ended = await py(make(namespaces=namespaces, processes=20), FORKS)

        made, number = map(int, ended.stdout.split())
        assert (made < 30, number) == (True, 11)
        assert not alive("64.1")

    @both_python
    async def test_memory_ends_at_the_limit(self, make: Make, namespaces: bool) -> None:
        code = "try:\n    x = bytearray(400_000_000)\n    print('had it')\nexcept MemoryError:\n    print('refused')"

        assert (await py(make(namespaces=namespaces, memory_bytes=200 * MB), code)).stdout == "refused"

    @both
    async def test_memory_of_many_processes_together_ends_at_the_limit(self, make: Make, namespaces: bool) -> None:
        """Each of the four holds less than the limit."""
        eater = "{ head -c 40000000 /dev/zero; sleep 64.2; } | tail -c 39000000 > /dev/null &"

        with pytest.raises(ProcessFailed, match="together used more than 100 MB") as caught:
            await sh(make(namespaces=namespaces, memory_bytes=100 * MB), f"{eater} {eater} {eater} {eater} wait")

        assert caught.value.kind == "memory"
        assert not alive("64.2")

    @both_python
    async def test_memory_that_processes_share_counts_once(self, make: Make, namespaces: bool) -> None:
        assert (await py(make(namespaces=namespaces, memory_bytes=100 * MB), SHARED)).stdout == "done"

    @needs_node
    async def test_memory_of_javascript_too(self, make: Make) -> None:
        code = "const held = []; for (;;) held.push(Buffer.alloc(10_000_000, 1));"

        ended = await make(memory_bytes=200 * MB).run(Command(language="javascript", code=code), 20)

        assert ended.code not in (0, 124)

    @both
    async def test_a_file_ends_at_the_limit(self, make: Make, namespaces: bool) -> None:
        ended = await sh(make(namespaces=namespaces, disk_bytes=2 * MB), "head -c 9000000 /dev/zero > big; wc -c < big")

        assert int(ended.stdout) <= 2 * MB + 4096

    @shut_in
    async def test_all_files_together_end_at_the_limit(self, make: Make) -> None:
        code = "i=0; while [ $i -lt 20 ]; do head -c 900000 /dev/zero > f$i || break; i=$((i+1)); done 2>/dev/null; cat f* | wc -c"

        assert int((await sh(make(disk_bytes=2 * MB), code)).stdout) <= 2 * MB + 4096

    @both_python
    async def test_open_files_end_at_the_limit(self, make: Make, namespaces: bool) -> None:

        count, number = map(int, (await py(make(namespaces=namespaces, open_files=40), FILES)).stdout.split())

        assert (30 < count < 40, number) == (True, 24)

    @both
    async def test_daemons_end_with_it(self, make: Make, namespaces: bool) -> None:
        await sh(make(namespaces=namespaces), "(setsid sh -c 'trap \"\" HUP TERM; setsid sleep 65.3' >/dev/null 2>&1 &) ; sleep 0.1")

        assert not alive("65.3")


class TestIsolation:
    @pytest.mark.skipif(not AS_ROOT, reason="this Python can be started by anybody")
    async def test_nothing_runs_as_root(self, make: Make) -> None:
        with pytest.raises(ProcessFailed, match="would run as root"):
            await py(make(namespaces=False), "print('root')")

    async def test_what_is_missing_is_logged_once(self, make: Make, caplog: pytest.LogCaptureFixture) -> None:
        processes = make(namespaces=False)

        await sh(processes, "true")
        await sh(processes, "true")

        found = [record.getMessage() for record in caplog.records if "less isolation" in record.getMessage()]
        assert len(found) == 1
        assert "namespaces" in found[0]
        assert "the network shut off" in found[0]

    async def test_it_may_be_required(self, make: Make) -> None:
        with pytest.raises(ProcessFailed, match="PARLEY_RUN_ISOLATION"):
            await sh(make(namespaces=False, isolation_required=True), "true")

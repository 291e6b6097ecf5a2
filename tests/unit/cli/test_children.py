"""Supervised processes: kept alive, kept apart, stopped together."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from app.cli import children
from app.cli.children import Child, how_it_ended, stop_all


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def until(condition: object, timeout_s: float = 10) -> None:
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  any condition, a file or a log as well
            await asyncio.sleep(0.01)


class TestChild:
    async def test_one_that_dies_is_started_again_and_the_reason_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.01)
        said: list[str] = []
        child = Child("web", python("raise SystemExit(3)"), logs=tmp_path, say=said.append)
        child.start()

        await until(lambda: child.starts >= 3)
        await stop_all([child], grace_s=5)

        assert said[0] == f"web stopped unexpectedly (exit code 3); starting it again in 0.01 s. Details: {tmp_path / 'web.log'}"
        assert "in 0.02 s" in said[1]

    async def test_its_output_is_logged_and_only_warnings_reach_the_terminal(self, tmp_path: Path) -> None:
        said: list[str] = []
        code = "import sys, time; print('quiet'); print('[warning] loud', file=sys.stderr, flush=True); sys.stdout.flush(); time.sleep(60)"
        child = Child("worker", python(code), logs=tmp_path, say=said.append)
        child.start()

        await until(lambda: "quiet" in child.last_words() and bool(said))
        await stop_all([child], grace_s=5)

        assert said == ["worker: [warning] loud"]
        assert sorted(child.last_words().split("\n")) == ["[warning] loud", "quiet"]

    async def test_one_that_ignores_the_request_to_stop_is_killed(self, tmp_path: Path) -> None:
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
        child = Child("worker", python(code), logs=tmp_path, say=lambda _: None)
        child.start()
        await until(lambda: "deaf" in child.last_words())

        began = time.monotonic()
        await stop_all([child], grace_s=0.3)

        assert 0.3 <= time.monotonic() - began < 3
        assert await child.ended(timeout_s=0)

    async def test_one_that_waits_to_be_started_again_stops_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(children, "FIRST_PAUSE_S", 60)
        said: list[str] = []
        child = Child("web", python("raise SystemExit(3)"), logs=tmp_path, say=said.append)
        child.start()
        await until(lambda: bool(said))

        began = time.monotonic()
        await stop_all([child], grace_s=5)

        assert time.monotonic() - began < 1
        assert child.starts == 1

    async def test_its_stdin_closes_when_the_supervisor_is_killed(self, tmp_path: Path) -> None:
        """A supervisor killed with SIGKILL cannot stop anybody; the closed pipe tells its children."""
        mark = tmp_path / "stopped"
        orphan = f"import os, pathlib; os.read(0, 1); pathlib.Path({str(mark)!r}).write_text('')"
        supervisor = (
            "import asyncio, pathlib, sys\n"
            "from app.cli.children import Child\n"
            f"child = Child('orphan', [sys.executable, '-c', {orphan!r}], logs=pathlib.Path({str(tmp_path)!r}), say=print)\n"
            "async def main():\n"
            "    child.start()\n"
            "    while child._process is None:\n"
            "        await asyncio.sleep(0.01)\n"
            "    print('started', flush=True)\n"
            "    await child.ended(timeout_s=60)\n"
            "asyncio.run(main())\n"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", supervisor, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"started\n"

        process.send_signal(signal.SIGKILL)
        await process.wait()

        await until(mark.exists)

    async def test_a_large_log_is_put_aside_at_the_next_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(children, "LOG_LIMIT_BYTES", 10)
        (tmp_path / "web.log").write_text("x" * 11)
        child = Child("web", python("import time; print('new', flush=True); time.sleep(60)"), logs=tmp_path, say=lambda _: None)
        child.start()

        await until(lambda: child.last_words() == "new")
        await stop_all([child], grace_s=5)

        assert (tmp_path / "web.log.1").read_text() == "x" * 11


class TestHowItEnded:
    @pytest.mark.parametrize(("code", "words"), [(1, "exit code 1"), (-9, "SIGKILL"), (-200, "signal 200")])
    def test_signals_have_names(self, code: int, words: str) -> None:
        assert how_it_ended(code) == words

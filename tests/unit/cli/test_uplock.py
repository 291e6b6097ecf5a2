"""One `parley up` per folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.cli.uplock import UpLock, holder


def test_a_second_one_finds_it_taken_and_reads_where_the_first_answers(tmp_path: Path) -> None:
    first, second = UpLock(tmp_path), UpLock(tmp_path)

    assert first.take()
    first.tell("http://localhost:8000")

    assert not second.take()
    assert holder(tmp_path) == "http://localhost:8000"
    first.release()


def test_released_it_is_free_again(tmp_path: Path) -> None:
    lock = UpLock(tmp_path)
    lock.take()

    lock.release()

    assert holder(tmp_path) is None
    assert lock.take()
    lock.release()


def test_a_killed_holder_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        f"import os, pathlib; from app.cli.uplock import UpLock; UpLock(pathlib.Path({str(tmp_path)!r})).take() and os.kill(os.getpid(), 9)"
    )

    killed = subprocess.run([sys.executable, "-c", code], check=False)

    assert killed.returncode == -9
    assert holder(tmp_path) is None


def test_an_unused_folder_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None

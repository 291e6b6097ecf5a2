"""One `parley up` per PARLEY_HOME: a lock that the kernel drops with the process, so nothing stale is left by a kill."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

NAME = "up.lock"
STARTING = "starting"  # told until there is an address


class UpLock:
    """Holds PARLEY_HOME/up.lock; the file tells the address for whoever finds it held."""

    def __init__(self, home: Path) -> None:
        self._path = home / NAME
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take the lock; False when another process has it."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        self.tell(STARTING)
        return True

    def tell(self, address: str) -> None:
        """Write where Parley answers."""
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(address)
        self._file.flush()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def holder(home: Path) -> str | None:
    """Return the address of the `parley up` that runs on *home*, None when there is none."""
    path = home / NAME
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or STARTING
    return None

"""How much memory a program uses, all its processes together: what the limits of single processes (setrlimit(2)) cannot hold down.

Looked at ten times a second, so a program may be above its limit for so long. A control group would be exact, and is for whoever runs the
worker: making one takes rights that a worker seldom has.

Source: proc_pid_statm(5), proc_pid_smaps_rollup(5), proc_tid_children(5), pidfd_open(2).
"""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphs.run.processes.launcher import kernel
else:
    import kernel

INTERVAL_S = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


def nap(child: int) -> None:
    """Return when *child*, a child of this process, has ended, or after a while."""
    try:
        file = os.pidfd_open(child)
    except OSError:  # an older kernel
        time.sleep(INTERVAL_S / 10)
        return
    try:
        waiting = select.poll()
        waiting.register(file, select.POLLIN)
        waiting.poll(INTERVAL_S * 1000)
    finally:
        os.close(file)


def above(generation: int, limit: int) -> bool:
    """
    Tell whether what is below this process, from that *generation* on (1: its children), uses more than *limit* bytes.

    What several processes share counts once, and what they only read from files does not count.
    """
    family = [os.getpid()]
    for _ in range(generation):
        family = [child for process in family for child in children(process)]
    for process in family:  # it grows on the way
        family += children(process)
    return sum(map(_resident, family)) > limit and sum(map(_own, family)) > limit


def children(process: int) -> list[int]:
    """Return the children of *process*, whichever of its threads started them; none when it has ended."""
    try:
        threads = os.listdir(f"/proc/{process}/task")
    except OSError:
        return []
    return [int(word) for thread in threads for word in (kernel.content(f"/proc/{process}/task/{thread}/children") or b"").split()]


def _resident(process: int) -> int:
    fields = (kernel.content(f"/proc/{process}/statm") or b"0 0").split()
    return int(fields[1]) * _PAGE


def _own(process: int) -> int:
    """Return what falls to *process* of the memory it uses, without files; all of that where the system does not tell the shares."""
    shares = _sizes(f"/proc/{process}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"))
    return sum(shares or _sizes(f"/proc/{process}/status", (b"RssAnon:", b"RssShmem:")))


def _sizes(path: str, names: tuple[bytes, ...]) -> list[int]:
    lines = [line.split() for line in (kernel.content(path) or b"").splitlines()]
    return [int(words[1]) * 1024 for words in lines if len(words) == 3 and words[0] in names]

"""What the operator decides about programs that workflows run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """Limits hold for each program; `memory_bytes` for each of its processes and for all together."""

    allowed: frozenset[str] = frozenset()  # of script, shell, container
    timeout_s: float = 300.0  # when the task sets none
    memory_bytes: int = 512_000_000
    disk_bytes: int = 64_000_000  # its working directory, and its largest file
    output_bytes: int = 1_000_000  # stdout and stderr each
    processes: int = 64
    open_files: int = 256
    files: int = 10_000  # in its working directory
    at_once: int = 8  # programs of this process of Parley
    network: bool = False
    isolation_required: bool = False  # rather fail than run without namespaces
    namespaces: bool = True  # off: as on a system without them, for tests
    engine: str = "docker"  # the command, or its path
    volumes: tuple[str, ...] = ()  # folders of this machine that containers may be given

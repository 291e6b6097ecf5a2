"""Programs that workflows run (`run: script`, `shell`, `container`): what the operator allows, and what is said before anybody approves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dsl
from dsl.pointer import join
from dsl.walk import all_steps

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.run.processes import ProcessSettings

KINDS = ("script", "shell", "container")
_MEGABYTE = 1_000_000


def process_settings(settings: Settings) -> ProcessSettings:
    """Return the settings as runs have them."""
    from graphs.run.processes import ProcessSettings

    return ProcessSettings(
        allowed=frozenset(settings.run_allow),
        timeout_s=settings.run_timeout_s,
        memory_bytes=settings.run_memory_mb * _MEGABYTE,
        disk_bytes=settings.run_disk_mb * _MEGABYTE,
        output_bytes=settings.run_output_kb * 1000,
        processes=settings.run_processes,
        at_once=settings.run_concurrency,
        network=settings.run_network,
        isolation_required=settings.run_isolation == "required",
        engine=settings.container_engine,
        volumes=settings.container_volumes,
    )


def turned_off(data: Any, allow: Sequence[str]) -> list[dict[str, Any]]:
    """Return a warning for each task of *data* whose program is not allowed while PARLEY_RUN_ALLOW is *allow*."""
    found = []
    for step in all_steps(data):
        run = step.task.get("run")
        kind = next((kind for kind in KINDS if isinstance(run, dict) and kind in run), None)
        if kind is not None and kind not in allow:
            found.append(_warning(join(step.reference, "run", kind), kind, allow))
    return found


def _warning(reference: str, kind: str, allow: Sequence[str]) -> dict[str, Any]:
    words = f"`run: {kind}` is turned off here: this task fails in every run until PARLEY_RUN_ALLOW names it"
    hint = f"to allow it, start Parley with PARLEY_RUN_ALLOW={','.join([*allow, kind])}"
    return dsl.Problem(code="run-not-allowed", reference=reference, message=words, hint=hint, severity="warning").to_json()

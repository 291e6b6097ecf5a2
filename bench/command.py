"""How long a person waits for the command line."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "high-value-orders" / "definition.yaml"


async def _parley(*arguments: str) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", "app", *arguments, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise SystemExit(f"parley {' '.join(arguments)} failed")
    return (time.perf_counter() - began) * 1000


async def parley_help() -> float:
    """Milliseconds until the list of commands is there."""
    return await _parley("--help")


async def parley_validate() -> float:
    """Milliseconds to check one example."""
    return await _parley("validate", str(EXAMPLE))


ALL = {"parley --help": ("ms", parley_help), "parley validate": ("ms", parley_validate)}

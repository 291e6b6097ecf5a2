"""Run one definition to its end in this process."""

from typing import Any


async def ephemeral(request: Any, *, say: Any) -> dict[str, Any]: ...
async def recorded(request: Any, *, say: Any) -> dict[str, Any]: ...

"""`remember`: a fact or a preference, for whoever started the run or for everybody in the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graphs.run import durations
from graphs.run.errors import StoreUnavailable, WorkflowError
from memory.store import LooksSecret, MemoryAway, RecallError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return the memory as it was kept. Raises WorkflowError (validation, configuration), StoreUnavailable."""
    expires = arguments.get("expires")
    try:
        expires_at = call.now + timedelta(seconds=durations.seconds(expires)) if expires is not None else None
    except (ValueError, OverflowError) as error:
        raise WorkflowError.of("validation", f"expires: {error}") from error
    try:
        kept = await call.memory.remember(
            call.without_secrets(str(arguments["text"])),
            key=call.key,
            kind=arguments.get("kind", "fact"),
            everybody=arguments.get("for") == "everybody",
            subject=call.without_secrets(str(arguments.get("about") or "")),
            confidence=float(arguments.get("confidence", 1)),
            expires_at=expires_at,
        )
    except LooksSecret as error:
        raise WorkflowError.of("validation", str(error), title="Not Remembered") from error
    except MemoryAway as error:
        raise StoreUnavailable(str(error)) from error
    except RecallError as error:
        raise WorkflowError.of("configuration", str(error), title="Not Remembered") from error
    return call.memory.as_json(kept)

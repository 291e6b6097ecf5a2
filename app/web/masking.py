"""Secrets that somebody pasted: masked when they arrive, so that neither the page nor the database keeps them.

One function says what a secret is, the one the design graph uses. `adapt.py` applies it to a message before Chainlit sees it, the store
to every row of a person's own words: whatever way they come, they are masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphs.models.redact import redact

OF_A_PERSON = ("user_message", "run")  # `run` is Chainlit's step around a handler: its input is the message
MASKED = "masked"  # in a message's metadata: suggested names of what was masked


def masked(text: str) -> str:
    """Return *text* without secrets."""
    return redact(text).text


def masked_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step without the secrets a person typed; what Parley says is left as it is."""
    if step.get("type") not in OF_A_PERSON:
        return dict(step)
    return {name: masked(value) if name in ("input", "output") and isinstance(value, str) else value for name, value in step.items()}


def masked_message(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page sent as a message, masked; the metadata says which kinds of secrets were in it."""
    message = payload["message"]
    found = redact(str(message.get("output") or ""))
    metadata = {name: value for name, value in (message.get("metadata") or {}).items() if name != MASKED}
    more = {MASKED: list(found.names)} if found.names else {}
    return {**payload, "message": {**message, "output": found.text, "metadata": {**metadata, **more}}}

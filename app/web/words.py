"""Errors in words: what a refused action or a broken turn tells the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

if TYPE_CHECKING:
    from app.actions import ActionError


@contextmanager
def refused() -> Iterator[None]:
    """Turn an action's refusal into its HTTP answer; Chainlit's action route and the API send it as it is."""
    from app.actions import ActionError

    try:
        yield
    except ActionError as error:
        raise HTTPException(error.status, detail(error)) from error


def detail(error: ActionError) -> dict[str, Any]:
    """Return the refusal as JSON, with one `message` for a card: what, why, what next."""
    return {**error.to_json(), "message": " ".join(filter(None, (error.what, error.why, error.next)))}


def trouble(event: Mapping[str, Any]) -> str:
    """Return an error event of the design conversation as a message: what, where, why, what next."""
    head = f"**{str(event.get('what') or 'That did not work.').rstrip()}**"
    rows = [f"{label}: {event[name]}" for label, name in (("Where", "where"), ("Why", "why"), ("What next", "next")) if event.get(name)]
    return "\n\n".join([head, *rows])

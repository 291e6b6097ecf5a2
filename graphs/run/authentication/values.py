"""The values of a policy, as they come from a definition or a secret."""

from __future__ import annotations

from collections.abc import Mapping

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Place


def conceal(place: Place, *values: JSON) -> None:
    """Keep credentials out of texts, and have what is stored and holds one sealed."""
    for value in values:
        place.engine.redactor.add(value)
        if value is not None:
            place.engine.deps.seal(value)


def part(values: JSON, key: str) -> str:
    """Return the text *key* of *values*. Raises WorkflowError (configuration) when there is none."""
    found = optional(values, key)
    if found is None:
        raise WorkflowError.of("configuration", f"the authentication has no {key}")
    return found


def optional(values: JSON, *keys: str) -> str | None:
    """Return the text at *keys*, one inside the other, None when there is nothing."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return None if values is None or isinstance(values, Mapping | list) else str(values)


def several(values: JSON, key: str) -> list[str]:
    """Return the texts of the list *key*; a text with commas or spaces, as secrets hold them, is a list too."""
    found = values.get(key) if isinstance(values, Mapping) else None
    if isinstance(found, str):
        found = found.replace(",", " ").split()
    return [str(item) for item in found] if isinstance(found, list) else []

"""A function of the catalogue that must not be repeated: what steps with an effect call. It stands for a request, without the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NUMBER = {"type": "object", "required": ["n"], "additionalProperties": False, "properties": {"n": {"type": "integer"}}}
FUNCTION = {
    "name": "bench-record", "version": "1.0.0", "title": "Count a record", "effect": "irreversible", "idempotent": False, "input": _NUMBER,
    "output": {"type": "object", "required": ["order"], "properties": {"order": _NUMBER}},
}  # fmt: skip
recorded = 0  # the outside world of this benchmark


async def run(arguments: Mapping[str, Any], _call: object) -> dict[str, Any]:
    global recorded
    recorded += 1
    return {"order": dict(arguments)}

"""Does a value fit its JSON Schema? Forms and input schemas come from definitions: they fetch nothing and keep nobody busy.

The schema is what the author of a definition wrote, the value what anybody sent: `graphs.run.schemas` bounds both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphs.run.schemas import JsonSchema, problem_in


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that is wrong with a value."""

    where: str  # "field orders[3].amount", "the whole value"
    what: str  # a sentence that names the field, too


def misfits(schema: Mapping[str, Any], value: Any) -> list[Misfit]:
    """Return what is wrong with *value*, at most three things; nothing fits a schema that is none itself."""
    compiled = _compiled(json.dumps(schema))
    if isinstance(compiled, str):
        return [Misfit("the schema", f"it is no usable JSON Schema: {compiled}")]
    return [Misfit(f"field {where}" if where else "the whole value", what) for what, where in compiled.findings(value).items()]


@lru_cache(maxsize=64)
def _compiled(text: str) -> JsonSchema | str:
    """Return the schema in *text* ready to use, or why it is none."""
    schema = json.loads(text)
    return problem_in(schema) or JsonSchema(schema)

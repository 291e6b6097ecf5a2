"""Fill `{{ … }}` in answers and expectations from the request and the world's state.

A string that is one expression and nothing else keeps the value's type: `"{{ state.orders }}"` becomes the list itself. Other
strings become text. Unknown names are errors, never empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import SandboxedEnvironment

JSON = Any

_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_WHOLE = re.compile(r"^\s*\{\{(?P<expression>(?:(?!\}\}).)*)\}\}\s*$", re.DOTALL)


class TemplateFailed(ValueError):
    """A template names something unknown or is not Jinja; the message quotes it."""


def fill(value: JSON, scope: Mapping[str, JSON]) -> JSON:
    """Return *value* with every template inside its strings filled from *scope*. Raises TemplateFailed."""
    if isinstance(value, str):
        return _text(value, scope) if "{{" in value or "{%" in value else value
    if isinstance(value, Mapping):
        return {fill(key, scope): fill(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, scope) for item in value]
    return value


def _text(text: str, scope: Mapping[str, JSON]) -> JSON:
    whole = _WHOLE.match(text)
    try:
        if whole is None:
            return _ENVIRONMENT.from_string(text).render(scope)
        found = _ENVIRONMENT.compile_expression(whole["expression"], undefined_to_none=False)(**scope)
        if isinstance(found, Undefined):
            str(found)  # StrictUndefined says which name is unknown
    except (TemplateError, TypeError, ValueError, ZeroDivisionError) as exc:
        raise TemplateFailed(f"{text!r} cannot be filled: {exc}") from exc
    return found

"""URI templates, simple string expansion only (DSL 1.0.3, "URI Template"; RFC 6570, 3.2.2)."""

from __future__ import annotations

import re
from urllib.parse import quote

from graphs.run.errors import WorkflowError
from graphs.run.http_values import to_bytes
from graphs.run.ports import JSON

_VARIABLE = re.compile(r"\{([^{}]+)\}")


def expand(template: str, data: JSON) -> str:
    """
    Return *template* with each `{name}` replaced by the top-level property *name* of *data*, percent-encoded.

    A missing one gives nothing. Raises WorkflowError (expression) for an object or a list, and for `.` and `..` where they would be a
    whole segment of the path: they would change which path it is.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = data.get(name) if isinstance(data, dict) else None
        if isinstance(found, dict | list):
            raise WorkflowError.of("expression", f"{{{name}}} in '{template}' must be a text, a number or a boolean")
        if found is None:
            return ""
        if found in (".", "..") and _is_segment(template, match):
            raise WorkflowError.of("expression", f"{{{name}}} in '{template}' must not be '{found}': it is a part of the path")
        return quote(to_bytes(str(found).lower() if isinstance(found, bool) else str(found)), safe="")

    return _VARIABLE.sub(value, template)


def _is_segment(template: str, match: re.Match[str]) -> bool:
    before, after = template[: match.start()], template[match.end() :]
    return before.endswith("/") and "?" not in before and after[:1] in ("", "/", "?", "#")

"""Files between steps: `{name, mediaType, data}`, `data` in base64, so that a definition hands them on like any other value.

Base64 makes a file a third larger; the journal keeps large values apart. `read-document` also takes what `call: http` with `output: raw`
gives, the base64 alone.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from graphs.run.errors import WorkflowError

MOST_BYTES = 20_000_000


def content(value: Any, what: str) -> bytes:
    """Return the bytes of a file or of a base64 text. Raises WorkflowError (validation)."""
    text = value.get("data") if isinstance(value, dict) else value
    if not isinstance(text, str):
        raise WorkflowError.of("validation", f"{what} holds no 'data'")
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WorkflowError.of("validation", f"the data of {what} is no base64") from error
    if len(data) > MOST_BYTES:
        raise WorkflowError.of("validation", f"{what} has {len(data):,} bytes; a document may have {MOST_BYTES:,}")
    return data


def to_file(name: str, media_type: str, data: bytes) -> dict[str, Any]:
    """Return the file as a value. Raises WorkflowError (runtime) when it is too large to be handed on."""
    if len(data) > MOST_BYTES:
        raise WorkflowError.of("runtime", f"{name} would have {len(data):,} bytes; a document may have {MOST_BYTES:,}")
    return {"name": name, "mediaType": media_type, "data": base64.b64encode(data).decode()}

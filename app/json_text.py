"""A setting that is JSON, or the name of a file that holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal


def json_or_file(value: object, begins: Literal["[", "{"], what: str) -> object:
    """Return what a text, or the file it names, holds as JSON; an empty text is empty. Raises ValueError."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text and not text.startswith(begins):
        try:
            text = Path(text).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"neither a JSON {what.split()[0]} nor a file that can be read: {text}") from error
    try:
        return json.loads(text or ("[]" if begins == "[" else "{}"))
    except ValueError as error:
        raise ValueError(f"no JSON {what}: {error}") from error

"""`write-document`: Markdown as a file: HTML, DOCX or PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.documents import child
from graphs.documents.errors import Unreadable
from graphs.documents.writing import MEDIA_TYPES
from graphs.functions import files
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)


async def run(arguments: Mapping[str, Any], _call: FunctionCall) -> dict[str, Any]:
    """Return `{name, mediaType, data, missing}`. Raises WorkflowError (validation)."""
    text, to = str(arguments["markdown"]), str(arguments["to"])
    heading = _HEADING.search(text)
    title = arguments.get("title") or (heading.group(1) if heading else "") or "Document"
    options = {name: arguments.get(name) for name in ("author", "language", "paper", "landscape")}
    try:
        said, made = await child.work("write", {**options, "to": to, "title": title}, text.encode("utf-8", "replace"))
    except Unreadable as error:
        raise WorkflowError.of("validation", f"the document cannot be written: {error}") from error
    return {**files.to_file(_name(arguments.get("name") or title, to), MEDIA_TYPES[to], made), "missing": said["missing"]}


def _name(name: str, to: str) -> str:
    """Return a file name with the right ending and nothing in it that a file system minds."""
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', " ", name).strip(" .")[:120] or "document"
    return plain if plain.lower().endswith(f".{to}") else f"{plain}.{to}"

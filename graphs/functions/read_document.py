"""`read-document`: a file, or what an address gives, as text and tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from graphs.documents import child
from graphs.documents.errors import Unreadable
from graphs.functions import files
from graphs.functions.pages import fetched
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_MOST_PAGES = 500
_BY_ENDING: Mapping[str, str] = {
    "pdf": "pdf", "docx": "docx", "xlsx": "xlsx", "xlsm": "xlsx", "csv": "csv", "tsv": "csv", "html": "html", "htm": "html",
    "md": "markdown", "markdown": "markdown", "txt": "text",
}  # fmt: skip
_BY_MEDIA_TYPE: Mapping[str, str] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/csv": "csv",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "markdown",
}


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{text, tables, pages, meta}`. Raises WorkflowError (validation, communication)."""
    if arguments.get("document") is not None:
        given = arguments["document"]
        about = given if isinstance(given, dict) else {}
        name, media_type = str(about.get("name") or ""), str(about.get("mediaType") or "")
        data, what = files.content(given, "the document"), name or "the document"
    else:
        answer = await fetched(arguments, call, accept="*/*", most_bytes=files.MOST_BYTES)
        data, what = answer.body, answer.url
        name = PurePosixPath(unquote(urlsplit(answer.url).path)).name
        media_type = next((value for key, value in answer.headers.items() if key.lower() == "content-type"), "")
    kind = arguments.get("type") or _kind(name, media_type)
    pages = int(arguments.get("pages") or _MOST_PAGES)
    try:
        said, _ = await child.work("read", {"type": kind, "pages": pages}, data)
    except Unreadable as error:
        raise WorkflowError.of("validation", f"{what} cannot be read: {error}") from error
    del said["links"]
    return {**said, "meta": {**said["meta"], "name": name}}


def _kind(name: str, media_type: str) -> str:
    """Return what the document is by what is said of it, "" when its content is to tell."""
    stated = _BY_MEDIA_TYPE.get(media_type.partition(";")[0].strip().lower(), "")
    return stated or _BY_ENDING.get(name.rpartition(".")[2].lower() if "." in name else "", "")

"""`fetch-page`: a web page as a reader sees it: title, text, links. Scripts are not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.documents import child
from graphs.documents.errors import Unreadable
from graphs.functions.pages import fetched
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_MOST_BYTES = 5_000_000
_PAGES = ("text/html", "application/xhtml+xml")


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{url, title, text, links}`. Raises WorkflowError (communication, validation)."""
    answer = await fetched(arguments, call, accept="text/html, application/xhtml+xml, text/plain;q=0.8", most_bytes=_MOST_BYTES)
    stated = next((value for key, value in answer.headers.items() if key.lower() == "content-type"), "")
    media_type = stated.partition(";")[0].strip().lower()
    if media_type and not media_type.startswith("text/") and media_type not in _PAGES:
        hint = "read-document reads PDF and Office documents, call: http everything else"
        raise WorkflowError.of("communication", f"{answer.url} is no page but {media_type} ({hint})")
    kind = "html" if media_type in _PAGES or not media_type else "text"
    try:
        said, _ = await child.work("read", {"type": kind, "pages": 1, "base": answer.url}, answer.body)
    except Unreadable as error:
        raise WorkflowError.of("communication", f"{answer.url} cannot be read: {error}") from error
    return {"url": answer.url, "title": said["meta"]["title"], "text": said["text"], "links": said["links"]}

"""Fetching what an address or a connection of kind http gives, for functions that read pages and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from graphs.run.errors import WorkflowError
from graphs.run.ports import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def fetched(arguments: Mapping[str, Any], call: FunctionCall, *, accept: str, most_bytes: int) -> HttpResponse:
    """
    Return the answer to a GET of `url`, redirects followed; with `connection` the address is below the connection's, with its headers.

    Raises:
        WorkflowError: communication with the answer's status; configuration, authorization.
    """
    url, headers, http = str(arguments["url"]), {"Accept": accept}, None
    if arguments.get("connection"):
        connection = await call.connection(str(arguments["connection"]), "http")
        base = connection.text("url").rstrip("/") + "/"
        url, http = urljoin(base, url.lstrip("/")), connection.http
        if not url.startswith(base):
            raise WorkflowError.of("validation", f"'{arguments['url']}' is not below the address of the connection '{connection.name}'")
        headers |= connection.headers
    request = HttpRequest(method="GET", url=url, headers=headers, follow_redirects=http is None, body_limit_bytes=most_bytes)
    response = await call.send(request, http)
    if response.status >= 300:
        raise WorkflowError.of("communication", f"GET {url} answered {response.status}", status=response.status)
    return response

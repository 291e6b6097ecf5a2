"""Documents that a definition names by their address: API descriptions, schemas, scripts, functions of a catalogue.

Fetched with the run's guarded client when first needed, and kept: a run sees one version of a document as long as its process lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dsl.pointer import join
from graphs.run.authentication import send
from graphs.run.endpoint import Endpoint, prepare_endpoint
from graphs.run.errors import WorkflowError
from graphs.run.pins import digest_of
from graphs.run.ports import JSON, HttpRequest
from graphs.run.step import Place

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Document:
    url: str
    body: bytes

    def text(self) -> str:
        """Return the body as text. Raises WorkflowError (configuration)."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise WorkflowError.of("configuration", f"{self.url} is no text in UTF-8") from error


@dataclass(frozen=True, slots=True)
class Resource:
    """An `externalResource`: prepared once, read by steps."""

    endpoint: Endpoint

    async def read(self, place: Place, below: str = "", *, limit_bytes: int | None = None) -> Document:
        """
        Return the document, with *below* added to its address.

        Args:
            limit_bytes: How large it may be; default the client's limit.

        Raises:
            WorkflowError: communication when it cannot be fetched, authorization when policy forbids its address, configuration
                (`lock-changed`) when it is not what the version first used.
        """
        url = raw_address((await self.endpoint.url(place)).rstrip("/") + below if below else await self.endpoint.url(place))
        known = place.engine.documents
        if url not in known:
            known[url] = asyncio.ensure_future(self._fetch(place, url, limit_bytes))
        try:
            return await asyncio.shield(known[url])
        except WorkflowError:
            known.pop(url, None)  # the next attempt asks again
            raise

    async def _fetch(self, place: Place, url: str, limit_bytes: int | None) -> Document:
        await place.engine.deps.journal.flush()  # the address may hold results of earlier steps
        limit_s = place.engine.deps.limits.http_timeout_s
        request = HttpRequest(
            method="GET", url=url, headers={"Accept": "*/*"}, follow_redirects=True, timeout_s=limit_s, body_limit_bytes=limit_bytes
        )
        response = await send(place, request, self.endpoint.authentication)
        if response.status >= 300:
            raise WorkflowError.of("communication", f"GET {url} answered {response.status}", status=response.status)
        if self.endpoint.written:
            await _as_before(place, url, response.body)
        return Document(response.url, response.body)


async def _as_before(place: Place, url: str, body: bytes) -> None:
    """Raise WorkflowError when the document is not what this version of the workflow first used."""
    digest = digest_of(body)
    if await place.engine.deps.pins.pin(url, digest) != digest:
        raise WorkflowError.of(
            "configuration",
            f"{url} is no longer what this version of the workflow first used: propose the workflow again under the next version number, "
            "and approve it with the document as it is now",
            title="lock-changed",
        )


def prepare_resource(value: Mapping[str, JSON], reference: str, compiler: Compiler) -> Resource:
    """Prepare an `externalResource` (`{endpoint}`) that stands at *reference*."""
    return Resource(prepare_endpoint(value["endpoint"], join(reference, "endpoint"), compiler))


def raw_address(url: str) -> str:
    """
    Return where the file itself is when *url* is a page of GitHub or GitLab that shows it.

    Source: dsl.md, "Catalogs": `https://github.com/OWNER/NAME/tree/BRANCH/PATH` stands for the raw document.
    """
    parts = urlsplit(url)
    segments = parts.path.strip("/").split("/")
    if parts.hostname == "github.com" and len(segments) > 2:
        owner, name, *rest = segments
        branch, path = (rest[1], rest[2:]) if rest[0] in ("tree", "blob") and len(rest) > 1 else ("main", rest)
        return f"https://raw.githubusercontent.com/{owner}/{name}/refs/heads/{branch}/{'/'.join(path)}"
    if parts.hostname == "gitlab.com" and "/-/tree/" in url:
        return url.replace("/-/tree/", "/-/raw/", 1)
    return url.replace("/-/blob/", "/-/raw/", 1) if parts.hostname == "gitlab.com" else url

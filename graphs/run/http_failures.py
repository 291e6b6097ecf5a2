"""What went wrong with a request, in words: from the exceptions of the network libraries to `HttpFailed`."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator

import httpcore
import httpx

from graphs.run.errors import HttpFailed
from graphs.run.ports import HttpRequest


def failed(request: HttpRequest, error: BaseException) -> HttpFailed:
    """Return the failure that *error*, raised before the head of an answer was there, is in words."""
    url = without_user(request.url)
    if isinstance(error, UnicodeEncodeError | httpcore.LocalProtocolError):
        words = f"the request to {url} cannot be sent: its method or a header holds characters that are not allowed there"
        return HttpFailed(words, "invalid", "Not a usable request")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return not_a_url(request.url)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _no_answer(url, f"its certificate is not trusted ({cause.verify_message})")
        if isinstance(cause, ssl.SSLError):
            return _no_answer(url, "no encrypted connection (does it speak https?)")
        if isinstance(cause, ConnectionRefusedError):
            return _no_answer(url, "connection refused")
    if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout | OSError):
        reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "no connection")
        return _no_answer(url, reason[0].lower() + reason[1:])
    if isinstance(error, httpcore.RemoteProtocolError) and "buffer too long" in str(error):  # h11's words
        return HttpFailed(f"{url} answered with a head of more than 100 KB", "protocol", "Answer too large")
    if isinstance(error, httpcore.RemoteProtocolError | httpx.RemoteProtocolError) and "location header" in str(error):  # httpx's
        return HttpFailed(f"{url} redirects to something that is not a URL", "protocol", "Unreadable answer")
    if isinstance(error, httpcore.RemoteProtocolError) and "disconnected" not in str(error):
        return HttpFailed(f"{url} answered with something that is not HTTP", "protocol", "Unreadable answer")
    return HttpFailed(f"{url} closed the connection before answering", "protocol", "No answer: connection closed")


def not_a_url(written: str, why: str = "it must begin with http:// or https:// and a host name") -> HttpFailed:
    """Return the failure of a URL, as its author wrote it."""
    return HttpFailed(f"'{without_user(written)}' is not a URL that can be called: {why}", "invalid", "Not a usable URL")


def without_user(url: str) -> str:
    """Return *url* without the user name and password it may carry."""
    return re.sub(r"//[^/@]*@", "//", url)


def _no_answer(url: str, reason: str) -> HttpFailed:
    return HttpFailed(f"no answer from {url}: {reason}", "connect", f"No answer: {reason}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and everything it was raised from, groups opened."""
    yield error
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else (error.__cause__ or error.__context__,):
        if inner is not None:
            yield from _causes(inner)

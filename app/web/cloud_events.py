"""CloudEvents 1.0 over HTTP: one request in structured, batched or binary mode becomes a list of events as JSON objects.

Source: CloudEvents HTTP Protocol Binding 1.0.2, sections 3.1 to 3.3; attribute rules from the core specification, section 3.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from app.web.errors import WebError

Event = dict[str, Any]
REQUIRED = ("id", "source", "type")
NAME = re.compile(r"[a-z0-9]{1,40}")
MAX_EVENTS = 500


class BadEvent(WebError):
    """400: the body cannot be read."""

    status = 400


class NoEvent(BadEvent):
    """422: it is JSON, and no CloudEvent; the text says which attribute."""

    status = 422


class TooManyEvents(BadEvent):
    """413: a batch holds more than MAX_EVENTS."""

    status = 413


class UnknownMedia(WebError):
    """415: the content type is none of the three modes."""

    status = 415


def read_events(headers: Mapping[str, str], body: bytes) -> list[Event]:
    """
    Return the events of a request.

    Args:
        headers: With lower-case names.
        body: The whole body.

    Raises:
        BadEvent: malformed JSON.
        NoEvent: a missing or empty attribute, a wrong specversion.
        TooManyEvents: more than 500 in a batch.
        UnknownMedia: neither `application/cloudevents+json`, `application/cloudevents-batch+json` nor `ce-` headers.
    """
    media = headers.get("content-type", "").split(";")[0].strip().lower()
    if media == "application/cloudevents+json":
        return [_checked(_object(_json(body)), "")]
    if media == "application/cloudevents-batch+json":
        return _batch(_json(body))
    if "ce-specversion" in headers:
        return [_checked(_binary(headers, media, body), "")]
    raise UnknownMedia(
        "send a CloudEvent: Content-Type application/cloudevents+json, application/cloudevents-batch+json, or ce-* headers with any content"
    )


def _batch(data: Any) -> list[Event]:
    if not isinstance(data, list):
        raise NoEvent("a batch is a JSON array of events")
    if len(data) > MAX_EVENTS:
        raise TooManyEvents(f"a batch may hold at most {MAX_EVENTS} events, this one holds {len(data)}")
    return [_checked(_object(item), f"event {place}: ") for place, item in enumerate(data, start=1)]


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> Event:
    event: Event = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    if media:
        event["datacontenttype"] = headers["content-type"]
    if not body:
        return event
    if media == "application/json" or media.endswith("+json"):
        return {**event, "data": _json(body)}
    if media.startswith("text/") or media == "application/xml":
        return {**event, "data": _text(body)}
    return {**event, "data_base64": b64encode(body).decode()}


def _checked(event: Event, place: str) -> Event:
    if event.get("specversion") != "1.0":
        raise NoEvent(f"{place}specversion must be 1.0, not {event.get('specversion')!r}")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name].strip():
            raise NoEvent(f"{place}the attribute {name!r} is missing or empty")
    for name in event:
        if name != "data_base64" and not NAME.fullmatch(name):
            raise NoEvent(f"{place}{name!r} is no attribute name: lower-case letters and digits only")
    if "data" in event and "data_base64" in event:
        raise NoEvent(f"{place}data and data_base64 exclude each other")
    return event


def _object(data: Any) -> Event:
    if not isinstance(data, dict):
        raise NoEvent("an event is a JSON object")
    return data


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise BadEvent(f"the body is not JSON: {exc}") from exc


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise BadEvent("the text of the event is not UTF-8") from exc

"""Reading CloudEvents from HTTP requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.web.cloud_events import BadEvent, UnknownMedia, read_events

EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": {"amount": 5}}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "order.placed"}


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in EVENT.items() if key != name}).encode()


class TestModes:
    def test_structured(self) -> None:
        assert read_events(STRUCTURED, json.dumps(EVENT).encode()) == [EVENT]

    def test_a_batch(self) -> None:
        assert read_events(BATCH, json.dumps([EVENT, {**EVENT, "id": "2"}]).encode()) == [EVENT, {**EVENT, "id": "2"}]

    def test_an_empty_batch_is_nothing(self) -> None:
        assert read_events(BATCH, b"[]") == []

    def test_binary_with_json(self) -> None:
        got = read_events({**BINARY, "content-type": "application/json"}, b'{"amount": 5}')

        assert got == [{**EVENT, "datacontenttype": "application/json"}]

    def test_binary_with_text(self) -> None:
        assert read_events({**BINARY, "content-type": "text/plain"}, b"hello")[0]["data"] == "hello"

    def test_binary_with_bytes(self) -> None:
        assert read_events({**BINARY, "content-type": "image/png"}, b"\x89P")[0]["data_base64"] == "iVA="

    def test_attributes_in_headers_are_percent_decoded(self) -> None:
        assert read_events({**BINARY, "ce-subject": "B%C3%A4ckerei"}, b"")[0]["subject"] == "Bäckerei"


class TestRefusals:
    @pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
    def test_a_required_attribute_is_named(self, name: str) -> None:
        with pytest.raises(BadEvent, match=name):
            read_events(STRUCTURED, without(name))

    def test_the_place_in_a_batch_is_named(self) -> None:
        with pytest.raises(BadEvent, match="event 2: the attribute 'id'"):
            read_events(BATCH, b"[" + json.dumps(EVENT).encode() + b"," + without("id") + b"]")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"NaN", b"[" * 100_000, b"\xff"])
    def test_what_is_no_event_is_a_400(self, body: bytes) -> None:
        with pytest.raises(BadEvent):
            read_events(STRUCTURED, body)

    def test_data_twice(self) -> None:
        with pytest.raises(BadEvent, match="exclude"):
            read_events(STRUCTURED, json.dumps({**EVENT, "data_base64": "eA=="}).encode())

    @pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"content-type": "text/html"}])
    def test_other_content_is_a_415_that_says_what_to_send(self, headers: dict[str, str]) -> None:
        with pytest.raises(UnknownMedia, match="cloudevents"):
            read_events(headers, b"{}")

    def test_too_many_events(self) -> None:
        with pytest.raises(BadEvent, match="at most 500"):
            read_events(BATCH, json.dumps([EVENT] * 501).encode())

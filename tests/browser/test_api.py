"""The HTTP API of a running `parley up`, as a program speaks to it."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.browser.conftest import Parley

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
CLOUD_EVENT = "application/cloudevents+json"


def call(parley: Parley, method: str, path: str, body: bytes | str = b"", **headers: str) -> tuple[int, Any, dict[str, str]]:
    """Return status, body (parsed when it is JSON) and headers; header names are written with underscores."""
    place = urlsplit(parley.address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=20)
    connection.request(method, path, body=body or None, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    got = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return answer.status, json.loads(text) if got.get("content-type", "").startswith("application/json") else text, got


@pytest.fixture(scope="module")
def cookie(parley: Parley) -> str:
    """The administrator's session."""
    form = urlencode({"username": "admin", "password": parley.password})
    _, _, headers = call(parley, "POST", "/login", form, content_type="application/x-www-form-urlencoded")
    return headers["set-cookie"].split(";")[0]


@pytest.fixture(scope="module")
def token(parley: Parley, cookie: str) -> str:
    """The tenant's token for events."""
    return str(call(parley, "GET", "/api/token", cookie=cookie)[1]["token"])


def event(**more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": uuid.uuid4().hex, "source": "/shop", "type": "order.placed", "data": {"amount": 5}, **more}


class TestReading:
    def test_health_needs_nobody(self, parley: Parley) -> None:
        status, body, _ = call(parley, "GET", "/api/health")

        assert (status, body["status"]) == (200, "ok")

    @pytest.mark.parametrize(
        "path",
        ["/api/workflows", "/api/runs", "/api/runs/x", "/api/runs/x/values/output", "/api/token", "/api/triggers", "/api/events/tokens"],
    )
    def test_everything_else_needs_somebody(self, parley: Parley, path: str) -> None:
        assert call(parley, "GET", path)[0] == 401

    def test_a_made_up_cookie_is_nobody(self, parley: Parley) -> None:
        assert call(parley, "GET", "/api/workflows", cookie="access_token=a.b.c")[0] == 401

    def test_a_run_that_is_not_there(self, parley: Parley, cookie: str) -> None:
        status, body, _ = call(parley, "GET", "/api/runs/nope", cookie=cookie)

        assert (status, body["detail"]["code"]) == (404, "no-such-run")

    def test_lists(self, parley: Parley, cookie: str) -> None:
        for path in ("/api/workflows", "/api/runs"):
            status, body, _ = call(parley, "GET", path, cookie=cookie)
            assert (status, type(body)) == (200, list)

    @pytest.mark.parametrize("path", ["/api", "/api/nope", "/api/runs/x/y/z"])
    def test_other_addresses_are_a_json_404_not_the_chat(self, parley: Parley, path: str) -> None:
        status, body, _ = call(parley, "GET", path)

        assert (status, list(body)) == (404, ["detail"])

    def test_the_docs_list_every_route_and_load_nothing_from_elsewhere(self, parley: Parley) -> None:
        document = call(parley, "GET", "/api/openapi.json")[1]
        _, page, _ = call(parley, "GET", "/api/docs")

        assert all(path in page for path in document["paths"])
        assert "http://" not in page.replace("http://localhost:8000", "")
        assert "https://" not in page


class TestSigningIn:
    @pytest.mark.parametrize("password", ["wrong", "", "x" * 10_000])
    def test_a_wrong_password_is_a_401(self, parley: Parley, password: str) -> None:
        form = urlencode({"username": "admin", "password": password})

        assert call(parley, "POST", "/login", form, content_type="application/x-www-form-urlencoded")[0] in (401, 422)

    def test_behind_https_the_cookie_is_secure(self, parley: Parley) -> None:
        form = urlencode({"username": "admin", "password": parley.password})
        content = "application/x-www-form-urlencoded"

        _, _, headers = call(parley, "POST", "/login", form, content_type=content, x_forwarded_proto="https")

        assert headers["set-cookie"].endswith("; Secure")


class TestEvents:
    def test_the_tenants_token_is_enough(self, parley: Parley, token: str) -> None:
        body = json.dumps(event())

        first = call(parley, "POST", "/api/events", body, content_type=CLOUD_EVENT, authorization=f"Bearer {token}")
        again = call(parley, "POST", "/api/events", body, content_type=CLOUD_EVENT, authorization=f"Bearer {token}")

        assert first[:2] == (202, {"accepted": 1, "duplicates": 0})
        assert again[:2] == (202, {"accepted": 0, "duplicates": 1})

    def test_so_is_being_signed_in(self, parley: Parley, cookie: str) -> None:
        body = json.dumps([event(), event()])

        assert call(parley, "POST", "/api/events", body, content_type="application/cloudevents-batch+json", cookie=cookie)[0] == 202

    @pytest.mark.parametrize("given", ["", "Bearer parley.default.AAAA", "Bearer x", "Basic YTpi"])
    def test_strangers_are_refused_before_anything_is_read(self, parley: Parley, given: str) -> None:
        assert call(parley, "POST", "/api/events", "{", content_type=CLOUD_EVENT, authorization=given)[0] == 401

    def test_the_token_reads_nothing(self, parley: Parley, token: str) -> None:
        assert call(parley, "GET", "/api/runs", authorization=f"Bearer {token}")[0] == 401

    def test_a_bad_event_says_which_attribute(self, parley: Parley, token: str) -> None:
        status, body, _ = call(
            parley, "POST", "/api/events", json.dumps(event(source="")), content_type=CLOUD_EVENT, authorization=f"Bearer {token}"
        )

        assert status == 422
        assert "source" in body["detail"]

    def test_more_than_a_megabyte_is_refused(self, parley: Parley, token: str) -> None:
        body = json.dumps(event(data="x" * 1_100_000))

        assert call(parley, "POST", "/api/events", body, content_type=CLOUD_EVENT, authorization=f"Bearer {token}")[0] == 413

    def test_a_foreign_page_cannot_send_events_with_somebodys_cookie(self, parley: Parley, cookie: str) -> None:
        body = json.dumps(event())

        assert call(parley, "POST", "/api/events", body, content_type=CLOUD_EVENT, cookie=cookie, origin="https://evil.example")[0] == 403


class TestSenders:
    """A token per source: made by an administrator, shown once, limited, revoked."""

    @pytest.fixture
    def made(self, parley: Parley, cookie: str) -> dict[str, Any]:
        body = json.dumps({"name": "the shop", "source": "https://shop.example"})
        status, made, _ = call(parley, "POST", "/api/events/tokens", body, content_type="application/json", cookie=cookie)
        assert status == 201
        return dict(made)

    def send(self, parley: Parley, token: str, data: Any, content_type: str = CLOUD_EVENT, **headers: str) -> tuple[int, Any]:
        body = data if isinstance(data, str) else json.dumps(data)
        answer = call(parley, "POST", "/api/events", body, content_type=content_type, authorization=f"Bearer {token}", **headers)
        return answer[0], answer[1]

    def test_single_batched_and_binary_events_are_taken(self, parley: Parley, made: dict[str, Any]) -> None:
        own = [event(source="https://shop.example/orders") for _ in range(3)]
        binary = {"ce_specversion": "1.0", "ce_id": uuid.uuid4().hex, "ce_source": "https://shop.example", "ce_type": "t"}

        assert self.send(parley, made["token"], own[0]) == (202, {"accepted": 1, "duplicates": 0})
        assert self.send(parley, made["token"], own, "application/cloudevents-batch+json") == (202, {"accepted": 2, "duplicates": 1})
        assert self.send(parley, made["token"], {"n": 1}, "application/json", **binary) == (202, {"accepted": 1, "duplicates": 0})

    @pytest.mark.parametrize("source", ["https://shop.example.evil.com/", "https://other.example", "https://shop.exampl"])
    def test_another_source_is_refused_and_nothing_of_the_batch_is_taken(self, parley: Parley, made: dict[str, Any], source: str) -> None:
        good = event(source="https://shop.example/x")
        batch = "application/cloudevents-batch+json"

        status, body = self.send(parley, made["token"], [good, event(source=source)], batch)

        assert (status, body["detail"]["code"]) == (403, "forbidden")
        assert "Event 2" in body["detail"]["why"]
        assert self.send(parley, made["token"], good) == (202, {"accepted": 1, "duplicates": 0})

    def test_what_is_no_event_is_refused_with_the_reason(self, parley: Parley, made: dict[str, Any]) -> None:
        batch = "application/cloudevents-batch+json"

        assert self.send(parley, made["token"], "{")[0] == 400
        assert self.send(parley, made["token"], {"id": "1"})[0] == 422
        assert self.send(parley, made["token"], [event() for _ in range(501)], batch)[0] == 413
        assert self.send(parley, made["token"], "<event/>", "application/xml")[0] == 415

    def test_a_token_is_shown_once_and_revoked_for_ever(self, parley: Parley, cookie: str, made: dict[str, Any]) -> None:
        listed = call(parley, "GET", "/api/events/tokens", cookie=cookie)[1]
        (row,) = [one for one in listed if one["id"] == made["id"]]
        assert (row["name"], row["source"], "token" in row) == ("the shop", "https://shop.example", False)
        assert made["token"].rpartition(".")[2] not in json.dumps(listed)

        assert call(parley, "DELETE", f"/api/events/tokens/{made['id']}", cookie=cookie)[0] == 200

        assert self.send(parley, made["token"], event(source="https://shop.example"))[0] == 401
        assert made["id"] not in json.dumps(call(parley, "GET", "/api/events/tokens", cookie=cookie)[1])

    @pytest.mark.parametrize(
        "change", [lambda token: token[:-1] + "x", lambda token: token.replace(".default.", ".other."), lambda _: "parley-event.x"]
    )
    def test_a_changed_token_is_nobodys(self, parley: Parley, made: dict[str, Any], change: Callable[[str], str]) -> None:
        assert self.send(parley, change(made["token"]), event(source="https://shop.example"))[0] == 401

    def test_only_administrators_see_or_make_tokens(self, parley: Parley, made: dict[str, Any]) -> None:
        for method, path in (("GET", "/api/events/tokens"), ("POST", "/api/events/tokens"), ("DELETE", f"/api/events/tokens/{made['id']}")):
            assert call(parley, method, path, authorization=f"Bearer {made['token']}")[0] == 401


class TestLevers:
    """What people do with runs, as a program asks for it."""

    @pytest.mark.parametrize("lever", ["cancel", "suspend", "resume", "retry", "rerun", "answers"])
    def test_nobody_may_who_is_not_signed_in(self, parley: Parley, lever: str) -> None:
        assert call(parley, "POST", f"/api/runs/x/{lever}", "{}", content_type="application/json")[0] in (401, 422)

    def test_a_run_that_is_not_there_is_a_404_and_an_unknown_lever_a_422(self, parley: Parley, cookie: str) -> None:
        json_ = {"content_type": "application/json", "cookie": cookie}

        assert call(parley, "POST", "/api/runs/x/suspend", "{}", **json_)[0] == 404
        assert call(parley, "POST", "/api/runs/x/rerun", "{}", **json_)[0] == 404
        assert call(parley, "POST", "/api/workflows/x/runs", '{"items": [{}]}', **json_)[0] == 404
        assert call(parley, "POST", "/api/runs/x/explode", "{}", **json_)[0] == 422

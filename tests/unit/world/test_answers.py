"""What a running world answers."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.world import World


@contextmanager
def serving(*routes: dict[str, Any], **more: Any) -> Iterator[tuple[World, httpx.Client]]:
    """A world of one service, with a client that speaks to it."""
    world = World.load({"services": {"shop": {"routes": list(routes)}}} | more)
    with world.thread() as base_url, httpx.Client(base_url=base_url, timeout=5, trust_env=False) as client:
        yield world, client


class TestBodies:
    def test_json_text_and_bytes_carry_their_content_type(self) -> None:
        routes = [
            {"request": "GET /json", "answer": {"json": {"größe": None}}},
            {"request": "GET /text", "answer": {"text": "grüße"}},
            {"request": "GET /bytes", "answer": {"bytes": base64.b64encode(b"\x00\xff").decode()}},
        ]
        with serving(*routes) as (_, client):
            as_json, as_text, as_bytes = client.get("/json"), client.get("/text"), client.get("/bytes")

        assert (as_json.headers["content-type"], as_json.json()) == ("application/json", {"größe": None})
        assert (as_text.headers["content-type"], as_text.text) == ("text/plain; charset=utf-8", "grüße")
        assert (as_bytes.headers["content-type"], as_bytes.content) == ("application/octet-stream", b"\x00\xff")

    def test_status_and_headers_are_as_described(self) -> None:
        answer = {"status": 302, "headers": {"Location": "{{ base_url }}/new/{{ path.id }}"}}
        with serving({"request": "GET /old/{id}", "answer": answer}) as (world, client):
            got = client.get("/old/7")

            assert (got.status_code, got.headers["location"]) == (302, f"{world.base_url}/new/7")

    def test_a_route_without_an_answer_says_200_and_nothing(self) -> None:
        with serving({"request": "POST /report"}) as (_, client):
            got = client.post("/report", json={})

        assert (got.status_code, got.content) == (200, b"")

    def test_head_and_204_have_no_body_and_the_connection_goes_on(self) -> None:
        routes = [{"request": "* /x", "answer": {"json": [1, 2]}}, {"request": "DELETE /y", "answer": {"status": 204}}]
        with serving(*routes) as (_, client):
            head, deleted, after = client.head("/x"), client.delete("/y"), client.get("/x")

        assert (head.content, head.headers["content-length"]) == (b"", "6")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert after.json() == [1, 2]

    def test_a_chunked_request_is_read(self) -> None:
        with serving({"request": "POST /up"}) as (world, client):
            client.post("/up", content=iter([b'{"a":', b" 1}"]))

            assert world.saw("POST /up").bodies == [{"a": 1}]


class TestTemplates:
    def test_a_string_that_is_one_expression_keeps_its_type(self) -> None:
        answer = {
            "json": {"id": "{{ path.id | int }}", "all": "{{ state.orders }}", "said": "{{ body.name }}!", "page": "{{ query.page }}"}
        }
        with serving({"request": "POST /orders/{id}", "answer": answer}, state={"orders": [{"id": 1}]}) as (_, client):
            got = client.post("/orders/7?page=2", json={"name": "Ada"}).json()

        assert got == {"id": 7, "all": [{"id": 1}], "said": "Ada!", "page": "2"}

    def test_an_unknown_name_is_a_500_in_words_and_a_failure(self) -> None:
        with serving({"request": "GET /x", "answer": {"json": "{{ path.id }}"}}) as (world, client):
            got = client.get("/x")

            assert got.status_code == 500
            assert "has no attribute 'id'" in got.text
            assert "the answer to request 1 (GET /x) broke" in world.verdict()[0]


class TestChoice:
    def test_the_first_route_whose_condition_holds_answers(self) -> None:
        routes = [
            {"request": "GET /orders", "when": {"query": {"status": "open"}}, "answer": {"text": "open"}},
            {"request": "GET /orders", "when": {"headers": {"X-Key": {"$matches": "^k"}}}, "answer": {"text": "keyed"}},
            {"request": "POST /orders", "when": {"body": {"total": {"$above": 100}}}, "answer": {"text": "big"}},
        ]
        with serving(*routes, strangers="ignore") as (_, client):
            assert client.get("/orders?status=open&x=1").text == "open"
            assert client.get("/orders", headers={"x-key": "k1"}).text == "keyed"
            assert client.post("/orders", json={"total": 101}).text == "big"

            refused = client.post("/orders", json={"total": 99})
            empty = client.post("/orders")

        assert (refused.status_code, "body.total is 99, wanted $above 100" in refused.text) == (404, True)
        assert "body is missing" in empty.text

    def test_services_live_under_their_prefix(self) -> None:
        services = {
            "shop": {"at": "/shop", "routes": [{"request": "GET /orders", "answer": {"text": "shop"}}]},
            "bank": {"at": "/bank/", "routes": [{"request": "GET /orders", "answer": {"text": "bank"}}]},
        }
        world = World.load({"services": services})
        with world.thread():
            assert httpx.get(f"{world.url('bank')}/orders", trust_env=False).text == "bank"
            assert httpx.get(f"{world.url('shop')}/orders", trust_env=False).text == "shop"

    def test_a_sequence_is_answered_once_each_and_the_last_for_ever(self) -> None:
        route = {"request": "GET /rates", "answers": [{"status": 503}, {"status": 429}, {"json": {"n": "{{ asked }}"}}]}
        with serving(route) as (_, client):
            got = [client.get("/rates") for _ in range(4)]

        assert [answer.status_code for answer in got] == [503, 429, 200, 200]
        assert [got[2].json(), got[3].json()] == [{"n": 3}, {"n": 4}]

    def test_a_stranger_is_told_what_is_missing_and_fails_the_verdict(self) -> None:
        with serving({"request": "GET /orders"}) as (world, client):
            got = client.get("/ordres")

            assert (got.status_code, "no route is called GET /ordres" in got.text) == (404, True)
            assert world.verdict() == ["request 1 (GET /ordres) is unknown here: no route is called GET /ordres"]


class TestState:
    def test_answers_append_put_count_and_read(self) -> None:
        routes = [
            {
                "request": "POST /orders",
                "answer": {
                    "status": 201,
                    "count": ["posted"],
                    "append": {"orders": {"id": "{{ state.orders | length + 1 }}", "name": "{{ body.name }}"}},
                    "put": {"last": "{{ body }}"},
                    "json": "{{ state.orders | last }}",
                },
            },
            {"request": "GET /orders/{id}", "answer": {"json": "{{ state.orders | selectattr('id', 'equalto', path.id | int) | first }}"}},
        ]
        with serving(*routes, state={"orders": [{"id": 1, "name": "old"}]}) as (world, client):
            created = client.post("/orders", json={"name": "new"}).json()
            read = client.get("/orders/2").json()

            assert created == read == {"id": 2, "name": "new"}
            assert world.state("posted") == 1

        assert world.state("last") == {"name": "new"}, "the state stays readable when the world has stopped"
        assert world.description.state == {"orders": [{"id": 1, "name": "old"}]}, "the description never changes"

    def test_a_change_the_state_does_not_allow_is_said(self) -> None:
        with serving({"request": "GET /x", "answer": {"append": {"name": 1}}}, state={"name": "Ada"}) as (_, client):
            assert "state.name is 'Ada', nothing can be appended" in client.get("/x").text

    def test_reset_starts_over(self) -> None:
        route = {"request": "GET /x", "answers": [{"text": "first", "count": ["n"]}, {"text": "then"}]}
        with serving(route, state={"n": 0}) as (world, client):
            assert [client.get("/x").text, client.get("/x").text] == ["first", "then"]

            world.reset()

            assert (world.saw(), world.state("n"), client.get("/x").text) == ([], 0, "first")


class TestDelay:
    def test_an_answer_comes_no_sooner_than_described(self) -> None:
        with serving({"request": "GET /slow", "answer": {"delay_ms": 120}}) as (_, client):
            began = time.monotonic()
            client.get("/slow")

            assert time.monotonic() - began >= 0.12

    def test_a_slow_answer_holds_up_nobody_else(self) -> None:
        routes = [{"request": "GET /slow", "delay_ms": 60_000}, {"request": "GET /quick"}]
        with serving(*routes) as (world, client):
            with pytest.raises(httpx.ReadTimeout):
                client.get("/slow", timeout=0.1)

            assert client.get("/quick").status_code == 200
            assert [r.path for r in world.saw()] == ["/slow", "/quick"]

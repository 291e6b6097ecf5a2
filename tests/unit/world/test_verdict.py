"""What a world says about what it saw."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.world import World

ROUTES = [{"request": "GET /orders"}, {"request": "POST /report"}, {"request": "POST /refund"}]


def after(expect: list[dict[str, Any]], talk: Callable[[httpx.Client], object]) -> list[str]:
    """The verdict of a small world after *talk*."""
    world = World.load({"services": {"shop": {"routes": ROUTES}}, "expect": expect})
    with world.thread() as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        talk(client)
    return world.verdict()


def report(*bodies: Any) -> Callable[[httpx.Client], object]:
    return lambda client: [client.post("/report", json=body) for body in bodies]


class TestSaw:
    def test_once_or_more_is_the_rule_when_nothing_is_said(self) -> None:
        expect = [{"saw": "POST /report"}]

        assert after(expect, report(1, 2)) == []
        assert after(expect, report()) == ["POST /report was seen 0 times, wanted at least 1 times"]

    def test_a_number_is_exact(self) -> None:
        assert after([{"saw": "POST /report", "times": 1}], report(1, 2)) == ["POST /report was seen 2 times, wanted 1 times"]

    def test_limits_are_limits(self) -> None:
        expect = [{"saw": "POST /report", "times": {"at_least": 1, "at_most": 2}}]

        assert after(expect, report(1, 2)) == []
        assert after(expect, report(1, 2, 3)) == ["POST /report was seen 3 times, wanted 1 to 2 times"]

    def test_bodies_are_exact_and_in_order(self) -> None:
        expect = [{"saw": "POST /report", "bodies": [{"id": 1}, {"id": {"$above": 1}}]}]

        assert after(expect, report({"id": 1}, {"id": 2})) == []
        assert after(expect, report({"id": 2}, {"id": 3, "x": 0})) == [
            "POST /report: bodies[0].id is 2, wanted 1",
            "POST /report: bodies[1].x was not expected",
        ]
        assert after(expect, report({"id": 1})) == ["POST /report was seen 1 times, wanted 2 times"]

    def test_bodies_of_parallel_requests_may_come_in_any_order(self) -> None:
        expect = [{"saw": "POST /report", "bodies": [1, 2], "any_order": True}]

        assert after(expect, report(2, 1)) == []
        assert after(expect, report(2, 2)) == ["POST /report: bodies is [2, 2], wanted $set [1, 2]"]

    def test_each_holds_for_every_request(self) -> None:
        expect = [{"saw": "POST /report", "each": {"headers": {"Idempotency-Key": {"$any": True}}, "body": {"ok": True}}}]

        assert after(expect, report({"ok": False})) == [
            "POST /report, request 1: headers.idempotency-key is missing",
            "POST /report, request 1: body.ok is False, wanted True",
        ]

    def test_templates_see_state_and_address(self) -> None:
        routes = [{"request": "POST /report", "answer": {"count": ["n"]}}]
        expect = [{"saw": "POST /report", "times": 1, "bodies": ["{{ base_url }}/{{ state.n }}"]}]
        world = World.load({"services": {"shop": {"routes": routes}}, "state": {"n": 6}, "expect": expect})
        with world.thread() as base_url:
            httpx.post(f"{base_url}/report", json=f"{base_url}/7", trust_env=False)

        assert world.verdict() == []


class TestNeverAndOrder:
    def test_never_names_the_request_that_came(self) -> None:
        expect = [{"never": "POST /refund", "when": {"body": {"amount": {"$above": 10}}}}]

        assert after(expect, lambda client: client.post("/refund", json={"amount": 9})) == []
        assert after(expect, lambda client: client.post("/refund", json={"amount": 11})) == [
            "POST /refund was never to be seen, but request 1 is POST /refund with body {'amount': 11}"
        ]

    def test_order_allows_others_between(self) -> None:
        expect = [{"order": ["GET /orders", "POST /report"]}]

        assert after(expect, lambda c: [c.get("/orders"), c.post("/refund"), c.post("/report")]) == []
        assert after(expect, lambda c: [c.post("/report"), c.get("/orders")]) == [
            "POST /report was not seen after GET /orders; the order was POST /report, GET /orders"
        ]


class TestSeen:
    def test_a_request_is_kept_with_everything_it_said(self) -> None:
        world = World.load({"services": {"shop": {"routes": [{"request": "POST /a/{id}"}]}}})
        with world.thread() as base_url:
            httpx.post(f"{base_url}/a/%C3%A9?x=1&x=2&y=3", json={"k": 1}, headers={"X-Trace": "t"}, trust_env=False)

        seen = world.saw("POST /a/{id}").only
        assert (seen.order, seen.method, seen.path, seen.query) == (1, "POST", "/a/é", {"x": ["1", "2"], "y": "3"})
        assert (seen.headers["x-trace"], seen.body, seen.route, seen.answered) == ("t", {"k": 1}, "POST /a/{id}", "200")

    def test_only_complains_in_words(self) -> None:
        world = World.load({"services": {"shop": {"routes": ROUTES}}})

        with pytest.raises(AssertionError, match="wanted one request, saw 0"):
            _ = world.saw("POST /report").only

    def test_other_processes_read_what_was_seen(self) -> None:
        world = World.load({"services": {"shop": {"routes": ROUTES}}, "state": {"a": 1}, "expect": [{"saw": "POST /refund"}]})
        with world.thread() as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
            client.get("/orders")
            client.post("/report", json=[1])
            saw = client.get("/__saw", params={"request": "POST /report"}).json()
            verdict, state, unknown = client.get("/__verdict").json(), client.get("/__state").json(), client.get("/__what")
            bad = client.get("/__saw", params={"request": "report"})
            client.post("/__reset")

            assert [(r["order"], r["method"], r["body"]) for r in saw] == [(2, "POST", [1])]
            assert (verdict, state) == (["POST /refund was seen 0 times, wanted at least 1 times"], {"a": 1})
            assert (unknown.status_code, "GET /__saw" in unknown.json()["error"], bad.status_code) == (404, True, 400)
            assert world.saw() == [], "the world's own addresses are not counted, and reset forgets"


class TestCommand:
    def test_it_serves_until_told_to_end_and_prints_the_verdict(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("title: Orders\nservices: {a: {routes: [{request: GET /orders}]}}\nexpect: [{saw: POST /report}]\n")
        command = [sys.executable, "-m", "tests.world", str(file), "--port", "0"]
        root = Path(__file__).parents[3]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
            assert process.stdout is not None
            base_url = process.stdout.readline().split(" at ")[1].split(" ")[0]
            httpx.get(f"{base_url}/orders", trust_env=False)
            process.terminate()
            rest = process.stdout.read()

        assert process.returncode == 1
        assert rest == "  1               200  GET /orders\nPOST /report was seen 0 times, wanted at least 1 times\n"

    def test_a_bad_description_ends_with_2(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("services: {}\n")
        done = subprocess.run(
            [sys.executable, "-m", "tests.world", str(file)], capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False
        )

        assert (done.returncode, "describes no world" in done.stderr, done.stdout) == (2, True, "")

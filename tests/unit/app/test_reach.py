"""Addresses that runs may not call are said with the proposal."""

from __future__ import annotations

from typing import Any

import pytest

from app.actions.reach import blocked


def calling(endpoint: Any) -> dict[str, Any]:
    return {"do": [{"ask": {"call": "http", "with": {"method": "get", "endpoint": endpoint}}}]}


class TestBlocked:
    @pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9/orders", {"uri": "http://127.0.0.1/x"}])
    def test_a_loopback_address_is_told_with_what_opens_it(self, endpoint: Any) -> None:
        (warning,) = blocked(calling(endpoint), [])

        assert (warning["reference"], warning["severity"], warning["code"]) == ("/do/0/ask", "warning", "blocked-address")
        assert warning["message"] == "127.0.0.1 is a loopback address: it is blocked for runs until PARLEY_HTTP_ALLOW names it"
        assert warning["hint"] == "to allow it, start Parley with PARLEY_HTTP_ALLOW=127.0.0.0/8"

    @pytest.mark.parametrize(
        ("endpoint", "hosts"),
        [
            ("http://localhost:8123/x", ["localhost"]),
            ("http://[::1]/x", ["::1"]),
            ("http://10.1.2.3/x", ["10.1.2.3"]),
            ("https://example.com/x", []),
            ('${ "http://127.0.0.1/" + .id }', []),
            ("http://[broken", []),
            (None, []),
        ],
    )
    def test_only_addresses_that_are_written_out_are_told(self, endpoint: Any, hosts: list[str]) -> None:
        assert [warning["message"].split(" ")[0] for warning in blocked(calling(endpoint), [])] == hosts

    def test_each_host_is_told_once_and_not_when_it_is_allowed(self) -> None:
        twice = {
            "do": [*calling("http://127.0.0.1/a")["do"], {"b": {"call": "notify:1.0.0@default", "with": {"url": "http://127.0.0.1/b"}}}]
        }

        assert len(blocked(twice, [])) == 1
        assert blocked(twice, ["127.0.0.0/8"]) == []

    def test_nobody_is_told_how_to_open_a_metadata_service(self) -> None:
        (warning,) = blocked(calling("http://169.254.169.254/latest"), [])

        assert (warning["message"], warning["hint"]) == ("169.254.169.254 is a cloud metadata service: it is blocked for runs", "")

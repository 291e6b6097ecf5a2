"""Bearer tokens of tenants."""

from __future__ import annotations

import pytest

from app.web.tokens import events_token, tenant_of_token


def test_a_token_names_its_tenant() -> None:
    assert tenant_of_token("key", events_token("key", "acme.eu")) == "acme.eu"


@pytest.mark.parametrize("token", ["", "parley", "parley.acme.", "parley..x", "parley.acme.AAAA", "other.acme.x", "ü.ü.ü"])
def test_what_we_did_not_make_is_nobodys(token: str) -> None:
    assert tenant_of_token("key", token) is None


def test_a_token_moved_to_another_tenant_is_nobodys() -> None:
    signature = events_token("key", "acme").rpartition(".")[2]

    assert tenant_of_token("key", f"parley.globex.{signature}") is None


def test_a_new_key_makes_old_tokens_void() -> None:
    assert tenant_of_token("new key", events_token("old key", "acme")) is None

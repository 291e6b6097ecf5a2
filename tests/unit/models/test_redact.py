"""Pasted secrets are masked; ordinary words are left alone."""

from __future__ import annotations

import pytest

from graphs.models import redact


class TestMasked:
    @pytest.mark.parametrize(
        ("text", "secret", "name"),
        [
            ("use sk-proj-abcDEF0123456789xyz please", "abcDEF0123456789xyz", "API_KEY"),
            ("ghp_abcdefghij0123456789abcd", "ghp_abcdefghij", "GITHUB_TOKEN"),
            ("slack: xoxb-123456789012-abcdef", "123456789012", "SLACK_TOKEN"),
            ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7", "AWS_KEY"),
            ("Authorization: Bearer abc.def-ghi123", "abc.def-ghi123", "TOKEN"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdef123", "eyJzdWIi", "TOKEN"),
            ("my password is hunter2!", "hunter2", "PASSWORD"),
            ("the API key: 1234abcd", "1234abcd", "API_KEY"),
            ("password='s3cr3t'", "s3cr3t", "PASSWORD"),
            ("fetch https://bob:pa55word@a.example.com/x", "pa55word", "PASSWORD"),
            ("fetch https://a.example.com/x?token=abcdef99", "abcdef99", "API_KEY"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE", "PRIVATE_KEY"),
        ],
    )
    def test_with_a_name_to_store_it_under(self, text: str, secret: str, name: str) -> None:
        found = redact(text)

        assert secret not in found.text
        assert found.names == (name,)

    def test_twice_is_the_same_as_once(self) -> None:
        once = redact("password is hunter22 and Bearer abcdefgh12345").text

        assert redact(once) == type(redact(""))(once, ())


class TestLeftAlone:
    @pytest.mark.parametrize(
        "text",
        [
            "fetch https://a.example.com/orders with the secret SHOP_TOKEN",
            "the password is stored in the vault",
            "ask for the token",
            "the token is called SHOP_TOKEN",
            "use `${ $secrets.SHOP }`",
            "keep the ones above 100 euro and notify bob@example.com at 9:30",
            "bearer authentication is needed",
        ],
    )
    def test_names_and_talk_about_secrets(self, text: str) -> None:
        assert redact(text) == type(redact(""))(text, ())

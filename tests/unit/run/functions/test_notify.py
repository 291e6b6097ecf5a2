"""`notify`: what each channel sends, what is said when it cannot, and that nothing is told twice."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from graphs.documents import told
from tests.unit.run.functions.mail import certificate, mail_server
from tests.unit.run.harness import Runs, World

PLAIN = "[x](javascript:alert(1)) snake_case 2 * 3 * 4"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def notify(**arguments: Any) -> list[dict[str, Any]]:
    return [{"n": {"call": "notify:1.0.0@default", "with": arguments}}]


class TestByChat:
    async def test_posts_once_per_step(self, runs: Runs) -> None:
        outcome = await runs.start(notify(channel="chat", to=["ada", "bo", "ada"], title="Done", text="${ .t }"), {"t": "all well"})

        (notice,) = runs.deps.notices.posted.values()  # type: ignore[attr-defined]
        assert (notice.path, notice.to, notice.title, notice.text) == ("/do/0/n", "ada, bo", "Done", "all well")
        assert outcome.output == {"channel": "chat", "delivered": True}


class TestByWebHook:
    @pytest.mark.parametrize(("channel", "body"), [("webhook", {"title": "T", "text": "x", "to": ""}), ("slack", {"text": "*T*\nx"})])
    async def test_posts_json(self, runs: Runs, world: World, channel: str, body: Any) -> None:
        world.json("/hook", "{}")

        await runs.start(notify(channel=channel, url=f"{world.url}/hook", title="T", text="x"), {})

        assert json.loads(world.requests[0]["body"]) == body
        assert world.requests[0]["headers"]["idempotency-key"]

    async def test_a_connection_with_a_secret_signs(self, runs: Runs, world: World) -> None:
        world.json("/hook", "{}")
        partner = {"kind": "webhook", "url": f"{world.url}/hook", "secret": {"secret": "key"}, "headers": {"X-From": "parley"}}

        outcome = await runs.start(
            notify(channel="webhook", connection="partner", text="x"), {}, connections={"partner": partner}, secrets={"key": WHSEC}
        )

        sent = world.requests[0]
        signed = f"{sent['headers']['webhook-id']}.{sent['headers']['webhook-timestamp']}.".encode() + sent["body"]
        expected = hmac.new(base64.b64decode(WHSEC.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        assert outcome.status == "completed"
        assert sent["headers"]["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
        assert sent["headers"]["x-from"] == "parley"

    async def test_the_address_of_a_connection_is_in_no_text(self, runs: Runs, world: World) -> None:
        world.json("/secret-path-of-the-hook", "{}", status=500)
        hook = {"kind": "slack", "url": {"secret": "hook"}}

        outcome = await runs.start(
            notify(channel="slack", connection="team", text="x"), {}, connections={"team": hook},
            secrets={"hook": f"{world.url}/secret-path-of-the-hook"},
        )  # fmt: skip

        assert outcome.error is not None
        assert world.seen("/secret-path-of-the-hook") == 1
        assert "secret-path" not in json.dumps([outcome.error, [str(row) for row in runs.journal.rows]])

    @pytest.mark.parametrize(
        ("connections", "words"),
        [
            ({}, "there is no connection 'team' (there are none)"),
            ({"team": {"kind": "smtp", "url": "smtp://x"}}, "the connection 'team' is of kind smtp, and slack is needed here"),
            ({"team": {"kind": "slack", "url": {"secret": "gone"}}}, "'team' cannot be used: its setting 'url' is the secret gone"),
        ],
    )
    async def test_a_connection_that_cannot_be_used_is_named(self, runs: Runs, connections: Any, words: str) -> None:
        outcome = await runs.start(notify(channel="slack", connection="team", text="x"), {}, connections=connections)

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/configuration")
        assert words in outcome.error["detail"]

    async def test_a_secret_that_cannot_sign_is_a_configuration_error(self, runs: Runs) -> None:
        partner = {"kind": "webhook", "url": "http://127.0.0.1:1/", "secret": "not base64!"}

        outcome = await runs.start(notify(channel="webhook", connection="p", text="x"), {}, connections={"p": partner})

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/configuration")

    async def test_a_hook_that_refuses_is_a_communication_error(self, runs: Runs) -> None:
        outcome = await runs.start(notify(channel="webhook", url="http://127.0.0.1:1/", text="x"), {})

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/communication")

    async def test_a_post_cut_off_is_unknown_and_a_notice_in_the_chat_is_not(self, runs: Runs, world: World) -> None:
        async def never() -> Any:
            await asyncio.sleep(10)

        world.on("/hook", lambda _request: never())
        await runs.kill_when(lambda: world.seen("/hook") == 1, notify(channel="webhook", url=f"{world.url}/hook", text="x"))

        outcome = await runs.after_kill()

        assert [one.kind for one in outcome.awaited] == ["outcome-unknown"]


class TestByEmail:
    async def test_without_a_server_names_the_setting(self, runs: Runs) -> None:
        outcome = await runs.start(notify(channel="email", to="a@b.org", text="x"), {})

        assert outcome.error is not None
        assert "PARLEY_SMTP_URL" in outcome.error["detail"]

    async def test_hands_one_message_to_the_server_for_all(self, runs: Runs) -> None:
        async with mail_server() as mail:
            url = f"smtp://127.0.0.1:{mail.port}?from=parley@x.org"

            outcome = await runs.start(
                notify(channel="email", to=["ada@b.org", "Bo <bo@b.org>"], title="Grüße", text="Guten Tag — 漢字"), smtp_url=url
            )

        message = email.message_from_bytes(mail.messages[0].removesuffix(".\r\n").encode(), policy=email.policy.default)
        assert outcome.output == {"channel": "email", "delivered": True}
        assert mail.receivers == ["ada@b.org", "bo@b.org"]
        assert (message["From"], message["To"], message["Subject"]) == ("parley@x.org", "ada@b.org, Bo <bo@b.org>", "Grüße")
        assert message.get_content().strip() == "Guten Tag — 漢字"

    async def test_a_formatted_text_is_there_as_plain_text_and_as_html(self, runs: Runs) -> None:
        async with mail_server() as mail:
            await runs.start(
                notify(channel="email", to="ada@b.org", text="**All** well, see [here](https://x.org)", format="markdown"),
                smtp_url=f"smtp://127.0.0.1:{mail.port}",
            )

        message = email.message_from_bytes(mail.messages[0].removesuffix(".\r\n").encode(), policy=email.policy.default)
        plain, html = (part.get_content().strip() for part in message.iter_parts())  # type: ignore[attr-defined]
        assert plain == "All well, see here (https://x.org)"
        assert html == '<p><strong>All</strong> well, see <a href="https://x.org">here</a></p>'

    @pytest.mark.parametrize("implicit", [False, True])
    async def test_is_encrypted_before_the_password_goes_out(
        self, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, implicit: bool
    ) -> None:
        trusted, context = certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        async with mail_server(tls=context, implicit=implicit, login="parley/s3cret") as mail:
            scheme = "smtps" if implicit else "smtp"
            server = {
                "kind": "smtp",
                "url": f"{scheme}://127.0.0.1:{mail.port}",
                "user": "parley",
                "password": {"secret": "pw"},
                "from": "p@x.org",
            }

            outcome = await runs.start(
                notify(channel="email", connection="mail", to="a@b.org", text="x"), connections={"mail": server}, secrets={"pw": "s3cret"}
            )

        assert outcome.status == "completed"
        assert (mail.encrypted, mail.logins, len(mail.messages)) == (True, ["parley/s3cret"], 1)

    async def test_a_certificate_nobody_trusts_ends_it(self, runs: Runs, tmp_path: Path) -> None:
        async with mail_server(tls=certificate(tmp_path)[1], login="parley/s3cret") as mail:
            outcome = await runs.start(
                notify(channel="email", to="a@b.org", text="x"), smtp_url=f"smtp://parley:s3cret@127.0.0.1:{mail.port}"
            )

        assert outcome.error is not None
        assert "no encrypted connection to the mail server" in outcome.error["detail"]
        assert (mail.logins, mail.messages) == ([], [])

    async def test_a_wrong_password_is_an_authentication_error_without_it(self, runs: Runs) -> None:
        async with mail_server(login="parley/right") as mail:
            outcome = await runs.start(
                notify(channel="email", to="a@b.org", text="x"), smtp_url=f"smtp://parley:wrong-one@127.0.0.1:{mail.port}"
            )

        assert outcome.error is not None
        assert (outcome.error["status"], "wrong-one" in str(outcome.error)) == (401, False)

    async def test_a_receiver_that_is_refused_is_told_and_all_of_them_are_an_error(self, runs: Runs) -> None:
        async with mail_server(refuses=["bo@b.org"]) as mail:
            url = f"smtp://127.0.0.1:{mail.port}"
            some = await runs.start(notify(channel="email", to=["ada@b.org", "bo@b.org"], text="x"), smtp_url=url)
            none = await runs.start(notify(channel="email", to="bo@b.org", text="x"), smtp_url=url)

        assert some.output == {"channel": "email", "delivered": True, "refused": ["bo@b.org"]}
        assert none.error is not None
        assert "no such user" in none.error["detail"]

    @pytest.mark.parametrize("to", ["nobody", "a@b.org\nBcc: c@d.org", ["a@b.org", "x"]])
    async def test_what_is_no_address_is_a_validation_error(self, runs: Runs, to: Any) -> None:
        outcome = await runs.start(notify(channel="email", to=to, text="x"), smtp_url="smtp://127.0.0.1:1")

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/validation")


@pytest.mark.parametrize(
    ("markdown", "plain", "slack"),
    [
        ("**a** _b_ ~~c~~ `d`", "a b c d", "*a* _b_ ~c~ `d`"),
        ("[x](https://x.org) <https://y.org>", "x (https://x.org) https://y.org", "<https://x.org|x> <https://y.org|https://y.org>"),
        ("# Head\n\ntext & <b>", "Head\n\ntext & <b>", "*Head*\n\ntext &amp; &lt;b&gt;"),
        ("- a\n  1. b\n  2. c\n- d", "• a\n  1. b\n  2. c\n• d", "• a\n  1. b\n  2. c\n• d"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2", "a | b\n1 | 2"),
        (PLAIN, PLAIN, PLAIN),
    ],
)  # fmt: skip
def test_markdown_is_told_in_other_ways(markdown: str, plain: str, slack: str) -> None:
    assert (told.plain(markdown), told.slack(markdown)) == (plain, slack)

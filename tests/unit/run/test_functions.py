"""The default catalogue: every entry is complete, and its code does what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import dsl
from graphs import catalogue
from graphs.functions import FUNCTIONS
from tests.unit.run.harness import Runs, World, definition


def task(name: str, **arguments: Any) -> dict[str, Any]:
    return {"call": f"{name}:1.0.0@default", "with": arguments}


def test_every_entry_has_code_and_every_code_an_entry() -> None:
    assert set(catalogue.load()) == set(FUNCTIONS)


@pytest.mark.parametrize("key", sorted(FUNCTIONS))
def test_an_entrys_schemas_are_valid_and_its_examples_fit(key: str) -> None:
    function = catalogue.load()[key]

    Draft202012Validator.check_schema(function.input)
    Draft202012Validator.check_schema(function.output)
    literal = [{k: v for k, v in example.items() if not str(v).startswith("${")} for example in function.examples]
    known = set(function.input["properties"])
    assert function.examples and function.words and function.summary
    assert all(set(example) <= known for example in literal)


async def test_input_that_does_not_fit_is_a_validation_error(runs: Runs) -> None:
    outcome = await runs.start([{"n": task("notify", channel="pigeon")}], {})

    assert outcome.error is not None
    assert (
        outcome.error["detail"]
        == 'the input of notify:1.0.0 does not fit: \'channel\' must be one of "chat", "email", "webhook", "slack", and is "pigeon"'
    )


class TestNotify:
    async def test_by_chat_posts_once_per_step(self, runs: Runs) -> None:
        outcome = await runs.start([{"n": task("notify", channel="chat", title="Done", text="${ .t }")}], {"t": "all well"})

        (notice,) = runs.deps.notices.posted.values()  # type: ignore[attr-defined]
        assert (notice.path, notice.title, notice.text) == ("/do/0/n", "Done", "all well")
        assert outcome.output == {"channel": "chat", "delivered": True}

    @pytest.mark.parametrize(("channel", "body"), [("webhook", {"title": "T", "text": "x", "to": ""}), ("slack", {"text": "*T*\nx"})])
    async def test_by_web_hook_posts_json(self, runs: Runs, world: World, channel: str, body: Any) -> None:
        world.json("/hook", "{}")

        await runs.start([{"n": task("notify", channel=channel, url=f"{world.url}/hook", title="T", text="x")}], {})

        assert json.loads(world.requests[0]["body"]) == body
        assert world.requests[0]["headers"]["idempotency-key"]

    async def test_a_hook_that_refuses_is_a_communication_error(self, runs: Runs) -> None:
        outcome = await runs.start([{"n": task("notify", channel="webhook", url="http://127.0.0.1:1/", text="x")}], {})

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/communication")

    async def test_by_email_without_a_server_names_the_setting(self, runs: Runs) -> None:
        outcome = await runs.start([{"n": task("notify", channel="email", to="a@b.org", text="x")}], {})

        assert outcome.error is not None
        assert "PARLEY_SMTP_URL" in outcome.error["detail"]

    async def test_by_email_hands_the_message_to_the_server(self, runs: Runs) -> None:
        async with mail_server() as (port, messages):
            url = f"smtp://127.0.0.1:{port}?from=parley@x.org"

            outcome = await runs.start(
                [{"n": task("notify", channel="email", to="ada@b.org", title="Grüße", text="Guten Tag")}], {}, smtp_url=url
            )

        assert outcome.status == "completed"
        assert "From: parley@x.org" in messages[0]
        assert "To: ada@b.org" in messages[0]

    async def test_a_post_cut_off_is_unknown_and_a_notice_in_the_chat_is_not(self, runs: Runs, world: World) -> None:
        async def never() -> Any:
            await asyncio.sleep(10)

        world.on("/hook", lambda _request: never())
        await runs.kill_when(
            lambda: world.seen("/hook") == 1, [{"n": task("notify", channel="webhook", url=f"{world.url}/hook", text="x")}]
        )

        outcome = await runs.after_kill()

        assert [one.kind for one in outcome.awaited] == ["outcome-unknown"]


class TestSummarize:
    TEXT = "The sales rose. The sales of the shops in the north rose most of all sales. It rained. Shops in the north sold bread."

    async def test_picks_the_sentences_that_say_most_in_their_order(self, runs: Runs) -> None:
        outcome = await runs.start([{"s": task("summarize", text=self.TEXT, sentences=2)}], {})

        assert outcome.output["by"] == "extractive"
        assert outcome.output["summary"].startswith("The sales of the shops in the north")
        assert "It rained." not in outcome.output["summary"]

    async def test_of_nothing_is_nothing(self, runs: Runs) -> None:
        assert (await runs.start([{"s": task("summarize", items=[])}], {})).output == {"summary": "", "by": "extractive"}


@pytest.mark.parametrize(
    ("text", "label", "keywords"),
    [
        ("I was charged twice, refund please", "billing", ["charged", "refund"]),
        ("It crashed", "fault", ["crash"]),
        ("Hello", "general", []),
    ],
)
async def test_classify_takes_the_label_with_most_keywords(runs: Runs, text: str, label: str, keywords: list[str]) -> None:
    labels = {"billing": ["refund", "charged", "invoice"], "fault": ["crash", "error"]}

    outcome = await runs.start([{"c": task("classify", text=text, labels=labels, otherwise="general")}], {})

    assert (outcome.output["label"], sorted(outcome.output["keywords"])) == (label, sorted(keywords))


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[int, list[str]]]:
    """A mail server that takes every message."""
    messages: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            if line.upper() == "DATA":
                writer.write(b"354 go\r\n")
                messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 ok\r\n")
            if line.upper() == "QUIT":
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], messages
    finally:
        server.close()
        await server.wait_closed()


def test_a_misspelt_channel_gives_one_clear_error() -> None:
    """The name that is wrong, and nothing that only another channel would need."""
    tasks = [{"tell": {"call": "notify:1.0.0@default", "with": {"chanel": "chat", "text": "done"}}}]

    problems = dsl.examine(definition(tasks), catalogue.load()).problems

    assert [(problem.code, problem.message) for problem in problems if problem.severity == "error"] == [
        ("unknown-argument", "'notify' takes no 'chanel'"),
    ]

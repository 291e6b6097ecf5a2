"""`agent`: tools, turns, limits; a person before any effect; nothing asked or done again after a kill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.run.calls.tools import tool_server
from tests.unit.run.functions.model import router
from tests.unit.run.harness import Runs, World

CHAT = {"channel": "chat", "text": "It is late."}


def agent(*, allow: list[str] | None = None, **arguments: Any) -> list[dict[str, Any]]:
    task: dict[str, Any] = {"call": "agent:1.0.0@default", "with": {"instructions": "Find out", **arguments}}
    return [{"a": {**task, "metadata": {"parley": {"allowTools": allow}}} if allow else task}]


def use(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"thought": "needed", "tool": tool, "arguments": arguments}


def answer(value: Any) -> dict[str, Any]:
    return {"tool": None, "answer": value}


def paths(runs: Runs) -> list[str]:
    return [row.path for row in runs.journal.rows if row.kind == "step" and row.status == "finished"]


class TestTurns:
    async def test_answers_at_once_when_it_can(self, runs: Runs) -> None:
        models, chat = router(answer({"why": "rain"}))

        outcome = await runs.start(agent(input="${ .order }", output={"type": "object", "required": ["why"]}), {"order": 7}, models=models)

        assert outcome.output == {
            "answer": {"why": "rain"}, "turns": 1, "tools": [], "by": "scripted:gpt", "usage": {"input_tokens": 100, "output_tokens": 10},
        }  # fmt: skip
        assert "<input>\n7\n</input>" in chat.asked[0]

    async def test_uses_a_tool_and_sees_what_it_gave(self, runs: Runs, world: World) -> None:
        world.on("/p", lambda _request: (200, {"Content-Type": "text/plain"}, b"delayed by rain"))
        models, chat = router(use("fetch-page", url=f"{world.url}/p"), answer("rain"))

        outcome = await runs.start(agent(tools=["fetch-page:1.0.0"]), {}, models=models)

        assert (outcome.output["answer"], outcome.output["tools"]) == ("rain", [{"tool": "fetch-page", "outcome": "done"}])
        assert outcome.output["usage"] == {"input_tokens": 200, "output_tokens": 20}
        assert "delayed by rain" in chat.asked[1]
        assert paths(runs) == ["/do/0/a/agent[1]/model", "/do/0/a/agent[1]/tool/fetch-page", "/do/0/a/agent[2]/model", "/do/0/a"]

    async def test_a_tool_that_fails_or_is_not_there_is_told_to_the_model(self, runs: Runs, world: World) -> None:
        models, chat = router(use("fetch-page", url=f"{world.url}/gone"), use("rm"), use("fetch-page", adress="x"), answer("no"))

        outcome = await runs.start(agent(tools=["fetch-page:1.0.0"]), {}, models=models)

        assert outcome.status == "completed"
        assert [one["outcome"] for one in outcome.output["tools"]] == ["failed"] * 3
        assert "answered 404" in chat.asked[1]
        assert "there is no such tool; there are: fetch-page" in chat.asked[2]
        assert "does not fit" in chat.asked[3]

    async def test_an_answer_is_held_to_its_schema(self, runs: Runs) -> None:
        models, chat = router(answer("rain"), answer({"why": "rain"}))

        outcome = await runs.start(agent(output={"type": "object", "required": ["why"]}), {}, models=models)

        assert outcome.output["answer"] == {"why": "rain"}
        assert "cannot be used" in chat.asked[1]

    async def test_settled_arguments_are_the_definitions_and_not_shown(self, runs: Runs, world: World) -> None:
        world.on("/wiki/own", lambda _request: (200, {"Content-Type": "text/plain"}, b"ours"))
        models, chat = router(use("fetch-page", url="own", connection="other"), answer("ok"))
        tool = {"function": "fetch-page:1.0.0", "with": {"connection": "wiki"}}

        outcome = await runs.start(
            agent(tools=[tool]), {}, models=models, connections={"wiki": {"kind": "http", "url": f"{world.url}/wiki"}}
        )

        assert outcome.output["tools"] == [{"tool": "fetch-page", "outcome": "done"}]
        assert '"connection"' not in chat.asked[0]

    @pytest.mark.parametrize(("limits", "words", "asked"), [({"turns": 2}, "within 2 turns", 2), ({"tokens": 150}, "used 220 tokens", 2)])
    async def test_a_limit_ends_it(self, runs: Runs, limits: Any, words: str, asked: int) -> None:
        models, chat = router(*[use("none")] * 9)

        outcome = await runs.start(agent(limits=limits), {}, models=models)

        assert outcome.error is not None
        assert (outcome.error["title"], len(chat.asked)) == ("agent-limit", asked)
        assert words in outcome.error["detail"]

    async def test_a_tool_that_does_not_exist_is_a_configuration_error(self, runs: Runs) -> None:
        models, _ = router()

        outcome = await runs.start(agent(tools="${ [.tool] }"), {"tool": "agent:1.0.0"}, models=models)

        assert outcome.error is not None
        assert "there is no function 'agent:1.0.0' that an agent could use" in outcome.error["detail"]


class TestAPersonBeforeAnEffect:
    async def test_is_asked_with_what_the_tool_would_do(self, runs: Runs) -> None:
        models, _ = router(use("notify", **CHAT), answer("told"))

        outcome = await runs.start(agent(tools=["notify:1.0.0"], assignee="ada"), {}, models=models)

        (asked,) = outcome.awaited
        assert (outcome.status, asked.kind, asked.path) == ("waiting", "approve", "/do/0/a/agent[1]/approve")
        assert asked.form is not None
        assert (asked.form["data"], asked.form["assignee"]) == (CHAT, "ada")
        assert not runs.deps.notices.posted  # type: ignore[attr-defined]

    @pytest.mark.parametrize(("approved", "posted", "result"), [(True, 1, "done"), (False, 0, "refused")])
    async def test_decides_and_no_model_is_asked_again(self, runs: Runs, approved: bool, posted: int, result: str) -> None:
        models, chat = router(use("notify", **CHAT), answer("told"))
        await runs.start(agent(tools=["notify:1.0.0"]), {}, models=models)
        runs.mailbox.answer("/do/0/a/agent[1]/approve", {"approved": approved, "comment": "not him", "by": "ada"})

        outcome = await runs.after_kill()

        assert outcome.output["tools"] == [{"tool": "notify", "outcome": result}]
        assert (len(runs.deps.notices.posted), len(chat.asked)) == (posted, 2)  # type: ignore[attr-defined]
        assert ("not him" in chat.asked[1]) is not approved

    @pytest.mark.parametrize("name", ["notify", "notify:1.0.0", "notify:1.0.0@default"])
    async def test_is_not_asked_when_the_definition_allows_the_tool(self, runs: Runs, name: str) -> None:
        models, _ = router(use("notify", **CHAT), answer("told"))

        outcome = await runs.start(agent(tools=["notify:1.0.0"], allow=[name]), {}, models=models)

        assert outcome.status == "completed"
        assert len(runs.deps.notices.posted) == 1  # type: ignore[attr-defined]


class TestAfterAKill:
    async def test_a_finished_tool_is_not_used_again_and_a_finished_turn_not_asked_again(self, runs: Runs, world: World) -> None:
        world.json("/hook", "{}")
        models, chat = router(use("notify", channel="webhook", url=f"{world.url}/hook", text="x"), "lost", answer("told"), hangs_at=1)
        await runs.kill_when(lambda: len(chat.asked) == 2, agent(tools=["notify:1.0.0"], allow=["notify"]), models=models)

        outcome = await runs.after_kill()

        assert (outcome.output["answer"], world.seen("/hook"), len(chat.asked)) == ("told", 1, 3)

    async def test_a_tool_whose_outcome_is_unknown_is_asked_about(self, runs: Runs, world: World) -> None:
        async def never(_request: Any) -> Any:
            import asyncio

            await asyncio.sleep(30)

        world.on("/hook", never)
        models, chat = router(use("notify", channel="webhook", url=f"{world.url}/hook", text="x"), answer("told"))
        await runs.kill_when(lambda: world.seen("/hook") == 1, agent(tools=["notify:1.0.0"], allow=["notify"]), models=models)

        outcome = await runs.after_kill()

        assert [(one.kind, one.path) for one in outcome.awaited] == [("outcome-unknown", "/do/0/a/agent[1]/tool/notify")]
        assert len(chat.asked) == 1


class TestMcp:
    async def test_tools_of_a_named_server_are_used_once_allowed(self, runs: Runs) -> None:
        async with tool_server() as tools:
            models, chat = router(use("weather/forecast", city="Graz"), use("weather/broken", word="x"), answer("sun"))
            connections = {"weather": {"kind": "mcp", "url": tools.url}}

            outcome = await runs.start(
                agent(mcp=["weather"], allow=["weather/forecast", "weather/broken"]), {}, models=models, connections=connections
            )

        assert outcome.error is None
        assert outcome.output["tools"] == [{"tool": "weather/forecast", "outcome": "done"}, {"tool": "weather/broken", "outcome": "failed"}]
        assert tools.called == ["Graz"]
        assert "The weather to come." in chat.asked[0]
        assert '"sunny": true' in chat.asked[1]

    async def test_a_person_is_asked_whatever_the_server_says(self, runs: Runs) -> None:
        async with tool_server() as tools:
            models, _ = router(use("weather/forecast", city="Graz"))

            outcome = await runs.start(
                agent(mcp=["weather"]), {}, models=models, connections={"weather": {"kind": "mcp", "url": tools.url}}
            )

        assert ([one.kind for one in outcome.awaited], tools.called) == (["approve"], [])


async def test_everything_it_did_is_in_the_journal(runs: Runs) -> None:
    models, _ = router(use("notify", **CHAT), answer("told"))

    await runs.start(agent(tools=["notify:1.0.0"], allow=["notify"]), {}, models=models)

    said = {row.path: row.output for row in runs.journal.rows if row.kind == "step" and row.status == "finished"}
    assert said["/do/0/a/agent[1]/model"]["tool"] == "notify"
    assert said["/do/0/a/agent[1]/tool/notify"] == {"channel": "chat", "delivered": True}
    assert json.loads(json.dumps(said))  # plain

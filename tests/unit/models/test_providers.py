"""How a model is asked: in the strongest way it knows, again when that helps, not at all for a while when it keeps failing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

from graphs.models import ModelRouter, ModelUnavailable
from graphs.models.errors import Attempt
from graphs.models.patience import Breaker, pause
from graphs.models.providers import Failed, Provider
from tests.unit.models.endpoint import Endpoint, Reply, chunks, completion, refusal, serving, tool_call
from tests.unit.models.test_weak import GOOD, PLAN, PROMPT, Plan

T = TypeVar("T")
UNKNOWN = "Unknown parameter: response_format"


@asynccontextmanager
async def model(answer: Any, **more: Any) -> AsyncIterator[tuple[ModelRouter, Endpoint]]:
    """Give a router with one model behind a loopback endpoint; it waits no longer than it must."""
    with serving(answer) as endpoint:
        router = ModelRouter.from_setting(more.pop("setting", "openai:m"), openai_base_url=f"{endpoint.url}/v1", **more)
        for each in router.everyone():
            each.retry_base_s = 0.001
        try:
            yield router, endpoint
        finally:
            await router.aclose()


def way_of(body: dict[str, Any]) -> str:
    if "tools" in body:
        return "tool"
    return {"json_schema": "schema", "json_object": "object"}.get(body.get("response_format", {}).get("type", ""), "plain")


def knowing(*known: str) -> Callable[[str, Any, int], Reply]:
    """Return an endpoint that answers 400 to the ways it does not know."""

    def answer(_path: str, body: Any, _before: int) -> Reply:
        way = way_of(body)
        if way not in known:
            return refusal(400, UNKNOWN)
        return Reply(tool_call(GOOD) if way == "tool" else completion(GOOD))

    return answer


class TestWays:
    @pytest.mark.parametrize(
        ("known", "first", "second"),
        [
            (("schema",), ["schema"], ["schema"]),
            (("tool", "object", "plain"), ["schema", "tool"], ["tool"]),
            (("object", "plain"), ["schema", "tool", "object"], ["object"]),
            (("plain",), ["schema", "tool", "object", "plain"], ["plain"]),
        ],
    )
    async def test_the_strongest_one_is_found_once_and_remembered(
        self, known: tuple[str, ...], first: list[str], second: list[str]
    ) -> None:
        async with model(knowing(*known)) as (router, endpoint):
            assert await router.ask(PROMPT, {}, Plan) == PLAN
            assert [way_of(body) for body in endpoint.bodies] == first

            assert await router.ask(PROMPT, {}, Plan) == PLAN
            assert [way_of(body) for body in endpoint.bodies[len(first) :]] == second

    async def test_a_strict_schema_is_sent_under_the_name_of_the_reply(self) -> None:
        async with model(knowing("schema")) as (router, endpoint):
            await router.ask(PROMPT, {}, Plan)

            asked = endpoint.bodies[0]["response_format"]["json_schema"]
            assert (asked["name"], asked["strict"], asked["schema"]["required"]) == ("Plan", True, ["title", "steps", "note", "names"])

    async def test_the_name_of_a_reply_is_made_one_that_endpoints_take(self) -> None:
        class Boxed(BaseModel, Generic[T]):
            title: T

        async with model(knowing("schema")) as (router, endpoint):
            await router.ask(PROMPT, {}, Boxed[str])

            assert endpoint.bodies[0]["response_format"]["json_schema"]["name"] == "Boxed_str_"

    async def test_a_narrower_schema_is_what_the_model_is_held_to_and_told(self) -> None:
        narrow = {"type": "object", "properties": {"title": {"type": "string", "enum": ["T"]}}, "required": ["title"]}
        async with model(knowing("schema")) as (router, endpoint):
            assert await router.ask(PROMPT, {}, Plan, schema=narrow) == PLAN

            assert endpoint.bodies[0]["response_format"]["json_schema"]["schema"] == narrow
            assert '"enum":["T"]' in endpoint.bodies[0]["messages"][0]["content"]

    async def test_a_schema_that_is_refused_says_nothing_of_others(self) -> None:
        def answer(_path: str, body: Any, _before: int) -> Reply:
            odd = "odd" in str(body.get("response_format"))
            return (
                refusal(400, "invalid_json_schema: too complex") if odd else Reply(tool_call(GOOD) if "tools" in body else completion(GOOD))
            )

        odd = {"type": "object", "properties": {"odd": {"type": "string"}}}
        async with model(answer) as (router, endpoint):
            await router.ask(PROMPT, {}, Plan, schema=odd)
            await router.ask(PROMPT, {}, Plan, schema=odd)
            await router.ask(PROMPT, {}, Plan)

            assert [way_of(body) for body in endpoint.bodies] == ["schema", "tool", "tool", "schema"]

    async def test_a_request_that_is_wrong_in_every_way_teaches_nothing(self) -> None:
        answers = [refusal(400, "bad request")] * 4 + [Reply(completion(GOOD))]
        async with model(answers) as (router, endpoint):
            with pytest.raises(ModelUnavailable, match=r"status 400: .*bad request"):
                await router.ask(PROMPT, {}, Plan)
            await router.ask(PROMPT, {}, Plan)

            assert way_of(endpoint.bodies[-1]) == "schema"

    async def test_a_way_that_is_taken_and_not_heeded_is_left(self) -> None:
        def answer(_path: str, body: Any, _before: int) -> Reply:
            return Reply(completion("" if "response_format" in body else GOOD))

        async with model(answer) as (router, endpoint):
            await router.ask(PROMPT, {}, Plan)
            await router.ask(PROMPT, {}, Plan)

            assert [way_of(body) for body in endpoint.bodies] == ["schema", "tool", "tool"]


class TestPatience:
    @pytest.mark.parametrize(
        "passing", [refusal(429, "slow down"), refusal(503, "busy"), Reply(lost=True), refusal(429, "x", retry_after="0")]
    )
    async def test_what_may_pass_is_tried_again(self, passing: Reply) -> None:
        async with model([passing, passing, Reply(completion(GOOD))]) as (router, endpoint):
            assert await router.ask(PROMPT, {}, Plan) == PLAN
            assert len(endpoint.bodies) == 3

    @pytest.mark.parametrize(("lasting", "times"), [(refusal(401, "no"), 1), (refusal(404, "no"), 1), (refusal(503, "busy"), 3)])
    async def test_what_does_not_is_told(self, lasting: Reply, times: int) -> None:
        async with model([lasting]) as (router, endpoint):
            with pytest.raises(ModelUnavailable):
                await router.ask(PROMPT, {}, Plan)
            assert len(endpoint.bodies) == times

    async def test_who_asks_for_a_long_wait_is_left_to_the_next_model(self) -> None:
        def answer(_path: str, body: Any, _before: int) -> Reply:
            return refusal(429, "x", retry_after="3600") if body["model"] == "busy" else Reply(completion(GOOD))

        async with model(answer, setting="openai:busy,openai:m") as (router, endpoint):
            assert await router.ask(PROMPT, {}, Plan) == PLAN
            assert [body["model"] for body in endpoint.bodies] == ["busy", "m"]

    def test_pauses_grow_with_jitter_and_have_an_end(self) -> None:
        error = ConnectionError()

        for tries, least, most in ((1, 0.25, 0.75), (2, 0.5, 1.5), (20, 10, 30)):
            waits = {pause(error, tries) or 0.0 for _ in range(20)}
            assert len(waits) > 1
            assert least <= min(waits) <= max(waits) <= most


class TestBreaker:
    async def test_a_model_that_keeps_failing_is_spared_and_one_request_tries_again(self) -> None:
        now = 0.0
        async with model([*[refusal(503, "down")] * 2, Reply(completion(GOOD))], retries=0) as (router, endpoint):
            provider = router.models[0]
            provider.breaker = Breaker(failures=2, pause_s=30, clock=lambda: now)
            for _ in range(3):
                with pytest.raises(ModelUnavailable) as caught:
                    await router.ask(PROMPT, {}, Plan)
            assert (len(endpoint.bodies), caught.value.attempts) == (
                2,
                (Attempt("openai:m", "it failed 2 times in a row; it is asked again in 30 s", caught.value.attempts[0].fix),),
            )

            now = 31.0
            assert await router.ask(PROMPT, {}, Plan) == PLAN
            assert await router.ask(PROMPT, {}, Plan) == PLAN

    def test_only_one_tries_and_gives_the_place_back_when_cancelled(self) -> None:
        now = 0.0
        breaker = Breaker(failures=1, pause_s=30, clock=lambda: now)
        breaker.failed()
        now = 31.0

        with pytest.raises(asyncio.CancelledError), breaker.trying():
            assert breaker.open_for() > 0
            raise asyncio.CancelledError

        assert breaker.open_for() == 0

    async def test_a_refused_key_opens_nothing(self) -> None:
        async with model([refusal(401, "no")], retries=0) as (router, endpoint):
            router.models[0].breaker = Breaker(failures=1)
            for _ in range(2):
                with pytest.raises(ModelUnavailable, match="refused the key"):
                    await router.ask(PROMPT, {}, Plan)
            assert len(endpoint.bodies) == 2


class TestWordsAsTheyCome:
    async def test_are_shown_before_the_answer_ends(self) -> None:
        """The server sends the rest only once the first words were seen."""
        seen, first = list[str](), threading.Event()

        def told(words: str) -> None:
            seen.append(words)
            first.set()

        parts = chunks('{"title": "Every ', "morn\\u00", '69ng", ', GOOD[GOOD.index('"steps"') :])
        async with model([Reply(parts=parts, step=lambda: first.wait(10), headers={"content-type": "text/event-stream"})]) as (
            router,
            endpoint,
        ):
            plan = await router.ask(PROMPT, {}, Plan, on_text=told)

            assert plan.title == "Every morning"
            assert seen == ["Every ", "Every morn", "Every morning"]
            assert endpoint.bodies[0]["stream"] is True

    async def test_of_an_endpoint_that_does_not_know_schemas_come_too(self) -> None:
        seen: list[str] = []

        def answer(_path: str, body: Any, _before: int) -> Reply:
            if way_of(body) != "plain":
                return refusal(400, UNKNOWN)
            return Reply(parts=chunks(f"Here: {GOOD[:12]}", GOOD[12:]), headers={"content-type": "text/event-stream"})

        async with model(answer) as (router, _):
            assert await router.ask(PROMPT, {}, Plan, on_text=seen.append) == PLAN
            assert seen == ["T"]


async def test_a_cancelled_task_hangs_up() -> None:
    asked = threading.Event()

    def answer(_path: str, _body: Any, _before: int) -> Reply:
        asked.set()
        return Reply(parts=[" " * 100_000] * 400, step=lambda: threading.Event().wait(0.01))

    async with model(answer) as (router, endpoint):
        task = asyncio.create_task(router.ask(PROMPT, {}, Plan))
        assert await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await asyncio.to_thread(endpoint.gone.wait, 10)


async def test_a_provider_that_is_known_not_to_work_says_why() -> None:
    fixed = Attempt("openai:m", "no key is set", "Set one")

    with pytest.raises(Failed, match="no key is set"):
        await Provider("openai", "m", "", lambda: pytest.fail("must not be built"), fixed=fixed).call([])

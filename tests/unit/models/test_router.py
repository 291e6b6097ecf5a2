"""The model list: which one answers, what happens when one does not, and what is said then."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult

from graphs.design.replies import Summary
from graphs.models import BadReply, ModelRouter, ModelUnavailable, Usage
from graphs.models.providers import scripted
from prompts import load
from tests.unit.design.scripted import ScriptedChatModel

PROMPT = "design/summarize"
VALUES = {"wishes": ["w"], "facts": {"start": "By hand", "inside": ["a"], "outside": "", "plain": "By hand, it does a."}}


def answering(*replies: str) -> ScriptedChatModel:
    return ScriptedChatModel(replies=[(PROMPT, reply) for reply in replies])


class Broken(BaseChatModel):
    """Fails each call, or takes for ever."""

    error: Any = None

    @property
    def _llm_type(self) -> str:
        return "broken"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise self.error

    async def _agenerate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        if self.error is None:
            await asyncio.sleep(60)
        raise self.error


class Endpoint:
    """A loopback server that speaks as much of the chat API as a test needs."""

    def __init__(self, status: int, body: Any) -> None:
        self.requests: list[Any] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                """Stay quiet."""

            def do_POST(self) -> None:
                endpoint.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def endpoints() -> Iterator[list[Endpoint]]:
    opened: list[Endpoint] = []
    yield opened
    for endpoint in opened:
        endpoint.close()


def completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "usage": usage,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }


class TestAsk:
    async def test_adds_the_schema_to_the_rules_and_counts_what_it_spent(self) -> None:
        chat, used = answering('{"text": "fine"}'), Usage()

        reply = await ModelRouter([scripted(chat)]).ask(PROMPT, VALUES, Summary, usage=used)

        assert reply == Summary(text="fine")
        assert '"required":["text"]' in str(chat.asked[0][0].content)
        assert (used.calls[0].model, used.calls[0].prompt, used.calls[0].digest) == ("scripted:script", PROMPT, load(PROMPT).digest)

    async def test_logs_each_call_with_the_digest_of_its_prompt_and_no_words(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO", logger="parley.models"):
            await ModelRouter([scripted(answering('{"text": "fine"}'))]).ask(PROMPT, VALUES, Summary)

        [line] = caplog.messages
        assert f"scripted:script answered {PROMPT} ({load(PROMPT).digest})" in line
        assert "fine" not in line

    async def test_tells_a_model_once_what_is_wrong_with_its_answer(self) -> None:
        chat = answering("no", '{"text": "fine"}')

        reply = await ModelRouter([scripted(chat)]).ask(PROMPT, VALUES, Summary)

        assert reply.text == "fine"
        assert isinstance(chat.asked[1][-1], HumanMessage)
        assert "there is no JSON object in the answer" in str(chat.asked[1][-1].content)

    async def test_goes_on_to_the_next_model_when_an_answer_stays_unusable(self) -> None:
        bad, good = answering("no", "no"), answering('{"text": "fine"}')

        assert (await ModelRouter([scripted(bad), scripted(good)]).ask(PROMPT, VALUES, Summary)).text == "fine"

    async def test_says_what_was_wrong_when_no_answer_is_usable(self) -> None:
        with pytest.raises(BadReply, match=f"scripted:script did not give a usable answer to {PROMPT}: - text: Field required"):
            await ModelRouter([scripted(answering("{}", "{}"))]).ask(PROMPT, VALUES, Summary)

    async def test_goes_on_after_a_timeout(self) -> None:
        slow = scripted(Broken())
        slow.timeout_s = 0.05

        assert (await ModelRouter([slow, scripted(answering('{"text": "fine"}'))]).ask(PROMPT, VALUES, Summary)).text == "fine"
        assert (slow.reachable, slow.why) == (False, "no answer from  within 0.05 s")

    async def test_an_error_of_our_own_is_no_reason_to_fail_over(self) -> None:
        broken = scripted(Broken(error=KeyError("ours")), failures=(ConnectionError,))

        with pytest.raises(KeyError):
            await ModelRouter([broken, scripted(answering('{"text": "fine"}'))]).ask(PROMPT, VALUES, Summary)

    async def test_a_prompt_that_would_be_cut_is_not_sent(self) -> None:
        small = scripted(answering('{"text": "fine"}'))
        small.max_tokens = 4100

        with pytest.raises(ModelUnavailable, match="the context is set to 4100"):
            await ModelRouter([small]).ask(PROMPT, VALUES, Summary)


class TestOverTheNetwork:
    async def test_an_openai_compatible_endpoint_answers(self, endpoints: list[Endpoint]) -> None:
        endpoints.append(Endpoint(200, completion('{"text": "fine"}')))
        router, used = ModelRouter.from_setting("openai:m", openai_base_url=f"{endpoints[0].url}/v1"), Usage()

        assert (await router.ask(PROMPT, VALUES, Summary, usage=used)).text == "fine"
        assert (used.calls[0].input_tokens, used.calls[0].output_tokens) == (11, 7)
        assert router.describe()["reachable"] is True

    @pytest.mark.parametrize(
        ("status", "why", "fix"),
        [
            (401, "refused the key (401)", "OPENAI_API_KEY"),
            (404, "does not know the model 'm' (404)", "PARLEY_MODEL"),
            (429, "no capacity", "PARLEY_MODEL"),
            (503, "status 503", "log"),
        ],
    )
    async def test_a_refusal_says_why_and_how_to_fix_it(self, status: int, why: str, fix: str, endpoints: list[Endpoint]) -> None:
        endpoints.append(Endpoint(status, {"error": {"message": "no", "type": "x"}}))
        router = ModelRouter.from_setting("openai:m", openai_base_url=f"{endpoints[0].url}/v1", openai_api_key="k", retries=0)

        with pytest.raises(ModelUnavailable) as caught:
            await router.ask(PROMPT, VALUES, Summary)

        assert why in caught.value.why
        assert fix in caught.value.fix

    async def test_an_unknown_ollama_model_is_to_be_pulled(self, endpoints: list[Endpoint]) -> None:
        endpoints.append(Endpoint(404, {"error": "model 'm' not found"}))

        with pytest.raises(ModelUnavailable, match="ollama pull m"):
            await ModelRouter.from_setting("ollama:m", ollama_host=endpoints[0].url).ask(PROMPT, VALUES, Summary)

    async def test_nobody_there_is_told_for_every_model_and_the_last_one_answers(self) -> None:
        router = ModelRouter.from_setting("openai:m,ollama:n,offline", openai_base_url="http://127.0.0.1:1/v1", ollama_host="127.0.0.1:1")

        assert (await router.ask(PROMPT, VALUES, Summary)).text == "By hand, it does a."
        assert [(model["name"], model["reachable"]) for model in router.describe()["models"]] == [
            ("openai:m", False),
            ("ollama:n", False),
            ("offline", True),
        ]
        assert router.describe()["name"] == "offline"

    async def test_both_are_named_when_none_answers(self) -> None:
        router = ModelRouter.from_setting("openai:m,ollama:n", openai_base_url="http://127.0.0.1:1/v1", ollama_host="127.0.0.1:1")

        with pytest.raises(ModelUnavailable) as caught:
            await router.ask(PROMPT, VALUES, Summary)

        assert [attempt.model for attempt in caught.value.attempts] == ["openai:m", "ollama:n"]
        assert "ollama serve" in caught.value.fix


class TestSetting:
    def test_a_key_in_the_environment_is_offered_and_not_used(self) -> None:
        told = ModelRouter.from_setting(None, openai_api_key="k", ollama_host="127.0.0.1:1").describe()

        assert told["name"] == "offline"
        assert "set PARLEY_MODEL=openai:NAME to use it" in told["how_to_change"]

    def test_nothing_set_and_ollama_there_means_ollama_with_offline_behind_it(self, endpoints: list[Endpoint]) -> None:
        endpoints.append(Endpoint(200, {"models": [{"name": "llama3:8b"}]}))

        router = ModelRouter.from_setting("", ollama_host=endpoints[0].url)

        assert [model.name for model in router.models] == ["ollama:llama3:8b", "offline"]

    @pytest.mark.parametrize("setting", ["gpt", "openai:", "offline,nothing:x"])
    def test_what_is_no_model_is_refused_with_the_choices(self, setting: str) -> None:
        with pytest.raises(ValueError, match='Set PARLEY_MODEL to "openai:NAME"'):
            ModelRouter.from_setting(setting)

    async def test_openai_without_key_and_address_is_known_not_to_work(self) -> None:
        router = ModelRouter.from_setting("openai:m")

        assert router.describe()["reachable"] is False
        with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
            await router.ask(PROMPT, VALUES, Summary)

    @pytest.mark.parametrize(
        ("value", "host"),
        [
            ("", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("box:9", "http://box:9"),
            ("https://o.example.com", "https://o.example.com"),
            ("http://box", "http://box:11434"),
        ],
    )
    def test_ollama_host_is_read_as_ollama_reads_it(self, value: str, host: str) -> None:
        assert ModelRouter.from_setting("ollama:m", ollama_host=value).models[0].where == host

    async def test_refresh_asks_every_server(self, endpoints: list[Endpoint]) -> None:
        endpoints.append(Endpoint(200, {"data": []}))
        router = ModelRouter.from_setting("openai:m,ollama:n", openai_base_url=f"{endpoints[0].url}/v1", ollama_host="127.0.0.1:1")

        told = await router.refresh()

        assert [model["reachable"] for model in told["models"]] == [True, False]

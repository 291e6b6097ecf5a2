"""What tasks of every kind do, in a phrase; the golden file of `test_told.py` shows them in whole definitions."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.phrases import aim, brief, phrase
from dsl.walk import steps
from dsl.words import schedule_words
from tests.unit.dsl.definitions import CATALOGUE, a_workflow

_API = {"endpoint": "https://shop.example/api.json"}
_TOOLS = {"http": {"endpoint": "https://tools.example"}}
_TWO = [{"with": {"type": "a"}}, {"with": {"type": "b", "source": "https://x.example"}}]
_DO = {"do": [{"y": {"wait": "PT1S"}}]}


def _call(protocol: str, **arguments: Any) -> dict[str, Any]:
    return {"call": protocol, "with": arguments}


def _a2a(method: str, **more: Any) -> dict[str, Any]:
    return _call("a2a", method=method, server="https://agents.example", **more)


def _mcp(method: str, **more: Any) -> dict[str, Any]:
    return _call("mcp", method=method, transport=_TOOLS, **more)


def _subscribe(foreach: Any = None, **consume: Any) -> dict[str, Any]:
    return _call("asyncapi", document=_API, channel="/a", subscription={"consume": consume} | ({"foreach": foreach} if foreach else {}))


def _listen(to: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"listen": {"to": to}} | more


def _retry(**policy: Any) -> dict[str, Any]:
    return {"try": _DO["do"], "catch": {"retry": policy}}


PHRASES = [
    (_call("openapi", document=_API, operationId="pay", parameters={"id": 7, "to": "${ .to }", "note": "x" * 50}),
     "Call the operation pay of https://shop.example/api.json with id 7, to and note"),
    (_call("grpc", service={"name": "a.B", "host": "h"}, method="Go", arguments="${ .x }"),
     "Call Go of the gRPC service a.B at h with what an expression gives"),
    (_call("asyncapi", document=_API, operation="send", message={}), "Publish a message to the operation send of https://shop.example/api.json"),
    (_subscribe(amount=1), "Collect 1 message from the channel /a of https://shop.example/api.json"),
    (_subscribe(_DO, amount=3, **{"for": "PT1M"}),
     "For each of 3 messages from the channel /a of https://shop.example/api.json, for 1 minute at most"),
    (_subscribe(_DO, until="${ .done }"), "For every message from the channel /a of https://shop.example/api.json, until done is true"),
    (_a2a("message/send", parameters={"message": {"parts": [{"text": "Hello"}]}}),
     "Send a message to the agent at https://agents.example: Hello"),
    (_a2a("message/stream"), "Send a message to the agent at https://agents.example and follow its answers"),
    (_a2a("tasks/list"), "List the tasks of the agent at https://agents.example"),
    (_a2a("tasks/pushNotificationConfig/set"), "Set where the agent at https://agents.example sends news of a task"),
    (_a2a("agent/getAuthenticatedExtendedCard"), "Read the full card of the agent at https://agents.example"),
    (_mcp("tools/call", parameters={"name": "search", "arguments": {"text": "cats", "most": 3}}, timeout="PT5S"),
     'Call the tool search of the MCP server at https://tools.example with text "cats" and most 3 (at most 5 seconds)'),
    (_mcp("prompts/get", parameters={"name": "greet"}), "Get the prompt greet of the MCP server at https://tools.example"),
    (_mcp("resources/templates/list"), "List the resource templates of the MCP server at https://tools.example"),
    (_call("https://x.example/f.yaml", a=1), "Use the function at https://x.example/f.yaml with a 1"),
    (_call("log:1.0.0@global", text="x"), 'Use the function log of the catalogue global with text "x"'),
    (_call("one", a=1), "Use the function one with a 1: use the function two: wait 1 second"),
    (_call("round"), "Use the function round: use the function round"),
    (_call("several"), "Use the function several"),
    (_listen({"any": []}), "Wait until any event arrives"),
    (_listen({"any": _TWO}), "Wait for one of: the event a, the event b from https://x.example"),
    (_listen({"all": _TWO}), "Wait for all of: the event a, the event b from https://x.example"),
    (_listen({"one": {"with": {"subject": "x", "data": "${ .a == 1 }"}, "correlate": {"id": {"from": ".id", "expect": "7"}}}}),
     "Wait until an event about x arrives where a is 1, with “7” as id"),
    (_listen({"any": [], "until": ".enough"}), "Collect every event that arrives until enough is true"),
    (_listen({"any": _TWO[:1], "until": {"all": _TWO}}, foreach=_DO),
     "For every event a until all of these have arrived: the event a, the event b from https://x.example"),
    (_listen({"any": _TWO, "until": "${ false }"}, foreach=_DO),
     "For every event that is one of: the event a, the event b from https://x.example, without end"),
    (_listen({"one": _TWO[0]}, foreach=_DO), "When the event a arrives"),
    (_listen({"any": [{"with": {"type": f"t{n}"}} for n in range(9)]}),
     "Wait for one of: the event t0, the event t1, the event t2, the event t3, the event t4, the event t5, 3 more"),
    ({"run": {"container": {"image": "a", "name": "n", "lifetime": {"cleanup": "eventually", "after": "PT1H"}}, "await": False}},
     "Run the container a called n and delete it 1 hour afterwards without waiting for it"),
    ({"run": {"script": {"language": "js", "code": "x()", "arguments": ["one", "two", "three", "four"]}, "return": "all"}},
     "Run a JavaScript script with the arguments one, two, three and 1 more: x(), and keep its exit code and all output"),
    ({"run": {"shell": {"command": "ls -l"}, "return": "none"}}, "Run the shell command “ls -l”, and keep nothing of its output"),
    (_retry(limit={"attempt": {"count": 5}}, delay="PT2S", backoff={"exponential": {}}),
     "Up to 6 tries, 2 seconds apart and twice as long each time, if it fails"),
    (_retry(delay="PT2S", backoff={"constant": {}}, limit={"duration": "PT1M"}),
     "Try again and again within 1 minute, 2 seconds apart, if it fails"),
    (_retry(jitter={"from": "PT1S", "to": "PT2S"}, exceptWhen=".fatal"),
     "Try again and again, 1 second to 2 seconds apart by chance, if it fails; tries again unless fatal is true"),
    (_retry(limit={"attempt": {"count": 0}}), "Try, and go on even if it fails"),
    ({"wait": "${ .pause }"}, "Wait as long as the pause says"),
    ({"set": "${ $workflow.input[0] }"}, "Go on with the first item of the input"),
    ({"set": {"a": {"b": 1, "c": 2, "d": 3, "e": 4}, "f": [1], "g": "${ .lines[2].price }"}},
     "Set a to an object with b, c, d and more, f to a list of 1 and g to `lines[2].price`"),
]  # fmt: skip
_FUNCTIONS = {"one": {"call": "two"}, "two": {"wait": "PT1S"}, "round": {"call": "round"}, "several": _DO}


@pytest.mark.parametrize(("task", "words"), PHRASES)
def test_a_task_is_told_in_a_phrase(task: dict[str, Any], words: str) -> None:
    data = a_workflow({"x": task}, use={"functions": _FUNCTIONS})

    assert phrase(next(steps(data)), data, CATALOGUE) == words


def test_a_phrase_has_an_end() -> None:
    data = a_workflow({"x": {"listen": {"to": {"one": {"with": {"type": "t" * 2000}}}}}})

    assert len(phrase(next(steps(data)), data, CATALOGUE)) <= 400


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (_call("openapi", document=_API, operationId="pay"), ("Call", "pay")),
        (_call("grpc", service={"name": "a.B", "host": "h", "port": 1}, method="Go"), ("Call", "h:1/a.B.Go")),
        (_call("asyncapi", document=_API, channel="/a", message={}), ("Publish to", "/a")),
        (_subscribe(amount=1), ("Listen to", "/a")),
        (_a2a("message/send"), ("Ask the agent", "agents.example")),
    ],
)
def test_where_there_is_little_room_the_end_of_the_target_says_most(task: dict[str, Any], words: tuple[str, str]) -> None:
    data = a_workflow({"x": task})
    step = next(steps(data))

    assert aim(step) == words
    assert brief(step, data, CATALOGUE) == " ".join(words)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"any": _TWO}, "When one of these arrives: the event a, the event b from https://x.example"),
        ({"all": _TWO}, "When all of these have arrived: the event a, the event b from https://x.example"),
        ({"any": []}, "When any event arrives"),
    ],
)
def test_what_starts_a_workflow_is_told(strategy: dict[str, Any], words: str) -> None:
    assert schedule_words({"on": strategy}, "UTC") == [words]

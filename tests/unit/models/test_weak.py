"""Weak answers as models give them, each through the whole `ask` over the network: read, mended with one more call, or a clear error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, Field

from graphs.models import BadReply, ModelError, ModelRouter, ModelUnavailable, Refused, Usage
from prompts import Prompt
from tests.unit.models.endpoint import Reply, completion, refusal, serving, tool_call

PROMPT = Prompt(
    name="test/plan",
    purpose="",
    inputs=(),
    reply="",
    evals=(),
    digest="sha256:0",
    sections=(("system", "# test/plan\nPlan."), ("user", "Go.")),
)


class Step(BaseModel):
    id: str = Field(pattern=r"^[a-z-]+$")
    text: str = Field(min_length=1)


class Plan(BaseModel):
    title: str
    steps: list[Step] = Field(min_length=1, max_length=3)
    note: str = ""
    names: dict[str, str] = Field(default_factory=dict)


GOOD = '{"title": "T", "steps": [{"id": "fetch", "text": "Fetch."}], "note": null, "names": []}'
PLAN = Plan(title="T", steps=[Step(id="fetch", text="Fetch.")])
HUGE = '{"title": "' + "x" * 500_000


@dataclass
class Read:
    """The answer is used as it is."""

    text: Any
    plan: Plan | None = None


@dataclass
class Mended:
    """The answer is not used; the model is told *why*, and answers well."""

    answer: Any
    why: str


@dataclass
class Error:
    """The answer comes twice and is not used."""

    answer: Any
    error: type[ModelError]
    why: str


CASES: dict[str, Read | Mended | Error] = {
    "as asked": Read(GOOD),
    "without what may be left out": Read('{"title": "T", "steps": [{"id": "fetch", "text": "Fetch."}]}'),
    "with an object where pairs were asked for": Read(GOOD.replace("[]}", "{}}")),
    "with pairs": Read(
        GOOD.replace("[]}", '[{"name": "a", "value": "b"}]}'), Plan(title="T", steps=PLAN.steps, names={"a": "b"})
    ),
    "in a code fence": Read(f"```json\n{GOOD}\n```"),
    "with prose around it": Read(f"Of course! Here is your plan:\n\n{GOOD}\n\nLet me know if you want changes."),
    "with prose that has brackets": Read(f"I put the {{id}} in lower case. {GOOD}"),
    "after thinking aloud": Read(f'<think>The user wants {{"title": "no"}} …</think>\n{GOOD}'),
    "after thinking aloud without a beginning": Read(f'Hmm, {{"title": 1}}?\n</think>{GOOD}'),
    "the same twice": Read(f"{GOOD}\n{GOOD}"),
    "with trailing commas": Read(GOOD.replace('"Fetch."}]', '"Fetch.",},]')),
    "with raw line breaks in text": Read(
        GOOD.replace("Fetch.", "Fetch\nit."), Plan(title="T", steps=[Step(id="fetch", text="Fetch\nit.")])
    ),
    "with keys nobody asked for": Read(GOOD.replace('"note"', '"mood": "happy", "note"')),
    "in another language": Read(GOOD.replace("Fetch.", "Abrufen."), Plan(title="T", steps=[Step(id="fetch", text="Abrufen.")])),
    "with characters no database takes": Read(
        GOOD.replace("Fetch.", "a\\u0000\\ud83d"), Plan(title="T", steps=[Step(id="fetch", text="a\ufffd\ufffd")])
    ),
    "as a list of one": Read(f"[{GOOD}]"),
    "as a tool call nobody asked for": Read(tool_call(GOOD)),
    "complete although cut behind": Read(completion(f"{GOOD} and furthermore", finish="length")),
    "empty": Mended("", "the answer is empty"),
    "null": Mended(completion(None), "the answer is empty"),
    "only thoughts": Mended("<think>What would a plan be?", "there is no JSON object"),
    "prose": Mended("Sure, I would first fetch the orders.", "it began: “Sure, I would first"),
    "in YAML": Mended("title: T\nsteps:\n- id: fetch\n  text: Fetch.", "there is no JSON object"),
    "in Python": Mended(GOOD.replace('"', "'").replace("null", "None"), "is no JSON"),
    "half of it": Mended(GOOD[:40], "cut off"),
    "cut at the limit": Mended(completion(GOOD[:60], finish="length"), "give a shorter one"),
    "cut inside, with a step that looks whole": Mended('{"plan": {"title": "T", "steps": [{"id": "a", "text": "b"}]}, "and', "cut off"),
    "two that differ": Mended(f"{GOOD} or rather {GOOD.replace('Fetch', 'Get')}", "several objects that differ"),
    "a name with two values": Mended(GOOD.replace('"title": "T"', '"title": "T", "title": "U"'), "title stands twice"),
    "wrong types": Mended('{"title": 7, "steps": "fetch, then post"}', "- title: Input should be a valid string\n- steps:"),
    "wrong names": Mended('{"titel": "T", "schritte": []}', "- title: Field required"),
    "names that break the rules": Mended(GOOD.replace('"fetch"', '"Fetch it!"'), "steps.0.id: String should match pattern"),
    "more than allowed": Mended(GOOD.replace("[{", "[" + '{"id": "a", "text": "b"},' * 5 + "{"), "at most 3 items"),
    "inside another object": Mended(f'{{"answer": {GOOD}}}', "- title: Field required"),
    "a number that is none": Mended(GOOD.replace('"T"', "NaN"), "no JSON"),
    "huge": Mended(HUGE, "at most 400000 are read"),
    "nested without end": Mended('{"a":' * 30_000, "cut off"),
    "a tool call that is no JSON": Mended(tool_call('{"title": "T", "steps": ['), "cut off"),
    "a tool call with wrong arguments": Mended(tool_call('{"city": "Rome"}'), "- title: Field required"),
    "the schema instead of an answer": Mended('{"type": "object", "properties": {"title": {"type": "string"}}}', "- title: Field required"),
    "a refusal in words, kept up": Error("I'm sorry, but I can't help with that.", BadReply, "it began: “I'm sorry, but"),
    "a refusal in its field": Error(completion(None, refusal="I can't assist."), Refused, "it refused: “I can't assist.”"),
    "a filtered answer": Error(completion("", finish="content_filter"), Refused, "it refused"),
    "broken, kept up": Error(GOOD[:-20], BadReply, "cut off"),
    "a page": Error(Reply("<html>It works!</html>", headers={"content-type": "text/html"}), ModelUnavailable, "no chat completion"),
    "no choices": Error(Reply({**completion(""), "choices": []}), ModelUnavailable, "no chat completion"),
    "choices that are null": Error(Reply({**completion(""), "choices": None}), ModelUnavailable, "no chat completion"),
    "an error with status 200": Error(Reply({"error": {"message": "overloaded"}}), ModelUnavailable, "no chat completion"),
    "half a body": Error(Reply('{"id": "c", "choi'), ModelUnavailable, "no chat completion"),
    "too long a request": Error(refusal(400, "This model's maximum context length is 8192 tokens."), ModelUnavailable, "too long"),
}  # fmt: skip


def sent(answer: Any) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(completion(answer) if isinstance(answer, str) else answer)


async def asked(*answers: Any) -> tuple[Plan | ModelError, list[Any], Usage]:
    """Return what `ask` makes of *answers*, the requests it made, and what was counted."""
    used = Usage()
    with serving([sent(answer) for answer in answers]) as endpoint:
        router = ModelRouter.from_setting("openai:m", openai_base_url=f"{endpoint.url}/v1", retries=0)
        try:
            return await router.ask(PROMPT, {}, Plan, usage=used), endpoint.bodies, used
        except ModelError as error:
            return error, endpoint.bodies, used
        finally:
            await router.aclose()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_weak_answer_is_read_mended_or_told(case: Read | Mended | Error) -> None:
    if isinstance(case, Read):
        found, bodies, used = await asked(case.text)

        assert (found, len(bodies), len(used.calls)) == (case.plan or PLAN, 1, 1)
    elif isinstance(case, Mended):
        found, bodies, used = await asked(case.answer, GOOD)

        assert (found, len(bodies), len(used.calls)) == (PLAN, 2, 2)
        assert case.why in bodies[1]["messages"][-1]["content"]
        assert len(bodies[1]["messages"][-2]["content"]) < 9_000
    else:
        found, bodies, _ = await asked(case.answer)

        assert type(found) is case.error
        assert case.why in str(found)
        assert len(bodies) <= 2


async def test_a_second_answer_that_is_no_better_is_not_asked_for_again() -> None:
    found, bodies, _ = await asked("no", '{"title": 1}')

    assert isinstance(found, BadReply)
    assert len(bodies) == 2

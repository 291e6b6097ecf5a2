"""One request to a list of models: kept answers first, then the models in order, each told once what is wrong with its answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from graphs.models import budgets, structured
from graphs.models.errors import Attempt, BadReply, ModelUnavailable, Refused
from graphs.models.prices import Prices
from graphs.models.providers import Failed, OnText, Provider
from graphs.models.replies import Tape, digest_of, step_of_graph
from graphs.models.scope import Scope
from graphs.models.strict import reply_schema
from graphs.models.tracing import Traced
from graphs.models.usage import Call, Usage
from graphs.models.ways import Answer, Wanted
from prompts import Prompt

Reply = TypeVar("Reply", bound=BaseModel)

log = logging.getLogger("parley.models")
SHOWN = 8_000  # characters of a wrong answer that are given back to its model
QUOTED = 160
NO_NAME = re.compile(r"[^A-Za-z0-9_-]")  # what the name of a schema may not hold


@dataclass(slots=True, kw_only=True)
class Asking(Generic[Reply]):
    """One `ask`: see `graphs.models.router`."""

    prompt: Prompt
    messages: list[BaseMessage]
    reply: type[Reply]
    wanted: Wanted
    scope: Scope
    prices: Prices
    usage: Usage | None
    on_text: OnText | None = None
    agent: str = ""
    tape: Tape = field(init=False)

    @classmethod
    def of(
        cls, prompt: Prompt, values: Mapping[str, Any], reply: type[Reply], schema: Mapping[str, Any] | None, **more: Any
    ) -> Asking[Reply]:
        strict = schema or reply_schema(reply)
        messages = _messages(prompt, values, strict or structured.schema_of(reply))
        return cls(prompt=prompt, messages=messages, reply=reply, wanted=Wanted(NO_NAME.sub("_", reply.__name__)[:64], strict), **more)

    async def of_models(self, models: Sequence[Provider], attempt: int) -> Reply:
        """Return the first usable answer. Raises ModelUnavailable, BadReply, BudgetReached."""
        scope = self.scope
        self.tape = Tape()
        if scope.replies is not None:
            who = (scope.tenant, scope.thread, scope.turn, step_of_graph(), str(attempt), self.prompt.name)
            digest = digest_of(who, self.messages, self.wanted.schema)
            meta = {"prompt": self.prompt.name, "prompt_digest": self.prompt.digest}
            self.tape = await Tape.open(scope.replies, digest, [model.name for model in models], meta)
        failed: list[Attempt] = []
        bad: BadReply | None = None
        for model in models:
            if self.tape.by_another(model.name):
                continue
            try:
                return await self._converse(model)
            except Failed as exc:
                failed.append(exc.attempt)
            except BadReply as exc:
                bad = exc
        await self.tape.drop()
        raise bad or ModelUnavailable(failed)

    async def _converse(self, model: Provider) -> Reply:
        """Ask once, and once more with the mistakes in words. Raises Failed, BadReply."""
        talk, why = list(self.messages), ""
        for _ in range(2):
            answer = await self._answer(model, talk)
            if answer.finish == "refused":
                raise Refused(model.name, self.prompt.name, f"it refused: “{_quoted(answer.text)}”")
            try:
                return structured.parse(answer.text, self.reply)
            except ValueError as exc:
                why = _why(str(exc), answer)
            if not answer.text.strip():
                model.distrust(answer.way)
            talk = [*self.messages, AIMessage(_short(answer.text) or "(nothing)"), HumanMessage(_mend(why))]
        raise BadReply(model.name, self.prompt.name, why)

    async def _answer(self, model: Provider, talk: Sequence[BaseMessage]) -> Answer:
        """Return the answer that was kept, else ask for it and keep it."""
        kept = self.tape.next()
        if kept is not None:
            self._count(kept, model, talk, 0.0, stored=True)
            return kept
        await self._afford(model)
        began, started = time.time(), time.monotonic()
        try:
            answer = await model.call(talk, self.wanted, self._shown())
        except Failed as failed:
            self._traced(model, began, talk, why=failed.attempt.why)
            raise
        call = self._count(answer, model, talk, time.monotonic() - started)
        await self.tape.keep(answer)
        self._traced(model, began, talk, call=call, way=answer.way, answered=answer.text)
        if self.scope.spending is not None:
            await self.scope.spending.add(call)
        log.info(
            "%s answered %s (%s) in %s s: %s tokens read, %s written, asked by %s, ended by %s",
            call.model, call.prompt, call.digest, call.seconds, call.input_tokens, call.output_tokens, answer.way, answer.finish,
        )  # fmt: skip
        return answer

    def _traced(self, model: Provider, began: float, talk: Sequence[BaseMessage], *, answered: str = "", **about: Any) -> None:
        trace, prompt = self.scope.trace, self.prompt
        if trace is not None:
            words: dict[str, Any] = {"asked": trace.words(talk), "answered": answered} if trace.content else {}
            about |= {"prompt": prompt.name, "prompt_digest": prompt.digest, "began": began, "ended": time.time(), **words}
            trace.calls.append(Traced(agent=self.agent, model=model.name, **about))

    async def _afford(self, model: Provider) -> None:
        """Raise BudgetReached when nothing more may be used, Failed when nobody knows what *model* would cost."""
        scope = self.scope
        if scope.caps.of_money and self.prices.of(model.name, model.where, 0, 0) is None:
            why = "its price is not known, and what may be spent is limited"
            raise Failed(Attempt(model.name, why, f"Set PARLEY_PRICES='{{\"{model.name}\": [INPUT, OUTPUT]}}', per million tokens"))
        spent = budgets.Spent()
        if scope.spending is not None and scope.caps.beyond_a_turn:
            spent = await scope.spending.spent()
        budgets.check(scope.caps, scope.used, spent)

    def _count(self, answer: Answer, model: Provider, talk: Sequence[BaseMessage], seconds: float, *, stored: bool = False) -> Call:
        """Count a call; without figures from the endpoint, four characters are a token."""
        free = model.kind == "offline"
        read = answer.input_tokens if answer.input_tokens is not None else sum(len(str(message.content)) for message in talk) // 4
        written = answer.output_tokens if answer.output_tokens is not None else len(answer.text) // 4
        read, written = (0, 0) if free else (read, written)
        money = self.prices.of(model.name, model.where, read, written)
        call = Call(model.name, self.prompt.name, self.prompt.digest, read, written, round(seconds, 3), money, stored)
        self.scope.used.add(call)
        if self.usage is not None:
            self.usage.add(call)
        return call

    def _shown(self) -> OnText | None:
        """Return what gives the caller the words of the reply's first text field as they come."""
        told = self.on_text
        name = next((name for name, about in self.reply.model_fields.items() if about.annotation is str), None)
        if told is None or name is None:
            return None
        return _telling(told, name)


def _telling(told: Callable[[str], None], name: str) -> OnText:
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        words = structured.words_so_far(text, name)
        if words and words != last:
            last = words
            told(words)

    return tell


def _messages(prompt: Prompt, values: Mapping[str, Any], schema: Mapping[str, Any]) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    for part in prompt.render(**values):
        if part["role"] == "system":
            messages.append(SystemMessage(f"{part['content']}\n\n{structured.instructions(schema)}"))
        else:
            messages.append(HumanMessage(part["content"]))
    return messages


def _why(mistakes: str, answer: Answer) -> str:
    if not answer.text.strip():
        return "- the answer is empty"
    if answer.finish == "length":
        return f"{mistakes}\n- it was cut off at the most it may be long: give a shorter one"
    return f"{mistakes}\n- it began: “{_quoted(answer.text)}”" if "there is no JSON object" in mistakes else mistakes


def _mend(why: str) -> str:
    return f"That answer cannot be used:\n{why}\nAnswer again with the whole JSON object, mended, and nothing else."


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}\n[…]\n{text[-SHOWN // 2 :]}"


def _quoted(text: str) -> str:
    words = " ".join(structured.without_thinking(text).split()) or " ".join(text.split())
    return words if len(words) <= QUOTED else f"{words[:QUOTED]} …"

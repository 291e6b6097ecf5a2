"""The model list: which model answers, in which order, and how to change it.

`ask()` is the only way to a model: it renders a prompt file, adds the JSON schema of the wanted reply, reads the answer, lets the
model mend it once, and goes on to the next model of the list when one does not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import httpx
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from graphs.models import providers, structured
from graphs.models.errors import Attempt, BadReply, ModelUnavailable
from graphs.models.providers import Failed, Provider
from graphs.models.usage import Call, Usage
from prompts import Prompt, load

Reply = TypeVar("Reply", bound=BaseModel)

HOW_TO_CHANGE = (
    'Set PARLEY_MODEL to "openai:NAME" (with OPENAI_BASE_URL and OPENAI_API_KEY), "ollama:NAME" (with OLLAMA_HOST) or "offline", '
    "or to several with commas between, tried in order; then restart."
)
PROBE_S = 0.4


class ModelRouter:
    """A list of models, tried in order."""

    def __init__(self, models: Sequence[Provider], *, chosen: str = "by PARLEY_MODEL", offer: str = "") -> None:
        self.models = tuple(models)
        self._chosen, self._offer = chosen, offer

    @classmethod
    def from_setting(
        cls,
        setting: str | None = None,
        *,
        openai_base_url: str = "",
        openai_api_key: str = "",
        ollama_host: str = "",
        timeout_s: float = 60.0,
        num_ctx: int = 16_384,
    ) -> ModelRouter:
        """
        Build the list from a setting such as `openai:gpt-x,ollama:llama3,offline`.

        Without a setting: Ollama if it answers at once and has a model, else offline. A key in the environment is offered in
        `describe()`, never used unasked.

        Raises:
            ValueError: an entry is none of `openai:NAME`, `ollama:NAME`, `offline`.
        """
        host = _host(ollama_host)
        if not (setting or "").strip():
            return cls._unset(host, openai_api_key, openai_base_url, timeout_s, num_ctx)
        models = []
        for entry in (part.strip() for part in (setting or "").split(",") if part.strip()):
            kind, _, name = entry.partition(":")
            if kind == "openai" and name:
                models.append(providers.openai(name, base_url=openai_base_url, api_key=openai_api_key, timeout_s=timeout_s))
            elif kind == "ollama" and name:
                models.append(providers.ollama(name, host=host, timeout_s=timeout_s, num_ctx=num_ctx))
            elif entry == "offline":
                models.append(providers.offline())
            else:
                raise ValueError(f"PARLEY_MODEL: {entry!r} is not a model. {HOW_TO_CHANGE}")
        return cls(models)

    @classmethod
    def _unset(cls, host: str, key: str, base_url: str, timeout_s: float, num_ctx: int) -> ModelRouter:
        offer = ""
        if key or base_url:
            offer = " OPENAI_API_KEY or OPENAI_BASE_URL is set here and is not used unasked: set PARLEY_MODEL=openai:NAME to use it."
        names = _ollama_models(host)
        if names:
            model = providers.ollama(names[0], host=host, timeout_s=timeout_s, num_ctx=num_ctx)
            model.reachable, model.why = True, f"Ollama answers at {host}"
            return cls([model, providers.offline()], chosen="PARLEY_MODEL is not set and Ollama answers", offer=offer)
        return cls([providers.offline()], chosen="PARLEY_MODEL is not set and no Ollama answers", offer=offer)

    def describe(self) -> dict[str, Any]:
        """
        Return what is known without asking anybody (see `refresh`).

        Returns:
            `{name, kind, reachable, why, how_to_change, models}` of the model that answers first; `reachable` is None when it was not
            tried yet; `models` holds `{name, kind, reachable, why}` of each, in order.
        """
        rows = [
            {"name": m.name, "kind": m.kind, "reachable": _known(m), "why": m.fixed.why if m.fixed else m.why or "not tried yet"}
            for m in self.models
        ]
        first = next((row for row in rows if row["reachable"] is not False), rows[0])
        why = f"{first['why']} ({self._chosen})"
        return {**first, "why": why, "how_to_change": HOW_TO_CHANGE + self._offer, "models": rows}

    async def refresh(self) -> dict[str, Any]:
        """Ask every model's server whether it is there (at most 2 s), then `describe()`."""
        await asyncio.gather(*(_probe(model) for model in self.models))
        return self.describe()

    async def ask(self, prompt: str | Prompt, values: Mapping[str, Any], reply: type[Reply], *, usage: Usage | None = None) -> Reply:
        """
        Return the answer to *prompt* as a *reply*.

        Raises:
            ModelUnavailable: no model answered; says which, why and how to fix it.
            BadReply: models answered, but not with a usable value, not even when told what is wrong.
        """
        chosen = load(prompt) if isinstance(prompt, str) else prompt
        messages = _messages(chosen, values, reply)
        attempts: list[Attempt] = []
        bad: BadReply | None = None
        for model in self.models:
            try:
                return await _converse(model, chosen, messages, reply, usage)
            except Failed as exc:
                attempts.append(exc.attempt)
            except BadReply as exc:
                bad = exc
        raise bad or ModelUnavailable(attempts)


async def _converse(model: Provider, prompt: Prompt, messages: Sequence[BaseMessage], reply: type[Reply], usage: Usage | None) -> Reply:
    """Ask once, and once more with the mistakes in words. Raises Failed, BadReply."""
    talk, why = list(messages), ""
    for _ in range(2):
        started = time.monotonic()
        answer = await model.call(talk)
        text = answer.text if isinstance(answer.text, str) else str(answer.content)
        if usage is not None:
            usage.add(_counted(model, prompt, talk, answer, time.monotonic() - started))
        try:
            return structured.parse(text, reply)
        except ValueError as exc:
            why = str(exc)
        talk = [
            *messages,
            AIMessage(text),
            HumanMessage(f"That answer cannot be used:\n{why}\nAnswer again with the whole JSON object, mended, and nothing else."),
        ]
    raise BadReply(model.name, prompt.name, why)


def _messages(prompt: Prompt, values: Mapping[str, Any], reply: type[BaseModel]) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    for part in prompt.render(**values):
        if part["role"] == "system":
            messages.append(SystemMessage(f"{part['content']}\n\n{structured.instructions(reply)}"))
        else:
            messages.append(HumanMessage(part["content"]))
    return messages


def _counted(model: Provider, prompt: Prompt, sent: Sequence[BaseMessage], answer: BaseMessage, seconds: float) -> Call:
    """Count a call; without figures from the endpoint, four characters are a token."""
    figures = getattr(answer, "usage_metadata", None) or {}
    if model.kind == "offline":
        figures = {"input_tokens": 0, "output_tokens": 0}
    guess = sum(len(str(message.content)) for message in sent) // 4
    return Call(
        model.name,
        prompt.name,
        prompt.digest,
        figures.get("input_tokens", guess),
        figures.get("output_tokens", len(str(answer.content)) // 4),
        round(seconds, 3),
    )


def _known(model: Provider) -> bool | None:
    return False if model.fixed else model.reachable


def _host(value: str) -> str:
    """Read OLLAMA_HOST as Ollama does: a scheme and the port may be missing, 0.0.0.0 means this machine."""
    text = value.strip().rstrip("/") or providers.OLLAMA_URL
    text = text if "://" in text else f"http://{text}"
    scheme, _, rest = text.partition("://")
    rest = rest.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  read, not bound
    return f"{scheme}://{rest}" if ":" in rest.rsplit("]", 1)[-1] or scheme == "https" else f"{scheme}://{rest}:11434"


def _ollama_models(host: str) -> list[str]:
    """Return the names of the models Ollama has, or nothing when it does not answer at once."""
    try:
        answer = httpx.get(f"{host}/api/tags", timeout=PROBE_S, trust_env=False)
        found = answer.raise_for_status().json().get("models", [])
    except (httpx.HTTPError, ValueError, AttributeError):
        return []
    return [str(entry.get("name")) for entry in found if isinstance(entry, dict) and entry.get("name")]


async def _probe(model: Provider) -> None:
    """Set `reachable` and `why` of one model."""
    if model.fixed or model.kind not in ("openai", "ollama"):
        return
    url = f"{model.where.rstrip('/')}/models" if model.kind == "openai" else f"{model.where}/api/tags"
    try:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            await client.get(url)
    except httpx.HTTPError:
        failed = providers.explain(model, ConnectionError())
        model.reachable, model.why = False, f"{failed.why}. {failed.fix}"
    else:
        model.reachable, model.why = True, f"a server answers at {model.where}"

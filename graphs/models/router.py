"""The model list: which model answers, in which order, and how to change it.

`ask()` is the only way to a model: it renders a prompt file, holds the model to the schema of the wanted reply as strongly as the endpoint
can, reads the answer, lets the model mend it once, and goes on to the next model of the list when one does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel

from graphs.models import providers
from graphs.models.asking import Asking
from graphs.models.explaining import explain
from graphs.models.prices import Prices
from graphs.models.providers import OnText, Provider
from graphs.models.scope import Scope
from graphs.models.usage import Usage
from prompts import Prompt, load

Reply = TypeVar("Reply", bound=BaseModel)
Agent = Literal["classifier", "planner", "summarizer", "agent"]

HOW_TO_CHANGE = (
    'Set PARLEY_MODEL to "openai:NAME" (with OPENAI_BASE_URL and OPENAI_API_KEY), "ollama:NAME" (with OLLAMA_HOST) or "offline", '
    "or to several with commas between, tried in order; then restart."
)
PROBE_S = 0.4


def agent_of(prompt: str) -> Agent:
    """Return who asks with a prompt: by its last word the classifier or the summarizer, else by its folder the planner or a run's agent."""
    folder, _, last = prompt.rpartition("/")
    if last.startswith("classify"):
        return "classifier"
    if last.startswith("summarize"):
        return "summarizer"
    return "agent" if folder == "run" else "planner"


class ModelRouter:
    """A list of models, tried in order; an agent may have one of its own."""

    def __init__(
        self,
        models: Sequence[Provider],
        *,
        chosen: str = "by PARLEY_MODEL",
        offer: str = "",
        of_agents: Mapping[Agent, Sequence[Provider]] | None = None,
        prices: Prices | None = None,
        small_models: Sequence[str] = (),
    ) -> None:
        self.models = tuple(models)
        self._chosen, self._offer = chosen, offer
        self._of_agents = {agent: tuple(listed) for agent, listed in (of_agents or {}).items() if listed}
        self._prices = prices or Prices.with_own({})
        self._small = tuple(small_models)
        self._scope: Scope | None = None

    @classmethod
    def from_setting(
        cls,
        setting: str | None = None,
        *,
        openai_base_url: str = "",
        openai_api_key: str = "",
        ollama_host: str = "",
        timeout_s: float = 60.0,
        most_context: int = providers.OLLAMA_CONTEXT,
        retries: int = 2,
        of_agents: Mapping[Agent, str] | None = None,
        prices: Mapping[str, Any] | None = None,
        small_models: Sequence[str] = (),
    ) -> ModelRouter:
        """
        Build the list from a setting such as `openai:gpt-x,ollama:llama3,offline`.

        Without a setting: Ollama if it answers at once and has a model, else offline. A key in the environment is offered in
        `describe()`, never used unasked.

        Args:
            of_agents: Lists for single agents, as *setting*; an empty one is the common list.
            prices: `{"openai:NAME*": [input, output]}`, money per million tokens, before those that come along.
            small_models: Patterns of names of models that are asked in small steps.

        Raises:
            ValueError: an entry is none of `openai:NAME`, `ollama:NAME`, `offline`; a price is none.
        """
        host, made = _host(ollama_host), dict[str, Provider]()

        def one(kind: str, name: str) -> Provider:
            if kind == "openai":
                return providers.openai(name, base_url=openai_base_url, api_key=openai_api_key, timeout_s=timeout_s)
            return providers.ollama(name, host=host, timeout_s=timeout_s, most_context=most_context)

        def listed(text: str, variable: str) -> list[Provider]:
            names = [part.strip() for part in text.split(",") if part.strip()]
            for entry in (name for name in names if name not in made):
                kind, _, name = entry.partition(":")
                if entry != "offline" and (kind not in ("openai", "ollama") or not name):
                    raise ValueError(f"{variable}: {entry!r} is not a model. {HOW_TO_CHANGE}")
                made[entry] = providers.offline() if entry == "offline" else one(kind, name)
                made[entry].retries = retries
            return [made[name] for name in dict.fromkeys(names)]

        own = {agent: listed(text, f"PARLEY_MODEL_{agent.upper()}") for agent, text in (of_agents or {}).items()}
        more: dict[str, Any] = {"of_agents": own, "prices": Prices.with_own(prices or {}), "small_models": small_models}
        if (setting or "").strip():
            return cls(listed(setting or "", "PARLEY_MODEL"), **more)
        offer = ""
        if openai_api_key or openai_base_url:
            offer = " OPENAI_API_KEY or OPENAI_BASE_URL is set here and is not used unasked: set PARLEY_MODEL=openai:NAME to use it."
        if names := _ollama_models(host):
            [model, *_] = listed(f"ollama:{names[0]}", "OLLAMA_HOST")
            model.reachable, model.why = True, f"Ollama answers at {host}"
            return cls([model, providers.offline()], chosen="PARLEY_MODEL is not set and Ollama answers", offer=offer, **more)
        return cls([providers.offline()], chosen="PARLEY_MODEL is not set and no Ollama answers", offer=offer, **more)

    def within(self, scope: Scope) -> ModelRouter:
        """Return the same models for one turn of a conversation: replies are kept, what is used is counted, and limited."""
        bound = copy(self)
        bound._scope = scope
        return bound

    def only(self, models: Sequence[Provider]) -> ModelRouter:
        """Return a router over *models* alone, whoever asks, with the same prices."""
        bound = copy(self)
        bound.models, bound._of_agents = tuple(models), {}
        return bound

    def for_agent(self, agent: Agent) -> tuple[Provider, ...]:
        """Return the models that answer *agent*, in order."""
        return self._of_agents.get(agent, self.models)

    def small(self, agent: Agent) -> bool:
        """Tell whether the model that answers *agent* is to be asked in small steps, with short prompts."""
        first = next((model for model in self.for_agent(agent) if _known(model) is not False), None)
        return first is not None and any(fnmatchcase(first.name, pattern) for pattern in self._small)

    def describe(self) -> dict[str, Any]:
        """
        Return what is known without asking anybody (see `refresh`).

        Returns:
            `{name, kind, reachable, why, how_to_change, models, agents}` of the model that answers first; `reachable` is None when it was
            not tried yet; `models` holds `{name, kind, reachable, why}` of each, in order; `agents` the same, by agent, of lists of their
            own.
        """
        rows = [_row(model) for model in self.models]
        agents = {agent: [_row(model) for model in listed] for agent, listed in self._of_agents.items()}
        first = next((row for row in rows if row["reachable"] is not False), rows[0])
        why = f"{first['why']} ({self._chosen})"
        return {**first, "why": why, "how_to_change": HOW_TO_CHANGE + self._offer, "models": rows, "agents": agents}

    async def refresh(self) -> dict[str, Any]:
        """Ask every model's server whether it is there (at most 2 s), then `describe()`."""
        await asyncio.gather(*(_probe(model) for model in self.everyone()))
        return self.describe()

    async def aclose(self) -> None:
        """Close the connections to all models."""
        await asyncio.gather(*(model.aclose() for model in self.everyone()))

    def everyone(self) -> list[Provider]:
        """Return every model of every list, each once."""
        return list({id(model): model for listed in (self.models, *self._of_agents.values()) for model in listed}.values())

    async def ask(
        self,
        prompt: str | Prompt,
        values: Mapping[str, Any],
        reply: type[Reply],
        *,
        usage: Usage | None = None,
        schema: Mapping[str, Any] | None = None,
        attempt: int = 0,
        on_text: OnText | None = None,
    ) -> Reply:
        """
        Return the answer to *prompt* as a *reply*.

        Args:
            usage: Counts what is used.
            schema: What the model is held to, where it is narrower than *reply*, in the words of strict mode; *reply* still validates.
            attempt: Counts deliberate repetitions of the very same request in one step: each is asked anew, not answered from what is kept.
            on_text: Given the words of the reply's first text field as they come: all so far, each time; a new try begins anew.

        Raises:
            ModelUnavailable: no model answered; says which, why and how to fix it.
            BadReply: models answered, but not with a usable value, not even when told what is wrong. Refused: one would not answer.
            BudgetReached: the turn, the conversation or the tenant has used what it may.
        """
        chosen = load(prompt) if isinstance(prompt, str) else prompt
        scope = self._scope or Scope()
        agent = agent_of(chosen.name)
        more = {"scope": scope, "prices": self._prices, "usage": usage, "on_text": on_text, "agent": agent}
        return await Asking.of(chosen, values, reply, schema, **more).of_models(self.for_agent(agent), attempt)


def _row(model: Provider) -> dict[str, Any]:
    why = model.fixed.why if model.fixed else model.why or "not tried yet"
    return {"name": model.name, "kind": model.kind, "reachable": _known(model), "why": why}


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
        failed = explain(model, ConnectionError())
        model.reachable, model.why = False, f"{failed.why}. {failed.fix}"
    else:
        model.reachable, model.why = True, f"a server answers at {model.where}"

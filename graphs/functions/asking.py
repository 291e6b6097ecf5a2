"""How functions ask a model: the operator's list without the built-in author, tokens counted, failures as errors of the workflow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from graphs.models.providers import Provider
    from graphs.run.function_api import FunctionCall

Reply = TypeVar("Reply", bound="BaseModel")


class Asked(NamedTuple):
    """An answer, and what it took."""

    reply: Any
    model: str  # who answered, "openai:gpt-x"
    usage: dict[str, int]  # {calls, input_tokens, output_tokens}


async def chosen(call: FunctionCall, prompt: str, model: str = "") -> list[Provider]:
    """
    Return the models that may answer *prompt*, in order; none when only the built-in author is there.

    Args:
        model: The one the task names, "openai:gpt-x"; empty for the operator's list.
    """
    if call.models is None:
        return []
    from graphs.models.router import agent_of

    def listed() -> list[Provider]:  # made with the first look, which may ask Ollama whether it is there
        return list(call.models.everyone() if model else call.models.for_agent(agent_of(prompt)))

    found = [one for one in await asyncio.to_thread(listed) if one.kind != "offline"]
    return [one for one in found if one.name == model] if model else found


def no_model(what: str, model: str = "") -> WorkflowError:
    """Return the fault of a function that cannot do without."""
    fix = "set PARLEY_MODEL=openai:NAME or ollama:NAME, then restart"
    if model:
        return WorkflowError.of(
            "configuration", f"{what} asks for the model {model}, which PARLEY_MODEL does not name: {fix}", title="no-model"
        )
    return WorkflowError.of("configuration", f"{what} needs a model, and none is set up: {fix}", title="no-model")


async def ask(call: FunctionCall, prompt: str, values: Mapping[str, Any], reply: type[Any], *, what: str, model: str = "") -> Asked:
    """
    Return the answer of the first model that gives one. No secret that the run has read gets into the prompt.

    Raises:
        WorkflowError: configuration (`no-model`), communication when no model answers, runtime when the answers cannot be used; a budget
            that is used up.
    """
    from graphs.models import BadReply, ModelUnavailable, Usage

    models = await chosen(call, prompt, model)
    if not models:
        raise no_model(what, model)
    usage = Usage()
    await call.durable()
    try:
        answer = await call.models.only(models).ask(prompt, call.shown(dict(values)), reply, usage=usage)
    except ModelUnavailable as error:
        raise WorkflowError.of(
            "communication", f"{what} got no answer from a model: {error.why}. {error.fix}", title="Model Unavailable"
        ) from error
    except BadReply as error:
        raise WorkflowError.of("runtime", f"{what} got no answer that fits: {error.model}: {error.why}", title="Unusable Answer") from error
    finally:
        spent = sum(one.input_tokens + one.output_tokens for one in usage.calls)
        if spent:
            call.spent(tokens=spent, money=sum(one.money or 0.0 for one in usage.calls))
    counted = usage.to_json()
    return Asked(answer, usage.calls[-1].model, {key: counted[key] for key in ("calls", "input_tokens", "output_tokens")})

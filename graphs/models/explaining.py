"""Why a model did not answer, in words, and what to do about it."""

from __future__ import annotations

from typing import Protocol

from graphs.models.errors import Attempt
from graphs.models.ways import TOO_LONG

CHANGE = "PARLEY_MODEL"
SHOWN = 200  # characters of what a server said


class Named(Protocol):
    """What there is to say about a model."""

    @property
    def kind(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...


def explain(model: Named, error: BaseException) -> Attempt:
    """Say in words why *model* failed and what to do."""
    status, ollama = getattr(error, "status_code", None), model.kind == "ollama"
    host = "OLLAMA_HOST" if ollama else "OPENAI_BASE_URL"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        why = f"no answer from {model.where} within {model.timeout_s:g} s"
        return Attempt(model.name, why, "Raise PARLEY_MODEL_TIMEOUT_S or choose a smaller model")
    if isinstance(status, int) and status > 0:
        return _status(model, error, status, host)
    if isinstance(error, TypeError | ValueError | KeyError | AttributeError | IndexError):
        why = f"{model.where} answered with something that is no chat completion"
        return Attempt(model.name, why, f"Check that {host} is the address of such an API (it often ends in /v1)")
    fix = "Start it with `ollama serve`, or set OLLAMA_HOST" if ollama else f"Check that the server runs and that {host} is right"
    return Attempt(model.name, f"nothing answers at {model.where}", fix)


def _status(model: Named, error: BaseException, status: int, host: str) -> Attempt:
    name, where, ollama = model.name, model.where, model.kind == "ollama"
    if any(part in str(error).lower() for part in TOO_LONG):
        why = f"the request is too long for it ({status})"
        return Attempt(name, why, f"Start a new conversation, or choose a model with more context with {CHANGE}")
    if status in (401, 403):
        return Attempt(name, f"{where} refused the key ({status})", "Set OPENAI_API_KEY to a valid key" if not ollama else f"Check {host}")
    if status == 404:
        fix = f"Run `ollama pull {model.model}`" if ollama else f"Check the name in {CHANGE} and the address in {host}"
        return Attempt(name, f"{where} does not know the model {model.model!r} (404)", fix)
    if status == 429:
        return Attempt(name, f"{where} has no capacity left for this key (429)", f"Wait, or add another model to {CHANGE} after a comma")
    said = f": {str(error)[:SHOWN]}" if status < 500 else ""
    return Attempt(name, f"{where} answered with status {status}{said}", "Try again; if it stays, look at that server's log")

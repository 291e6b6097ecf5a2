"""The models that the settings choose, and whose calls they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from app.store.database import Database
    from graphs.models import Caps, ModelRouter, Scope
    from graphs.models.tracing import Trace


def router_of(settings: Settings) -> ModelRouter:
    """Return the router over the settings' models. Raises ValueError when one names no model."""
    from graphs.models import ModelRouter

    return ModelRouter.from_setting(
        settings.model or None,
        openai_base_url=settings.openai_base_url or "",
        openai_api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "",
        ollama_host=settings.ollama_host,
        timeout_s=settings.model_timeout_s,
        most_context=settings.ollama_context,
        retries=settings.model_retries,
        of_agents={
            "classifier": settings.model_classifier,
            "planner": settings.model_planner,
            "summarizer": settings.model_summarizer,
            "agent": settings.model_agent,
        },
        prices=settings.prices,
        small_models=settings.small_models,
    )


def scope_of(settings: Settings, database: Database, tenant: str, thread: str, trace: Trace | None = None) -> Scope:
    """Return the scope of one turn of a conversation: replies and what was used are in the database."""
    from app.store.model_calls import ModelCalls
    from graphs.models import Scope

    calls = ModelCalls(database, tenant, thread)
    return Scope(tenant=tenant, thread=thread, replies=calls, spending=calls, caps=caps_of(settings), trace=trace)


def caps_of(settings: Settings) -> Caps:
    """Return what turns, conversations and tenants may use."""
    from graphs.models import Caps

    return Caps(
        turn_tokens=settings.turn_tokens,
        turn_money=settings.turn_money,
        conversation_tokens=settings.conversation_tokens,
        conversation_money=settings.conversation_money,
        tenant_tokens=settings.tenant_tokens,
        tenant_money=settings.tenant_money,
    )

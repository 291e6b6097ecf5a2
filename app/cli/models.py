"""The models that the settings choose, for commands that need no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.failures import CommandFailed

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.models import ModelRouter


def model_router(settings: Settings) -> ModelRouter:
    """Return the router over PARLEY_MODEL. Raises CommandFailed when the setting names no model."""
    from graphs.models import ModelRouter

    key = settings.openai_api_key
    try:
        return ModelRouter.from_setting(
            settings.model or None,
            openai_base_url=settings.openai_base_url or "",
            openai_api_key=key.get_secret_value() if key else "",
            ollama_host=settings.ollama_host,
            timeout_s=settings.model_timeout_s,
        )
    except ValueError as error:
        raise CommandFailed(str(error), where="PARLEY_MODEL or --model", next_step="PARLEY_MODEL=offline", code="wrong-model") from None

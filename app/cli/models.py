"""The models that the settings choose, for commands that need no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.failures import CommandFailed

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.models import ModelRouter


def model_router(settings: Settings) -> ModelRouter:
    """Return the router over the settings' models, for one turn. Raises CommandFailed when one names no model."""
    from app.model_list import caps_of, router_of
    from graphs.models import Scope

    try:
        return router_of(settings).within(Scope(caps=caps_of(settings)))
    except ValueError as error:
        raise CommandFailed(str(error), where="PARLEY_MODEL or --model", next_step="PARLEY_MODEL=offline", code="wrong-model") from None

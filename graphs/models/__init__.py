"""Models: one list, tried in order, asked for pydantic values. See README.md."""

from graphs.models.errors import Attempt, BadReply, ModelError, ModelUnavailable
from graphs.models.redact import Redacted, redact
from graphs.models.router import ModelRouter
from graphs.models.usage import NOTHING, Usage, total

__all__ = ["NOTHING", "Attempt", "BadReply", "ModelError", "ModelRouter", "ModelUnavailable", "Redacted", "Usage", "redact", "total"]

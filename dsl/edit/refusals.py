"""Why an edit is not done."""

from __future__ import annotations

from dsl.problems import DslError


class EditRefused(DslError):
    """Nothing was changed; the message says which operation and why."""

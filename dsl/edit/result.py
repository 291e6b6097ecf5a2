"""What an edit gives, or why it is not done."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.problems import DslError


class EditRefused(DslError):
    """Nothing was changed; the message says which operation and why."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A changed text, and what changed in it."""

    text: str
    footprint: tuple[str, ...]  # references of what changed, as it is called now; what is gone, as it was called before
    untouched: tuple[str, ...]  # references, in the new text, of all other tasks: their text is what it was
    followed: tuple[str, ...] = ()  # tasks of the footprint that only follow: their `then` (or `call`) leads where it led before

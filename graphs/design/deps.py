"""What a design conversation needs from the outside; it arrives as LangGraph's runtime context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import available_timezones

import dsl
from graphs.models import ModelRouter
from graphs.run import later


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A definition without errors, ready to be proposed."""

    text: str  # YAML
    name: str
    title: str
    summary: str
    assumptions: tuple[str, ...] = ()  # what nobody stated, in words


class Examine(Protocol):
    def __call__(self, text_or_data: Any, catalogue: Mapping[str, dsl.Function], /) -> dsl.Examined:
        """Find everything there is to know about a definition; `graphs.run.later.examine` is one."""


async def no_runs(text: str) -> list[dict[str, Any]]:
    """There are no runs to tell about."""
    return []


async def no_workflows() -> list[dict[str, Any]]:
    """There are no approved workflows."""
    return []


def server_timezone(link: Path = Path("/etc/localtime")) -> str:
    """Return the name of this machine's time zone, "UTC" when it has none."""
    _, marked, name = str(link.resolve()).partition("/zoneinfo/")
    known = marked and name in available_timezones() and name != "Etc/UTC"
    return name if known else "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignDeps:
    """
    The outside of one conversation.

    `propose` stores a draft and returns `{"proposal_id", "digest", "version"}`; `status` returns runs that a question is about,
    newest first (`{name, status, reason, started_at, …}`); `workflows` returns approved workflows (`{name, title, …}`).
    """

    models: ModelRouter
    catalogue: Mapping[str, dsl.Function]
    propose: Callable[[Draft], Awaitable[dict[str, Any]]]
    examine: Examine = later.examine
    status: Callable[[str], Awaitable[list[dict[str, Any]]]] = no_runs
    workflows: Callable[[], Awaitable[list[dict[str, Any]]]] = no_workflows
    person: str = "me"  # the person asking, as assignees name them
    timezone: str = field(default_factory=server_timezone)

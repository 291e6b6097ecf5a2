"""Everything that can go wrong while a definition runs.

    RunError                 base
      WorkflowError          the definition's own failure, RFC 7807; `try` may catch it
      LeaseLost              another worker owns the run: stop at once, write nothing
      StoreUnavailable       the store stayed away longer than allowed: give the run up, another worker goes on
      HttpFailed             a request got no answer (ports.Http)
      SecretNotGranted       a secret is unknown or was not granted to this version (ports.Secrets)
      UnknownWorkflow        no approved definition has that name (ports.Workflows)
      TooManyGenerations     a run may not start another one (ports.Children)
      ProcessFailed          a program was not started or had to be ended (ports.Processes)
      Held                   the run was asked to stop at the next step, and has
      RunCancelled           the run was cancelled, and what could be undone was
      UnknownConnection      nothing is set up under that name (ports.Connections)
      ConnectionUnusable     a connection is described wrongly, or a value of it is not where it should be (ports.Connections)

LeaseLost and StoreUnavailable are the infrastructure's: they are never a workflow's result and no `try` sees them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlsplit

from graphs.run.ports import JSON

BASE = "https://serverlessworkflow.io/spec/1.0.0/errors/"
BUDGET = "urn:parley:errors:budget"  # of a run that used more than it may; no `try` catches it

# DSL 1.0.3, "Standard Error Types": name -> (status, title)
STANDARD: Mapping[str, tuple[int, str]] = {
    "configuration": (400, "Configuration Error"),
    "validation": (400, "Validation Error"),
    "expression": (400, "Expression Error"),
    "authentication": (401, "Authentication Error"),
    "authorization": (403, "Authorization Error"),
    "timeout": (408, "Timeout"),
    "communication": (500, "Communication Error"),
    "runtime": (500, "Runtime Error"),
}
Kind = Literal["configuration", "validation", "expression", "authentication", "authorization", "timeout", "communication", "runtime"]
# the base URI of the standard types is moving; examples and kits use both hosts and several paths
_STANDARD_HOSTS = ("serverlessworkflow.io", "serverlessworkflow.io.io", "open-workflow-specification.org")


class RunError(Exception):
    """Something went wrong in a run."""


class LeaseLost(RunError):
    """Another worker owns the run now."""


class StoreUnavailable(RunError):
    """The store did not come back in time."""


class Held(RunError):
    """The run stands still between two steps, as it was asked to; everything it did is durable."""


class RunCancelled(RunError):
    """The run was cancelled; what could be undone was."""


class SecretNotGranted(RunError):
    """The secret *name* is not set, or its use was not approved for this version."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the secret '{name}' is not available to this run")
        self.name = name


class UnknownWorkflow(RunError):
    """No approved workflow has this name and version."""

    def __init__(self, namespace: str, name: str, version: str) -> None:
        super().__init__(f"no approved workflow {namespace}/{name} in version {version}")


class UnknownConnection(RunError):
    """The operator has set up nothing under this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "there are none"
        super().__init__(f"there is no connection '{name}' ({there}): the operator names connections in the file of PARLEY_CONNECTIONS")


class ConnectionUnusable(RunError):
    """A connection is described wrongly, or a value of it is not where it should be; the text names both, never a value."""


class HttpFailed(RunError):
    """A request got no usable answer; `title` says it in a few words."""

    def __init__(
        self, message: str, kind: Literal["blocked", "invalid", "connect", "timeout", "too-large", "protocol", "resting"], title: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.title = title


class TooManyGenerations(RunError):
    """Runs have started runs that started runs, *count* times."""

    def __init__(self, count: int) -> None:
        super().__init__(f"runs have started each other {count} times in a row, and may not more often")


class ProcessFailed(RunError):
    """A program was not started, or had to be ended; its message says why."""

    def __init__(self, message: str, kind: Literal["missing", "refused", "start", "timeout", "output", "memory"]) -> None:
        super().__init__(message)
        self.kind = kind


class WorkflowError(RunError):
    """A task failed, in the form the DSL gives it. `path` is the execution that failed first, once known."""

    def __init__(self, type_: str, status: int, title: str = "", detail: str = "", instance: str = "") -> None:
        super().__init__(f"{title or type_} ({status})" + (f": {detail}" if detail else ""))
        self.type = type_
        self.status = status
        self.title = title
        self.detail = detail
        self.instance = instance
        self.path = ""

    @classmethod
    def of(cls, kind: Kind, detail: str, *, status: int | None = None, title: str = "") -> WorkflowError:
        """Return an error of a standard type; status and title default to the type's own."""
        default_status, default_title = STANDARD[kind]
        return cls(BASE + kind, status or default_status, title or default_title, detail)

    @classmethod
    def budget(cls, detail: str) -> WorkflowError:
        """Return the error of a run that used more than it may."""
        return cls(BUDGET, 429, "Budget Exceeded", detail)

    @property
    def final(self) -> bool:
        """Whether nothing in the run may catch it."""
        return self.type == BUDGET

    @classmethod
    def from_json(cls, error: Mapping[str, JSON]) -> WorkflowError:
        text = {key: str(error.get(key) or "") for key in ("type", "title", "detail", "instance")}
        return cls(text["type"], int(error.get("status") or 500), text["title"], text["detail"], text["instance"])

    def to_json(self) -> dict[str, JSON]:
        """Return `{type, status, title, detail, instance}`; empty texts are left out, type and status never are."""
        full = {"type": self.type, "status": self.status, "title": self.title, "detail": self.detail, "instance": self.instance}
        return {key: value for key, value in full.items() if value != ""}


def same_type(one: str, other: str) -> bool:
    """Tell whether two error types are the same; standard types compare by their last segment, whatever their base."""
    return one == other or (_standard_name(one) is not None and _standard_name(one) == _standard_name(other))


def _standard_name(type_: str) -> str | None:
    parts = urlsplit(type_)
    name = parts.path.rstrip("/").rpartition("/")[2]
    return name if parts.hostname in _STANDARD_HOSTS and name in STANDARD else None

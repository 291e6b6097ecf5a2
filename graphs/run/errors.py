"""Everything that can go wrong while a definition runs.

    RunError                 base
      WorkflowError          the definition's own failure, RFC 7807; `try` may catch it
      LeaseLost              another worker owns the run: stop at once, write nothing
      StoreUnavailable       the store stayed away longer than allowed: give the run up, another worker goes on
      HttpFailed             a request got no answer (ports.Http)
      SecretNotGranted       a secret is unknown or was not granted to this version (ports.Secrets)
      UnknownWorkflow        no approved definition has that name (ports.Workflows)

LeaseLost and StoreUnavailable are the infrastructure's: they are never a workflow's result and no `try` sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from graphs.run.ports import JSON

BASE = "https://serverlessworkflow.io/spec/1.0.0/errors/"

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


class SecretNotGranted(RunError):
    """The secret *name* is not set, or its use was not approved for this version."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the secret '{name}' is not available to this run")
        self.name = name


class UnknownWorkflow(RunError):
    """No approved workflow has this name and version."""

    def __init__(self, namespace: str, name: str, version: str) -> None:
        super().__init__(f"no approved workflow {namespace}/{name} in version {version}")


class HttpFailed(RunError):
    """A request got no usable answer; `title` says it in a few words."""

    def __init__(
        self, message: str, kind: Literal["blocked", "invalid", "connect", "timeout", "too-large", "protocol", "resting"], title: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.title = title


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

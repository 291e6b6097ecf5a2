"""Why an action was refused. The text says what; `why`, `where` and `next` say the rest; `code` is for programs.

ActionError
  NotFound    404  no such thing, or it belongs to another tenant: the two look the same
    Removed   404  a run that is no longer kept
  Forbidden   403  the person's role does not allow it
  Conflict    409  it does not fit what is there now: a stale digest, a decision already taken, a name and version already used
  Busy        429  there is too much waiting already: try again later
  Invalid     422  the definition or value is wrong; `problems` lists every mistake
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ActionError(Exception):
    """An action that was not done. Nothing was changed."""

    status = 400

    def __init__(self, what: str, *, code: str, why: str = "", where: str = "", next: str = "") -> None:  # noqa: A002 - the word users read
        super().__init__(what)
        self.what = what
        self.code = code
        self.why = why
        self.where = where
        self.next = next

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "where": self.where, "why": self.why, "next": self.next, "code": self.code}


class NotFound(ActionError):
    status = 404

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(
            f"There is no {kind} {id_!r}.",
            code=f"no-such-{kind.replace(' ', '-')}",
            next="Check the id; ids of other tenants are not shown.",
        )


class Removed(NotFound):
    """A run that has ended so long ago that it is no longer kept."""

    def __init__(self, run_id: str) -> None:
        super().__init__("run", run_id)
        self.args = (f"The run {run_id} is no longer kept.",)
        self.what, self.code = self.args[0], "run-removed"
        self.why = "Finished runs are removed after a while, with their journal: PARLEY_RETENTION_DAYS, or `retention` of their definition."
        self.next = "Start the workflow anew; what people decided stays in the audit."


class Forbidden(ActionError):
    status = 403

    def __init__(self, act: str, *, role: str, needed: str, why: str = "") -> None:
        super().__init__(
            f"You may not {act}.",
            code="forbidden",
            why=why or f"Your role is {role}; {needed} or more is needed.",
            next="Ask an administrator of Parley.",
        )


class Conflict(ActionError):
    status = 409


class Busy(ActionError):
    status = 429


class Invalid(ActionError):
    status = 422

    def __init__(
        self,
        what: str,
        *,
        code: str = "invalid",
        why: str = "",
        where: str = "",
        next: str = "",  # noqa: A002 - the word users read
        problems: Sequence[Any] = (),
    ) -> None:
        super().__init__(what, code=code, why=why, where=where, next=next)
        self.problems = list(problems)

    def to_json(self) -> dict[str, Any]:
        listed = [problem.to_json() if hasattr(problem, "to_json") else problem for problem in self.problems]
        return {**super().to_json(), "problems": listed}

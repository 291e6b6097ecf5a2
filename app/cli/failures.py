"""Why a command could not do what was asked: what, where, why, what next, and a code for programs.

    CommandFailed     raised by commands; every other exception becomes one in `explain`

Only exceptions of modules that are already imported can have been raised, so nothing heavy is imported to recognise them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

CHECK_FAILED = 1  # the workflow or the check failed, or was cancelled
WRONG_USAGE = 2
WAITING = 3


class CommandFailed(Exception):
    """A command ended without its result."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        why: str = "",
        next_step: str = "",
        code: str = "wrong-usage",
        exit_code: int = WRONG_USAGE,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.next_step = next_step
        self.code = code
        self.exit_code = exit_code
        self.details = dict(details or {})  # more keys for the JSON error, such as the problems of a definition

    def to_json(self) -> dict[str, Any]:
        words = {"what": self.what, "where": self.where, "why": self.why, "next": self.next_step, "code": self.code}
        return {"error": {**words, **self.details}}

    def to_text(self) -> str:
        """Lines for a terminal; empty parts are left out."""
        lines = [f"error: {self.what} [{self.code}]"]
        for label, words in (("where", self.where), ("why", self.why), ("next", self.next_step)):
            if words:
                lines.append(f"  {label + ':':6} {words}")
        return "\n".join(lines)


def explain(error: BaseException) -> CommandFailed | None:
    """Return *error* in words, or None when nobody foresaw it (then the details belong in the log)."""
    if isinstance(error, CommandFailed):
        return error
    for known in (_usage, _action, _definition, _model, _settings, _store, _database, _file):
        failure = known(error)
        if failure is not None:
            return failure
    return None


def invalid_definition(problems: Sequence[Any], *, where: str) -> CommandFailed:
    """Return the failure for a definition with errors; *problems* are `dsl.Problem`s."""
    errors = [problem for problem in problems if problem.severity == "error"]
    first = errors[0] if errors else problems[0]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    place = f"{where}:{first.line}:{first.column}" if first.line else where
    return CommandFailed(
        f"the definition has {len(errors)} error{'s' if len(errors) != 1 else ''}",
        where=f"{place} ({first.reference or 'the whole document'})",
        why=f"{first.message} [{first.code}]{more}",
        next_step=first.hint or f"parley validate {where} lists them all",
        code="invalid-definition",
        exit_code=CHECK_FAILED,
        details={"problems": [problem.to_json() for problem in problems]},
    )


def _class(module: str, name: str) -> tuple[type[BaseException], ...]:
    """Return the class as a tuple for `isinstance`; empty when its module was never imported."""
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def _usage(error: BaseException) -> CommandFailed | None:
    """Wrong options and arguments, as Typer reports them."""
    if not hasattr(error, "format_message") or not hasattr(error, "exit_code"):
        return None
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "parley"
    return CommandFailed(error.format_message(), where=command, next_step=f"{command} --help", code="wrong-usage")


def _action(error: BaseException) -> CommandFailed | None:
    """What `app.actions` refused: unknown, forbidden, stale, invalid."""
    if not isinstance(error, _class("app.actions", "ActionError")):
        return None
    problems = getattr(error, "problems", None)
    if problems and getattr(error, "code", "") == "invalid-definition":
        return invalid_definition(problems, where=getattr(error, "where", "") or "the definition")
    return CommandFailed(
        str(error),
        where=getattr(error, "where", ""),
        why=getattr(error, "why", ""),
        next_step=getattr(error, "next", "") or getattr(error, "hint", ""),
        code=str(getattr(error, "code", "refused")),
        exit_code=CHECK_FAILED,
    )


def _definition(error: BaseException) -> CommandFailed | None:
    if not isinstance(error, _class("dsl.problems", "InvalidDefinition")):
        return None
    return invalid_definition(error.problems, where="the definition")  # type: ignore[attr-defined]


def _model(error: BaseException) -> CommandFailed | None:
    """No model answered, or none with a usable answer: which one, and how to choose another."""
    if isinstance(error, _class("graphs.models.errors", "ModelUnavailable")):
        names = ", ".join(attempt.model for attempt in error.attempts)  # type: ignore[attr-defined]
        why, fix = str(error.why), str(error.fix)  # type: ignore[attr-defined]
        what, code = "no model answered", "model-unavailable"
    elif isinstance(error, _class("graphs.models.errors", "BadReply")):
        names, why, fix = error.model, str(error.why), ""  # type: ignore[attr-defined]
        what, code = "the model gave no usable answer", "bad-reply"
    elif isinstance(error, _class("graphs.models.errors", "BudgetReached")):
        return CommandFailed(
            "what may be spent on models is used up",
            where=error.setting,  # type: ignore[attr-defined]
            why=error.why,  # type: ignore[attr-defined]
            next_step=error.fix,  # type: ignore[attr-defined]
            code="budget",
            exit_code=CHECK_FAILED,
        )
    else:
        return None
    other = "PARLEY_MODEL=offline works without a network; parley doctor shows what is reachable"
    return CommandFailed(what, where=names, why=why, next_step=f"{fix}. {other}" if fix else other, code=code, exit_code=CHECK_FAILED)


def _settings(error: BaseException) -> CommandFailed | None:
    """A setting in the environment that cannot be read."""
    if not isinstance(error, _class("pydantic", "ValidationError")) or error.title != "Settings":  # type: ignore[attr-defined]
        return None
    first = error.errors()[0]  # type: ignore[attr-defined]
    name = ".".join(str(part) for part in first["loc"]) or "settings"
    return CommandFailed(
        f"the setting {name} cannot be used: {first['msg']}",
        where=f"the environment or .env: {name}",
        why=f"got {first.get('input')!r}",
        next_step="docs/settings.md lists every setting with its form",
        code="wrong-setting",
    )


def _store(error: BaseException) -> CommandFailed | None:
    """What the store says in its own words: no embedded server, a database that cannot be used, a key that cannot be read."""
    if isinstance(error, _class("app.settings", "UnusableKey")):
        return CommandFailed(
            str(error), where="PARLEY_ENCRYPTION_KEY or PARLEY_HOME/secrets.json", next_step="parley doctor", code="unusable-key"
        )
    if not isinstance(error, _class("app.store.errors", "StoreError")) or isinstance(error, _class("app.store.errors", "DatabaseAway")):
        return None
    what, _, why = str(error).partition("\n")
    return CommandFailed(what, where="the database", why=why, next_step="parley doctor", code="database-unusable", exit_code=CHECK_FAILED)


def _database(error: BaseException) -> CommandFailed | None:
    unreachable = (
        *_class("psycopg", "OperationalError"),
        *_class("psycopg_pool", "PoolTimeout"),
        *_class("sqlalchemy.exc", "OperationalError"),
        *_class("graphs.run.errors", "StoreUnavailable"),
        *_class("app.store.errors", "DatabaseAway"),
    )
    if not isinstance(error, unreachable):
        return None
    return CommandFailed(
        "the database does not answer",
        where="PARLEY_DATABASE_URL, or the embedded server in PARLEY_HOME",
        why=str(error).strip().split("\n")[0],
        next_step="parley doctor",
        code="database-unreachable",
        exit_code=CHECK_FAILED,
    )


def _file(error: BaseException) -> CommandFailed | None:
    if isinstance(error, _class("app.web.serve", "PortTaken")):
        return CommandFailed(str(error.strerror), where="PORT", next_step="parley doctor", code="port-taken", exit_code=CHECK_FAILED)  # type: ignore[attr-defined]
    if not isinstance(error, OSError) or error.filename is None:
        return None
    return CommandFailed(
        f"cannot use {error.filename}",
        where=str(error.filename),
        why=(error.strerror or str(error)).lower(),
        next_step="check the path and its permissions",
        code="file",
    )

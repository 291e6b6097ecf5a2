"""Which secrets a definition reads: in expressions as `$secrets.NAME`, in authentications as `use: NAME`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from dsl.checks.uses import authentications, declared
from dsl.expressions.program import is_expression
from dsl.nearest import did_you_mean, nearest
from dsl.pointer import join
from dsl.problems import Problem
from dsl.sites import Site

JSON = Any

_SECRET = re.compile(r"""\$secrets\s*(?:\.\s*([A-Za-z_]\w*)|\.?\[\s*"([^"\\]+)"\s*\]|\.\s*"([^"\\]+)")""")
_SCHEMES = ("basic", "bearer", "digest", "oauth2", "oidc")


def secrets_in(text: str) -> set[str]:
    """Return the names of secrets an expression reads from `$secrets`."""
    return {name for groups in _SECRET.findall(text) for name in groups if name}


def authentication_secrets(data: dict[str, JSON]) -> Iterator[tuple[str, str]]:
    """Yield (pointer, secret) of every authentication that names a secret by `use`, wherever it stands."""
    for pointer, scheme in authentications(data):
        for kind in _SCHEMES:
            part = scheme.get(kind)
            if isinstance(part, dict) and isinstance(part.get("use"), str):
                yield join(pointer, kind, "use"), part["use"]


def secrets(data: dict[str, JSON], sites: Collection[Site]) -> Iterator[Problem]:
    """Yield secrets that are read and not declared, and (advice) declared and not read."""
    known, used, anything = declared(data, "secrets"), set(), False
    for site in sites:
        if "$secrets" in site.text and (site.formula or is_expression(site.text)):
            found = secrets_in(site.text)
            anything = anything or len(found) < site.text.count("$secrets")  # "$secrets[.name]": which one shows only in a run
            used |= found
            for name in sorted(found - known.keys()):
                yield _undeclared(name, site.pointer, known)
    for reference, name in authentication_secrets(data):
        used.add(name)
        if name not in known and not is_expression(name):
            yield _undeclared(name, reference, known)
    used |= {nearest(name, known) or "" for name in used - known.keys()}  # surely meant
    for name, reference in known.items() if not anything else ():
        if name not in used:
            message = f"the secret '{name}' is declared, and nothing reads it"
            hint = f"remove it, or read it as `$secrets.{name}`" if re.fullmatch(r"[A-Za-z_]\w*", name) else "remove it"
            yield Problem(code="unused", reference=reference, message=message, hint=hint, severity="advice")


def _undeclared(name: str, reference: str, known: Collection[str]) -> Problem:
    hint = did_you_mean(name, known, f"declare it with `use: {{secrets: [{name}]}}`")
    return Problem(code="undeclared-secret", reference=reference, message=f"the secret '{name}' is not declared", hint=hint)

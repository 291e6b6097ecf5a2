"""What an operation asks for before it answers: keys in their places, and words for who is refused."""

from __future__ import annotations

from collections.abc import Sequence

from dsl.bindings import OpenApiBinding, OpenApiSecurity


def key_place(binding: OpenApiBinding) -> OpenApiSecurity | None:
    """Return where a token goes when the operation takes nothing but one key; else tokens go into `Authorization`."""
    ways = [way for way in binding.security if way]
    if not ways or any(scheme.kind != "apiKey" for way in ways for scheme in way):
        return None
    return next((way[0] for way in ways if len(way) == 1 and way[0].name and way[0].place), None)


def hint(binding: OpenApiBinding, *, given: bool) -> str:
    """Return what the document asks for, in words for an answer that refuses; "" when it asks for nothing."""
    ways = [" and ".join(_words(scheme) for scheme in way) for way in binding.security if way]
    if not ways:
        return ""
    return f"its document asks for {' or '.join(ways[:5])}" + ("" if given else ", and the task has no `authentication`")


def _words(scheme: OpenApiSecurity) -> str:
    if scheme.kind == "apiKey":
        return f"'{scheme.name}' in the {scheme.place}" if scheme.name else f"the key '{scheme.scheme}'"
    name = {"http": scheme.name or "http", "openIdConnect": "oidc"}.get(scheme.kind, scheme.kind)
    return f"{name}{_scopes(scheme.scopes)}" if name != "unknown" else f"'{scheme.scheme}'"


def _scopes(scopes: Sequence[str]) -> str:
    return f" with {', '.join(scopes[:5])}" if scopes else ""

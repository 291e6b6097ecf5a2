"""The nearest right name, for hints."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100  # characters; nobody mistypes a longer name, and comparing costs its square
_MOST = 200  # names that are compared


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name of *known* that *word* most likely meant, None when none is near."""
    from difflib import get_close_matches  # 3 ms, and most definitions need no hint

    if len(word) > _LONGEST:
        return None
    shortest, longest = len(word) * 3 / 7, len(word) * 7 / 3  # beyond these no name is near enough
    names = sorted({name for name in known if isinstance(name, str) and shortest <= len(name) <= longest})
    if len(names) > _MOST:
        names = [name for name in names if name[:1] == word[:1]][:_MOST]
    folded = {name.casefold(): name for name in reversed(names)}
    found = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return "did you mean 'x'?", or *otherwise*."""
    found = nearest(word, known)
    return f"did you mean '{found}'?" if found else otherwise


def quoted(names: Iterable[str], limit: int = 6) -> str:
    """Return "'a', 'b' and 3 more"."""
    listed = [f"'{name}'" for name in names]
    if len(listed) > limit:
        return ", ".join(listed[:limit]) + f" and {len(listed) - limit} more"
    return ", ".join(listed)

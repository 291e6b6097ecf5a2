"""Places in an address that are filled at run time: `{id}`, `<id>`, `:id`, and a word in capitals that names an answer given before."""

from __future__ import annotations

import re

from graphs.models.offline import conditions, objects
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Value

NAMED = re.compile(r"\{([A-Za-z_][\w.-]*)\}|(?<=/):([A-Za-z_]\w*)|(?<=[/=])([A-Z][A-Z0-9_-]+)(?=[/?&#]|$)")


def filled(url: str, scope: Scope, notes: Notes) -> str:
    """Return the address, as an expression when something in it is filled in: `${ "https://…/\\(.id | @uri)" }`."""
    places = list(NAMED.finditer(url))
    if not places:
        return url
    parts, at, any_ = [], 0, False
    for place in places:
        read = _value(place, scope, notes)
        parts += [_quoted(url[at : place.start()]), f"\\({read} | @uri)" if read else _quoted(place[0])]
        any_, at = any_ or bool(read), place.end()
    return f'${{ "{"".join(parts)}{_quoted(url[at:])}" }}' if any_ else url


def _value(place: re.Match[str], scope: Scope, notes: Notes) -> str:
    """Return jq for what stands at one place, "" when the words stay as they are; a place that nothing can fill is not understood."""
    name = place[1] or place[2] or place[3]
    answer = _answer(name, scope)
    if answer is not None:
        return answer.read(scope)
    if place[3]:
        notes.assume(f"in-capitals-{name.lower()}", f"“{name}” stands in the address as it is.")
        return ""
    item = scope.current
    if item is not None and "literal" in item.words and item.noun == name:
        return item.read(scope)
    if item is not None and item.noun == "input" and notes.input:
        notes.assume(f"given-{name.lower()}", f"“{place[0]}” in the address is `{name}` of the data that the workflow is started with.")
    elif item is None or item.many or item.joined or item.noun == "input":
        notes.unclear(place[0])
        return ""
    return conditions.path(item.read(scope), name)


def _answer(name: str, scope: Scope) -> Value | None:
    """Return the form's answer, or other single value, that *name* names: NUMBER, CUSTOMER_NUMBER, customerNumber."""
    said = objects.content(re.sub(r"(?<=[a-z])(?=[A-Z])|[_.-]+", " ", name))
    singles = (value for value in reversed(scope.known) if not value.many and value.inner and not value.joined)
    return next((value for value in singles if objects.covers({*value.words, value.noun}, said)), None)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

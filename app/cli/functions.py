"""Functions of a catalogue as a person reads them in a terminal: a list, a page about one, what a foreign document would give.

Lines end at the width that is asked for, where words allow it.
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsl import Function

EFFECTS = {
    "none": "touches nothing outside",
    "read": "reads from outside",
    "write": "changes something outside",
    "irreversible": "does something outside that cannot be taken back",
    "unknown": "may do anything outside",
}
MODELS = {"optional": "A model does it better; without one it still works.", "required": "Needs a model."}
SIGN_IN = {
    "oauth2": "OAuth 2",
    "openIdConnect": "OpenID Connect",
    "mutualTLS": "a client certificate",
    "unknown": "a scheme it does not describe",
}
NARROWEST, WIDEST = 60, 120
EFFECT_COLUMNS = len("irreversible")
ABOUT_LINES = 4  # of the description of one field
CALLS = {"openapi": "Calls", "mcp": "Calls the tool", "a2a": "Asks the agent at"}
LEVELS = 3  # of fields inside fields

Schema = Mapping[str, Any]


def width() -> int:
    """Return the terminal's width, at least 60 and at most 120 columns."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, NARROWEST), WIDEST)


def listing(functions: Iterable[Function], columns: int) -> list[str]:
    """Return the functions of the default catalogue: key and title, and below them what it does."""
    found = sorted(functions, key=lambda function: function.key)
    indent = max((len(function.key) for function in found), default=0) + 2
    lines = []
    for function in found:
        lines.append(f"{function.key:{indent}}{function.title}")
        lines += _wrapped(function.summary, columns, indent)
    return lines


def table(functions: Sequence[Function], columns: int) -> list[str]:
    """
    Return imported functions: effect, name and, where it fits, target; below them title, what it needs, how one signs in.

    What most of them have in common, address and sign-in, is not repeated: `common` tells it.
    """
    server, usual = common(functions)
    names = min(max(len(function.name) for function in functions), columns // 3)
    indent = EFFECT_COLUMNS + 2
    room = columns - indent - names - 2
    lines = []
    for function in functions:
        target = call_target(function, server)
        beside = len(function.name) <= names and len(target) <= room
        lines.append(f"{function.effect:{indent}}{function.name:{names}}  {target if beside else ''}".rstrip())
        lines += [] if beside else [f"{'':{indent}}{_shortened(target, columns - indent)}"]
        lines += _wrapped(_needs(function, usual), columns, indent)
    return lines


def common(functions: Sequence[Function]) -> tuple[str, str]:
    """Return the address and the sign-in of most of *functions*, "" where most have none."""
    servers = Counter(one.binding.server for one in functions if one.binding and one.binding.kind == "openapi")
    ways = Counter(sign_in(one) for one in functions)
    return tuple(counted.most_common(1)[0][0] if counted else "" for counted in (servers, ways))  # type: ignore[return-value]  # two


def call_target(function: Function, base: str = "") -> str:
    """Return "GET /orders" below *base*, with the address where there is none; the target of what is no HTTP request."""
    binding = function.binding
    if binding is None or binding.kind != "openapi":
        return function.target
    return f"{binding.method} {'' if binding.server == base else binding.server}{binding.path}"


def sign_in(function: Function) -> str:
    """Return how a call proves who it is from: "token (OAuth 2: orders:delete) and key (header X-Shop-Key), or nothing"."""
    binding = function.binding
    if binding is None or binding.kind != "openapi":
        return ""
    ways = []
    for needs in binding.security:
        parts = []
        for need in needs:
            how = f"{need.place} {need.name}" if need.kind == "apiKey" else need.name if need.kind == "http" else SIGN_IN[need.kind]
            parts.append(f"{need.scheme} ({how}{': ' + ', '.join(need.scopes) if need.scopes else ''})")
        ways.append(" and ".join(parts) or "nothing")
    return ", or ".join(ways) if ways != ["nothing"] else ""


def _needs(function: Function, usual: str) -> str:
    needed = function.input.get("required") or []
    parts = [function.title.rstrip(".")]
    parts += [f"Needs {', '.join(needed)}"] if needed else []
    parts += [f"Sign-in: {how}"] if (how := sign_in(function) or "none") != (usual or "none") else []
    return ". ".join(parts) + "."


def page(function: Function, columns: int, document: str = "") -> str:
    """
    Return a page about one function: what it does, what it takes, what it gives, an example to copy.

    Args:
        document: Where the OpenAPI document is that it comes from, for the example; "" for a function of the catalogue.
    """
    own = function.binding is None
    lines = [f"{function.title}    {f'call: {function.key}@default' if own else function.key}", ""]
    lines += _wrapped(function.summary, columns, 0) if function.summary.rstrip(".") != function.title else []
    lines += _wrapped(_behaviour(function), columns, 0)
    if function.binding is not None:
        lines += ["", *_wrapped(f"{CALLS[function.binding.kind]} {call_target(function)}", columns, 0)]
        lines += _wrapped(f"Sign-in: {how}", columns, 0) if (how := sign_in(function)) else []
    takes = "Takes (under `with`)" if own else "Takes"
    lines += ["", takes, *_fields(function.input, columns, "needed", empty="" if own else "nothing")]
    lines += ["", "Gives", *(_result(function.output, columns) if own or function.output else ["  anything"])]
    for example in (function.examples or [_made_up(function.input, function.input)])[:2]:
        lines += ["", "For example", *(f"  {line}" for line in _example(function, example, document))]
    return "\n".join(lines)


def _behaviour(function: Function) -> str:
    words = [f"It {EFFECTS[function.effect]}."]
    if function.person:
        words.append("A person answers.")
    if function.effect != "none":
        twice = "Doing it twice does no harm."
        words.append(twice if function.idempotent else "A run cut off in the middle of it asks a person before it goes on.")
    if function.model in MODELS:
        words.append(MODELS[function.model])
    return " ".join(words)


def _fields(schema: Schema, columns: int, word: str, empty: str = "") -> list[str]:
    """Return a table of the schema's fields: name, type, *word* where it must be there, what it is; inner fields below theirs."""
    rows = list(_rows(schema, schema, word, 1))
    if not rows:
        return [f"  {empty or 'anything: it depends on the form or the data'}"]
    widths = [min(max(len(row[column]) for row in rows), columns // 3) for column in range(3)]
    start = sum(widths) + 6
    lines = []
    for *cells, about in rows:
        line = "  ".join(f"{text:{size}}" for text, size in zip(cells, widths, strict=True))
        told = textwrap.wrap(about, max(columns - start - 2, 24)) if columns - start >= 34 else []
        fits = told and len(line) <= start - 2
        lines.append((f"{line}  {told[0]}" if fits else line).rstrip())
        rest = told[1:] if fits else textwrap.wrap(about, columns - 10)
        if len(rest) > ABOUT_LINES:
            rest = [*rest[: ABOUT_LINES - 1], f"{rest[ABOUT_LINES - 1]} …"]
        lines += [f"{'':{start if fits else 8}}{part}" for part in rest]
    return lines


def _rows(schema: Schema, root: Schema, word: str, level: int) -> Iterator[tuple[str, str, str, str]]:
    needed = schema.get("required") or ()
    for name, given in (schema.get("properties") or {}).items():
        part = _resolved(given, root)
        about = given.get("description") or part.get("description") or ""
        yield f"{'  ' * level}{name}", _type(given, root), word if name in needed else "", " ".join(str(about).split())
        if level < LEVELS:
            yield from _rows(part, root, word, level + 1)


def _resolved(schema: Schema, root: Schema) -> Schema:
    for _ in range(10):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        schema = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    return schema


def _type(schema: Schema, root: Schema) -> str:
    if isinstance(schema.get("$ref"), str):
        return _type(_resolved(schema, root), {})
    if "enum" in schema:
        return _shortened(" | ".join("nothing" if one is None else str(one) or "''" for one in schema["enum"]), 60)
    if "const" in schema:
        return str(schema["const"]).lower()
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return _shortened(" or ".join(dict.fromkeys(_type(one, root) for one in schema[word])), 60)
    kinds = schema.get("type") or ("object" if "properties" in schema or "allOf" in schema else "anything")
    names = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "null"] or ["nothing"]
    if names == ["array"] and schema.get("items"):
        names = [f"list of {_type(schema['items'], root)}"]
    elif names == ["string"] and schema.get("format"):
        names = [f"string ({schema['format']})"]
    default = f", default {json.dumps(schema['default'], ensure_ascii=False)}".replace('"', "") if "default" in schema else ""
    return " or ".join(names) + default


def _result(schema: Schema, columns: int) -> list[str]:
    """Return the result's fields; of a list those of its items, of several forms those of the first that has any."""
    if schema.get("properties"):
        return _fields(schema, columns, "")
    forms = [{**_resolved(one, schema), "$defs": schema.get("$defs", {})} for one in schema.get("anyOf") or schema.get("oneOf") or ()]
    if forms:
        lines = []
        for number, form in enumerate(forms[:4]):
            lines += [*(["  or"] if number else []), *_result(form, columns)]
        return lines
    item = _resolved(schema.get("items") or {}, schema)
    if item.get("properties"):
        return ["  a list; each has", *_fields({**item, "$defs": schema.get("$defs", {})}, columns, "")]
    return _fields({}, columns, "", empty="" if not schema else _type(schema, schema))


def _example(function: Function, arguments: Mapping[str, Any], document: str) -> list[str]:
    import yaml

    binding = function.binding
    what: dict[str, Any] = {"call": f"{function.key}@default", "with": dict(arguments)}
    name = f"{function.name}Something"
    if binding is not None:
        name = function.name
        if binding.kind == "openapi" and binding.operation and document:
            given = {"parameters": dict(arguments)} if arguments else {}
            what = {"call": "openapi", "with": {"document": {"endpoint": document}, "operationId": binding.operation, **given}}
    if not what["with"]:
        del what["with"]
    return yaml.safe_dump([{name: what}], sort_keys=False, allow_unicode=True, width=WIDEST).splitlines()


def _made_up(schema: Schema, root: Schema, level: int = 0) -> dict[str, Any]:
    """Return what is needed: the first choice, the default, an object of such values, else an expression with the field's name."""
    found: dict[str, Any] = {}
    for name in schema.get("required") or ():
        part = _resolved((schema.get("properties") or {}).get(name, {}), root)
        given = [*part.get("examples", ()), *([part["default"]] if "default" in part else ()), *part.get("enum", ())]
        inner = _made_up(part, root, level + 1) if level < LEVELS and not given else {}
        plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        found[name] = given[0] if given else inner or (f"${{ .{name} }}" if plain else f'${{ .["{name}"] }}')
    return found


def _shortened(text: str, columns: int) -> str:
    """Return *text*, with its middle left out where it is longer than *columns*."""
    if len(text) <= columns:
        return text
    end = (columns - 1) // 2
    return f"{text[: columns - 1 - end]}…{text[-end:]}"


def _wrapped(text: str, columns: int, indent: int) -> list[str]:
    """Return *text* as lines of at most *columns*, each after *indent* spaces."""
    return [
        f"{'':{indent}}{line}" for line in textwrap.wrap(text, max(columns - indent, 20), break_long_words=False, break_on_hyphens=False)
    ]

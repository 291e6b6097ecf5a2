"""Evaluate an expression over shapes instead of data: every field it reads and every comparison it makes is noted at its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from graphs.run.simulation.jq import Ast, NotRead, parse
from graphs.run.simulation.operations import added, compared, either, items, kind_of, truth, want
from graphs.run.simulation.shapes import (
    ANY,
    NOTHING,
    UNKNOWN,
    All,
    Either,
    Formula,
    Known,
    Listed,
    Made,
    Record,
    Source,
    Thing,
    Value,
    lifted,
    resolved,
    sources,
    union,
)

_DEEPEST = 12  # calls of an expression's own functions inside each other


@dataclass(slots=True)
class Found:
    """A field that is read where nothing can have it."""

    name: str
    known: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """One expression being read: variables, and what was found. `lenient`: inside something that copes with what is missing."""

    variables: Mapping[str, Value]
    found: list[Found] = field(default_factory=list)
    lenient: int = 0
    functions: Mapping[str, tuple[Ast, tuple[str, ...], Reading]] = field(default_factory=dict)  # own: body, parameters, where they stand
    depth: int = 0


def understood(text: str) -> bool:
    """Tell whether *text*, stripped, can be looked into."""
    try:
        parse(text)
    except NotRead:
        return False
    return True


def read(text: str, data: Value, variables: Mapping[str, Value]) -> tuple[Value, list[Found]]:
    """Return what *text*, stripped, gives for *data*, and the fields that nothing has."""
    try:
        tree = parse(text)
    except NotRead:
        return ANY, []
    reading = Reading(variables)
    try:
        return evaluate(tree, data, reading), reading.found
    except RecursionError:
        return ANY, []


def condition(text: str, data: Value, variables: Mapping[str, Value]) -> tuple[Formula, list[Found]]:
    """Return under which formula *text* holds for *data*."""
    value, found = read(text, data, variables)
    return truth(value), found


def evaluate(tree: Ast, data: Value, reading: Reading) -> Value:
    rule = _RULES.get(tree.op)
    return ANY if rule is None else rule(tree, data, reading)


def _field(tree: Ast, data: Value, reading: Reading) -> Value:
    return member(evaluate(tree.parts[0], data, reading), tree.value, reading)


def member(value: Value, name: str, reading: Reading | None = None) -> Value:
    """Return the field *name* of what *value* may be."""
    parts = [_member(thing, name) for thing in value]
    there = [part for part in parts if part is not None]
    if not there:
        if reading is not None and not reading.lenient and value and all(isinstance(thing, Record | Source) for thing in value):
            reading.found.append(Found(name, tuple(sorted({key for thing in value for key in _names(thing)}))))
        return NOTHING
    return union(*there)


def _member(thing: Thing, name: str) -> Value | None:
    """Return the field, None when it cannot be there."""
    if isinstance(thing, Source):
        return None if _closed(thing, name) else (thing.member(name),)
    if isinstance(thing, Record):
        if name in thing.fields:
            return thing.fields[name]
        inner = [found for one in thing.rest if (found := _member(one, name)) is not None]
        return union(*inner) if inner else None if thing.closed else ANY
    return ANY if isinstance(thing, Made) and thing.kind in ("", "object") else None


def _closed(source: Source, name: str) -> bool:
    schema = resolved(source.schema, source.document or source.schema)
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties or name in properties:
        return False
    return schema.get("additionalProperties") is False or (source.root.startswith("answer:") and not schema.get("additionalProperties"))


def _names(thing: Thing) -> list[str]:
    if isinstance(thing, Record):
        return [*thing.fields, *(name for one in thing.rest for name in _names(one))]
    if isinstance(thing, Source):
        return list(resolved(thing.schema, thing.document or thing.schema).get("properties") or ())
    return []


def _index(tree: Ast, data: Value, reading: Reading) -> Value:
    target, at = evaluate(tree.parts[0], data, reading), evaluate(tree.parts[1], data, reading)
    if all(isinstance(thing, Known) and isinstance(thing.value, int) for thing in at) or any(
        isinstance(thing, Made) and thing.kind == "number" for thing in at
    ):
        return _placed(target, at) or items(target)
    if all(isinstance(thing, Source) and thing.item is None and "array" not in thing.kinds and not thing.schema for thing in target):
        want(target, "object")  # by a name that is in the data: a table
        want(at, "string")
        return ANY
    kinds = {kind_of(thing) for thing in target}
    for kind in [asked for held, asked in (("object", "string"), ("array", "number")) if kinds == {held}]:
        want(at, kind)
    return items(target)


def _placed(target: Value, at: Value) -> Value:
    """Return what stands at a constant place of lists of which each place is known; empty otherwise."""
    if len(at) != 1 or not isinstance(at[0], Known):
        return ()
    place = at[0].value
    lists = [thing for thing in target if isinstance(thing, Listed) and -len(thing.places) <= place < len(thing.places)]
    return union(*(thing.places[place] for thing in lists)) if len(lists) == len(target) else ()


def _iterate(tree: Ast, data: Value, reading: Reading) -> Value:
    return items(evaluate(tree.parts[0], data, reading))


def _slice(tree: Ast, data: Value, reading: Reading) -> Value:
    target = evaluate(tree.parts[0], data, reading)
    for part in tree.parts[1:]:
        want(evaluate(part, data, reading), "number")
    return target


def _try(tree: Ast, data: Value, reading: Reading) -> Value:
    reading.lenient += 1
    found = [evaluate(part, data if number == 0 else ANY, reading) for number, part in enumerate(tree.parts)]
    reading.lenient -= 1
    return union(*found)


def _alternative(tree: Ast, data: Value, reading: Reading) -> Value:
    reading.lenient += 1
    left = evaluate(tree.parts[0], data, reading)
    reading.lenient -= 1
    return union(left, evaluate(tree.parts[1], data, reading))


def _text(tree: Ast, data: Value, reading: Reading) -> Value:
    for part in tree.parts:
        evaluate(part, data, reading)
    return (Made("string"),)


def _pipe(tree: Ast, data: Value, reading: Reading) -> Value:
    return evaluate(tree.parts[1], evaluate(tree.parts[0], data, reading), reading)


def _object(tree: Ast, data: Value, reading: Reading) -> Value:
    fields: dict[str, Value] = {}
    closed = True
    for key, part in zip(tree.parts[::2], tree.parts[1::2], strict=True):
        value = evaluate(part, data, reading)
        if key.op == "literal":
            fields[str(key.value)] = value
        else:
            evaluate(key, data, reading)
            closed = False
    return (Record(fields, closed=closed),)


def _array(tree: Ast, data: Value, reading: Reading) -> Value:
    if not tree.parts:
        return (Listed((), length=0),)
    inner = tree.parts[0]
    origin, where = _origin(inner, data, reading)
    found = evaluate(inner, data, reading)
    return (Listed(found, of=origin, where=where, length=None if origin or _many(inner) else _count(inner)),)


def _many(tree: Ast) -> bool:
    return tree.op in ("iterate", "call", "foreach", "recurse", "alternative") or any(_many(part) for part in tree.parts)


def _count(tree: Ast) -> int:
    return _count(tree.parts[0]) + 1 if tree.op == "comma" else 1


def _origin(tree: Ast, data: Value, reading: Reading) -> tuple[Source | None, Formula | None]:
    """Return the list that `[.x[] | select(…)]` takes from, and what it asks."""
    first, rest = (tree.parts[0], tree.parts[1]) if tree.op == "pipe" else (tree, None)
    if first.op != "iterate":
        return None, None
    reading.lenient += 1
    found = sources(evaluate(first.parts[0], data, reading))
    where = None
    if found and rest is not None and rest.op == "call" and rest.value == "select":
        where = truth(evaluate(rest.parts[0], items((found[0],)), reading))
    reading.lenient -= 1
    return (found[0] if found else None), where


def _negative(tree: Ast, data: Value, reading: Reading) -> Value:
    value = evaluate(tree.parts[0], data, reading)
    if len(value) == 1 and isinstance(value[0], Known) and isinstance(value[0].value, int | float):
        return (Known(-value[0].value),)
    want(value, "number")
    return (Made("number"),)


def _compare(tree: Ast, data: Value, reading: Reading) -> Value:
    reading.lenient += 1
    left, right = (evaluate(part, data, reading) for part in tree.parts)
    reading.lenient -= 1
    _missing(tree, data, reading)
    parts = [compared(one, tree.value, other) for one in left for other in right]
    known = [part for part in parts if part != UNKNOWN]
    return (Made("boolean", formula=known[0] if len(known) == 1 and len(parts) == 1 else either(parts)),)


def _missing(tree: Ast, data: Value, reading: Reading) -> None:
    """Note fields that nothing has: comparing them is a mistake as well, unless it is with null."""
    for part, other in zip(tree.parts, reversed(tree.parts), strict=True):
        if not (other.op == "literal" and other.value is None):
            evaluate(part, data, reading)


def _and(tree: Ast, data: Value, reading: Reading) -> Value:
    return (Made("boolean", formula=All(tuple(truth(evaluate(part, data, reading)) for part in tree.parts))),)


def _or(tree: Ast, data: Value, reading: Reading) -> Value:
    return (Made("boolean", formula=Either(tuple(truth(evaluate(part, data, reading)) for part in tree.parts))),)


def _arithmetic(tree: Ast, data: Value, reading: Reading) -> Value:
    left, right = (evaluate(part, data, reading) for part in tree.parts)
    if tree.value == "+":
        return added(left, right)
    if tree.value == "-" and any(isinstance(thing, Listed) for thing in (*left, *right)):
        return left
    if tree.value == "*" and any(isinstance(thing, Record) for thing in (*left, *right)):
        return added(left, right)
    if tree.value == "/" and any(kind_of(thing) == "string" for thing in (*left, *right)):
        want(union(left, right), "string")
        return (Made("array"),)
    want(union(left, right), "number")
    return (Made("number"),)


def _as(tree: Ast, data: Value, reading: Reading) -> Value:
    value = evaluate(tree.parts[0], data, reading)
    return evaluate(tree.parts[1], data, _having(reading, {tree.value: value}))


def _having(reading: Reading, variables: Mapping[str, Value]) -> Reading:
    return replace(reading, variables={**reading.variables, **variables})


def _fold(tree: Ast, data: Value, reading: Reading) -> Value:
    inner = _having(reading, {tree.value: evaluate(tree.parts[0], data, reading)})
    value = evaluate(tree.parts[1], data, inner)
    for part in tree.parts[2:]:
        value = union(value, evaluate(part, value, inner))
    return value


def _if(tree: Ast, data: Value, reading: Reading) -> Value:
    evaluate(tree.parts[0], data, reading)
    reading.lenient += 1
    found = union(evaluate(tree.parts[1], data, reading), evaluate(tree.parts[2], data, reading))
    reading.lenient -= 1
    return found


def _variable(tree: Ast, _data: Value, reading: Reading) -> Value:
    return reading.variables.get(tree.value, ANY)


def _update(tree: Ast, data: Value, reading: Reading) -> Value:
    """Return what an assignment gives: the object with another value in one field, or whatever it was."""
    target, given = tree.parts
    sign = tree.value
    if sign == "|=":
        value = evaluate(given, evaluate(target, data, reading), reading)
    elif sign in ("+=", "-=", "*=", "/=", "%="):
        value = _arithmetic(Ast("arithmetic", (target, given), sign[0]), data, _lenient(reading))
    else:
        value = evaluate(given, data, reading)
    if target.op == "field" and target.parts[0].op == "identity":
        return (Record({target.value: value}, data),)
    return data


def _lenient(reading: Reading) -> Reading:
    return replace(reading, lenient=reading.lenient + 1)


def _call(tree: Ast, data: Value, reading: Reading) -> Value:
    name, arguments = tree.value, tree.parts
    if name in reading.functions:
        return _own(reading.functions[name], data, arguments, reading)
    from graphs.run.simulation.jq_functions import apply  # its rules evaluate their arguments here

    return apply(name, data, arguments, reading)


def _own(function: tuple[Ast, tuple[str, ...], Reading], data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    """Apply a function that the expression itself defines; what calls itself over and over is left."""
    body, names, home = function
    if reading.depth > _DEEPEST:
        return ANY
    given: dict[str, tuple[Ast, tuple[str, ...], Reading]] = {
        name: (argument, (), reading) for name, argument in zip(names, arguments, strict=False)
    }
    own = replace(home, functions={**home.functions, **given}, depth=reading.depth + 1, lenient=reading.lenient)
    return evaluate(body, data, own)


def _define(tree: Ast, data: Value, reading: Reading) -> Value:
    body, rest = tree.parts
    functions = dict(reading.functions)
    inner = replace(reading, functions=functions)
    functions[tree.value] = (body, tuple(name.removeprefix("$") for name in tree.extra), inner)
    return evaluate(rest, data, inner)


_RULES: Mapping[str, Callable[[Ast, Value, Reading], Value]] = {
    "identity": lambda _tree, data, _reading: data,
    "literal": lambda tree, _data, _reading: lifted(tree.value),
    "field": _field,
    "index": _index,
    "iterate": _iterate,
    "slice": _slice,
    "try": _try,
    "text": _text,
    "pipe": _pipe,
    "comma": lambda tree, data, reading: union(*(evaluate(part, data, reading) for part in tree.parts)),
    "alternative": _alternative,
    "object": _object,
    "array": _array,
    "negative": _negative,
    "compare": _compare,
    "and": _and,
    "or": _or,
    "arithmetic": _arithmetic,
    "as": _as,
    "reduce": _fold,
    "foreach": _fold,
    "if": _if,
    "variable": _variable,
    "update": _update,
    "call": _call,
    "def": _define,
}

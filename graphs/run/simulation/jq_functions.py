"""What the functions of jq ask of the values they are given, and what they give: one rule each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from graphs.run.simulation.jq import Ast
from graphs.run.simulation.operations import either, items, kind_of, truth, want
from graphs.run.simulation.reading import Reading, evaluate
from graphs.run.simulation.shapes import (
    ANY,
    UNKNOWN,
    All,
    Atom,
    Formula,
    Known,
    Listed,
    Made,
    Not,
    Record,
    Source,
    Thing,
    Value,
    sources,
    union,
)

Rule = Callable[[Value, tuple[Ast, ...], Reading], Value]
_OF_LISTS = {
    "map", "sort", "sort_by", "group_by", "unique", "unique_by", "min_by", "max_by", "min", "max", "add", "first", "last", "any", "all",
    "join", "reverse", "flatten", "from_entries", "transpose", "implode",
}  # fmt: skip
_OF_TEXTS = {
    "startswith", "endswith", "ltrimstr", "rtrimstr", "split", "test", "match", "capture", "scan", "sub", "gsub", "ascii_downcase",
    "ascii_upcase", "explode", "fromjson", "trim", "ltrim", "rtrim", "splits", "strptime",
}  # fmt: skip
_OF_NUMBERS = {"floor", "ceil", "round", "sqrt", "fabs", "log", "exp", "todate", "gmtime", "localtime", "pow"}
_OF_OBJECTS = {"keys", "keys_unsorted", "to_entries", "has"}


def apply(name: str, data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    """Return what the function *name* gives for *data*; of one without a rule only what it asks is noted."""
    special = _FUNCTIONS.get(name)
    if special is not None:
        return special(data, arguments, reading)
    if name in _OF_TEXTS:
        want(data, "string")
    elif name in _OF_NUMBERS:
        want(data, "number")
    elif name in _OF_OBJECTS:
        want(data, "object")
    elif name in _OF_LISTS:
        items(data)
    for argument in arguments:
        evaluate(argument, data, reading)
    return ANY


def _select(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    formula = truth(evaluate(arguments[0], data, reading))
    for source in sources(data):
        if formula not in source.needs:
            source.needs.append(formula)
    return data


def _map(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    inner = items(data)
    where = None
    argument = arguments[0]
    if argument.op == "call" and argument.value == "select":
        where = truth(evaluate(argument.parts[0], inner, reading))
    elif argument.op == "pipe" and argument.parts[0].op == "call" and argument.parts[0].value == "select":
        where = truth(evaluate(argument.parts[0].parts[0], inner, reading))
    found = evaluate(argument, inner, reading)
    origin = _first_source(data)
    for thing in data:
        if isinstance(thing, Listed) and thing.where is not None:
            where = thing.where if where is None else All((thing.where, where))
    return (Listed(found, of=origin, where=where),)


def _first_source(data: Value) -> Source | None:
    for thing in data:
        if isinstance(thing, Source):
            return thing
        if isinstance(thing, Listed) and thing.of is not None:
            return thing.of
    return None


def _length(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    for thing in data:
        if isinstance(thing, Source | Listed):
            return (Made("number", size_of=thing),)
    return (Made("number"),)


def _quantified(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    if len(arguments) == 2:
        each = evaluate(arguments[0], data, reading)
        return (Made("boolean", formula=truth(evaluate(arguments[1], each, reading))),)
    each = items(data)
    return (Made("boolean", formula=truth(evaluate(arguments[0], each, reading) if arguments else each)),)


def _not(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    return (Made("boolean", formula=Not(truth(data))),)


def _tested(sign: str) -> Rule:
    def test(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
        wanted = evaluate(arguments[0], data, reading) if arguments else ANY
        literal = wanted[0].value if len(wanted) == 1 and isinstance(wanted[0], Known) else None
        parts: list[Formula] = []
        for thing in data:
            leaf = thing if isinstance(thing, Source) else thing.parts[0] if isinstance(thing, Made) and thing.parts else None
            if leaf is None or not isinstance(literal, str):
                parts.append(UNKNOWN)
                continue
            leaf.want("string")
            leaf.note(Atom(leaf.key, sign, literal))
            parts.append(Atom(leaf.key, sign, literal))
        return (Made("boolean", formula=parts[0] if len(parts) == 1 else either(parts)),)

    return test


def _contains(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    wanted = evaluate(arguments[0], data, reading)
    if any(kind_of(thing) == "array" for thing in wanted):
        items(data)
        return (Made("boolean"),)
    return _tested("contains")(data, arguments, reading)


def _through(kind: str) -> Rule:
    """Return the rule of a function that makes one leaf another kind of scalar: comparisons of it are comparisons of the leaf."""

    def convert(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
        for argument in arguments:
            evaluate(argument, data, reading)
        return (Made(kind, parts=tuple(sources(data)) if len(data) == 1 else ()),)

    return convert


def _to_number(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    for source in sources(data):
        if "string" not in source.kinds:
            source.want("number")
    return (Made("number", parts=tuple(sources(data)) if len(data) == 1 else ()),)


def _lower(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    want(data, "string")
    return (Made("string", parts=tuple(sources(data)) if len(data) == 1 else ()),)


def _add(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    each = evaluate(arguments[0], data, reading) if arguments else items(data)
    if any(kind_of(thing) in ("object", "array") for thing in each):
        return each
    return (Made("", parts=tuple(sources(each))),)


def _pick(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    return evaluate(arguments[0], data, reading) if arguments else items(data)


def _same_list(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    each = items(data)
    for argument in arguments:
        evaluate(argument, each, reading)
    origin = _first_source(data)
    where = next((thing.where for thing in data if isinstance(thing, Listed)), None)
    return (Listed(each, of=origin, where=where),)


def _one_of(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    each = items(data)
    for argument in arguments:
        evaluate(argument, each, reading)
    return each


def _limit(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    found = [evaluate(argument, data, reading) for argument in arguments]
    return found[-1] if found else ANY


def _without(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    for argument in arguments:
        evaluate(argument, data, replace(reading, lenient=reading.lenient + 1))
    return data


def _flat(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    each = items(data)
    return (Listed(items(each) if any(kind_of(thing) == "array" for thing in each) else each, of=_first_source(data)),)


def _map_values(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    fields = {name: value for thing in data if isinstance(thing, Record) for name, value in thing.fields.items()}
    if fields:
        return (Record({name: evaluate(arguments[0], value, reading) for name, value in fields.items()}, closed=False),)
    want(data, "object")
    return ANY


def _group(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    return (Listed(_same_list(data, arguments, reading)),)


def _entries(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    want(data, "object")
    values = [value for thing in data if isinstance(thing, Record) for value in thing.fields.values()]
    return (Listed((Record({"key": (Made("string"),), "value": union(*values) if values else ANY}),)),)


def _joined(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    for thing in items(data):
        if isinstance(thing, Source) and not thing.kinds:
            thing.want("string")
    for argument in arguments:
        want(evaluate(argument, data, reading), "string")
    return (Made("string"),)


def _split(data: Value, arguments: tuple[Ast, ...], reading: Reading) -> Value:
    want(data, "string")
    for argument in arguments:
        evaluate(argument, data, reading)
    return (Listed((Made("string"),)),)


def _typed(_data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    return ANY


def _kind_of_list(kind: str) -> Rule:
    def keep(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
        if kind:
            want(data, kind)
        return data

    return keep


def _asking(kind: str, gives: Thing) -> Rule:
    """Return the rule of a function that takes *kind* and gives something of its own."""

    def make(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
        want(data, kind)
        return (gives,)

    return make


def _empty(_data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    return ()


def _has(data: Value, _arguments: tuple[Ast, ...], _reading: Reading) -> Value:
    return (Made("boolean"),)


_FUNCTIONS: Mapping[str, Rule] = {
    "select": _select,
    "limit": _limit,
    "until": _limit,
    "nth": _limit,
    "del": _without,
    "flatten": _flat,
    "map_values": _map_values,
    "getpath": lambda _data, _arguments, _reading: ANY,
    "with_entries": lambda _data, _arguments, _reading: ANY,
    "walk": lambda _data, _arguments, _reading: ANY,
    "recurse": lambda _data, _arguments, _reading: ANY,
    "paths": lambda _data, _arguments, _reading: ANY,
    "map": _map,
    "length": _length,
    "any": _quantified,
    "all": _quantified,
    "not": _not,
    "startswith": _tested("starts"),
    "endswith": _tested("ends"),
    "test": _tested("matches"),
    "contains": _contains,
    "tonumber": _to_number,
    "tostring": _through("string"),
    "ascii_downcase": _lower,
    "ascii_upcase": _through("string"),
    "fromdate": _asking("date", Made("number")),
    "fromdateiso8601": _asking("date", Made("number")),
    "add": _add,
    "first": _pick,
    "last": _pick,
    "sort_by": _same_list,
    "sort": _same_list,
    "unique": _same_list,
    "unique_by": _same_list,
    "reverse": _same_list,
    "min_by": _one_of,
    "max_by": _one_of,
    "min": _one_of,
    "max": _one_of,
    "group_by": _group,
    "to_entries": _entries,
    "join": _joined,
    "split": _split,
    "floor": _through("number"),
    "ceil": _through("number"),
    "round": _through("number"),
    "has": _has,
    "type": _typed,
    "arrays": _kind_of_list("array"),
    "objects": _kind_of_list("object"),
    "strings": _kind_of_list("string"),
    "numbers": _kind_of_list("number"),
    "empty": _empty,
    "error": _empty,
    "now": lambda _data, _arguments, _reading: (Made("number"),),
    "range": lambda _data, _arguments, _reading: (Made("number"),),
    "keys": _asking("object", Listed((Made("string"),))),
    "todate": _asking("number", Made("string")),
    "tojson": lambda _data, _arguments, _reading: (Made("string"),),
}

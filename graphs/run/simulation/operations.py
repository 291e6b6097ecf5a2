"""What truth, elements, comparisons and sums are over shapes, whatever expression asks for them."""

from __future__ import annotations

from graphs.run.simulation.shapes import (
    ANY,
    JSON,
    UNKNOWN,
    All,
    Atom,
    Either,
    Fixed,
    Formula,
    Known,
    Listed,
    Made,
    Not,
    Record,
    Source,
    Thing,
    Value,
    resolved,
    sources,
    union,
)

_OPPOSITE = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def truth(value: Value) -> Formula:
    parts = [_truth(thing) for thing in value]
    return parts[0] if len(parts) == 1 else either(parts)


def _truth(thing: Thing) -> Formula:
    if isinstance(thing, Source):
        atom = Atom(thing.key, "truthy")
        thing.note(atom)
        return atom
    if isinstance(thing, Known):
        return Fixed(thing.value is not None and thing.value is not False)
    if isinstance(thing, Made):
        if thing.formula is not None:
            return thing.formula
        return Fixed(True) if thing.kind in ("number", "string", "object", "array") else UNKNOWN
    return Fixed(True)


def either(parts: list[Formula]) -> Formula:
    """Return one of several possibilities: what is fixed tells nothing about the way that data takes."""
    open_ones = [part for part in parts if not isinstance(part, Fixed)]
    return UNKNOWN if not open_ones else open_ones[0] if len(open_ones) == 1 else Either(tuple(open_ones))


def items(value: Value) -> Value:
    """Return what the elements of *value* may be."""
    found: list[Value] = []
    for thing in value:
        if isinstance(thing, Source):
            if "object" not in thing.kinds:
                thing.want("array")
            found.append((thing.element(),))
        elif isinstance(thing, Listed):
            found.append(thing.items)
        elif isinstance(thing, Record):
            found.append(union(*thing.fields.values()) if thing.fields else ANY)
        elif isinstance(thing, Made):
            found.append(ANY)
    return union(*found) if found else ANY


def compared(left: Thing, sign: str, right: Thing) -> Formula:
    """Return when *left* and *right* compare so; what is compared with a constant is noted at its source."""
    if isinstance(left, Known) and not isinstance(right, Known):
        return compared(right, _OPPOSITE[sign], left)
    if isinstance(left, Source) and isinstance(right, Source):
        left.alike.append(right)
        right.alike.append(left)
        return UNKNOWN
    if not isinstance(right, Known):
        if isinstance(left, Source) and isinstance(right, Made) and right.kind in ("number", "string"):
            left.want(right.kind)
        return UNKNOWN
    if isinstance(left, Source):
        atom = Atom(left.key, sign, right.value)
        left.note(atom)
        return atom
    if isinstance(left, Made):
        return _of_made(left, sign, right.value)
    if isinstance(left, Known) and sign in ("==", "!="):
        return Fixed((left.value == right.value) == (sign == "=="))
    return UNKNOWN


def _of_made(made: Made, sign: str, literal: JSON) -> Formula:
    if made.formula is not None and isinstance(literal, bool) and sign in ("==", "!="):
        return made.formula if literal == (sign == "==") else Not(made.formula)
    measured = made.size_of
    if measured is None:
        if len(made.parts) == 1:  # a number or text computed of one leaf: `tonumber`, `ascii_downcase`
            atom = Atom(made.parts[0].key, sign, literal)
            made.parts[0].note(atom)
            return atom
        return UNKNOWN
    if isinstance(measured, Source):
        atom = Atom(measured.key, f"size {sign}", literal)
        measured.note(atom)
        return atom
    if measured.of is None:
        return Fixed(_holds(measured.length, sign, literal)) if measured.length is not None else UNKNOWN
    nonempty = (sign, literal) in ((">", 0), (">=", 1), ("!=", 0))
    if nonempty or (sign, literal) in (("==", 0), ("<", 1), ("<=", 0)):
        some: Formula = Atom(measured.of.key, "size >", 0)
        some = some if measured.where is None else All((some, measured.where))
        return some if nonempty else Not(some)
    atom = Atom(measured.of.key, f"size {sign}", literal)
    return atom if measured.where is None else All((atom, measured.where))


def _holds(one: int, sign: str, other: JSON) -> bool | None:
    if isinstance(other, bool) or not isinstance(other, int | float):
        return None
    return {"==": one == other, "!=": one != other, "<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign]


def added(left: Value, right: Value) -> Value:
    """Return what `+` makes of both."""
    kinds = {kind for thing in (*left, *right) if (kind := kind_of(thing))}
    if "object" in kinds:
        want(union(left, right), "object")
        later = [thing for thing in right if isinstance(thing, Record)]
        fields: dict[str, Value] = {}
        for thing in later:
            fields.update(thing.fields)
        rest = [thing for thing in (*left, *right) if not (isinstance(thing, Record) and thing in later)]
        rest += [inner for thing in later for inner in thing.rest]
        own = _own_first(rest)
        return (Record(fields, tuple(own), closed=all(not isinstance(one, Record) or one.closed for one in later)),)
    if "array" in kinds:
        want(union(left, right), "array")
        lists = [thing for thing in (*left, *right) if isinstance(thing, Source)]
        return (Listed(union(items(left), items(right)), of=lists[0] if lists else None),)
    kind = "string" if "string" in kinds else "number" if "number" in kinds else ""
    if kind:
        want(union(left, right), kind)
        return (Made(kind),)
    for one in sources(left):
        for other in sources(right):
            one.alike.append(other)
            other.alike.append(one)
    return (Made(parts=(*sources(left), *sources(right))),)


def _own_first(rest: list[Thing]) -> list[Thing]:
    """Put records before sources: a field that a record has needs no other."""
    return [thing for thing in rest if not isinstance(thing, Source)] + [thing for thing in rest if isinstance(thing, Source)]


def kind_of(thing: Thing) -> str:
    if isinstance(thing, Known):
        value = thing.value
        if isinstance(value, bool) or value is None:
            return ""
        return "string" if isinstance(value, str) else "number"
    if isinstance(thing, Record):
        return "object"
    if isinstance(thing, Listed):
        return "array"
    if isinstance(thing, Made):
        return thing.kind
    return thing.kinds[0] if thing.kinds else str(_type_of(thing))


def _type_of(source: Source) -> str:
    kind = resolved(source.schema, source.document or source.schema).get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    return {"integer": "number"}.get(str(kind), str(kind)) if kind else ""


def want(value: Value, kind: str) -> None:
    for thing in value:
        if isinstance(thing, Source):
            thing.want(kind)
        elif isinstance(thing, Made):
            for part in thing.parts:
                part.want(kind)

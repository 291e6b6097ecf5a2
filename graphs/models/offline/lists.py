"""Steps on a list: keep, take the first ones, sort, count; and which field of an item is meant."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from graphs.models.offline import conditions, objects
from graphs.models.offline.clause import Clause, Condition, number
from graphs.models.offline.naming import sentence
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import AS_LIST, Scope, Value, key

FIELD_OPTIONS = ("amount", "total", "price")
STATE_OPTIONS = ("status", "state")
DATE_OPTIONS = ("created_at", "date")
COUNTED = ("item", "items", "piece", "pieces", "unit", "units", "point", "points", "hour", "hours", "minute", "minutes", "day", "days")


def items(value: Value | None, scope: Scope, notes: Notes) -> str:
    """Return jq for the value as a list; an answer that is none stops the run with words."""
    if value is not None and value.joined:
        notes.missing.append("a word that says which of the answers fetched side by side is meant, and not all of them")
    expression = value.read(scope) if value else "."
    if value is None or not value.raw:
        return expression
    notes.assume(
        "list-shape", "The answer is a list, or holds it under `orders`, `items`, `data` or `results`; any other shape stops the run."
    )
    return f"({AS_LIST})" if expression == "." else f"({expression} | {AS_LIST})"


def whole(scope: Scope) -> Value | None:
    """Return the newest list."""
    return next((value for value in reversed(scope.known) if value.many), scope.current)


def called(noun: str, value: Value | None, notes: Notes) -> None:
    """Take note of what a clause calls the items: another name is an assumption when nobody named them, a qualifier is not understood."""
    if objects.fits(noun, value) or value is None or value.noun == "input":
        return
    said = objects.content(noun)
    if len(said) == 1 and (not value.words or value.guessed):
        value.words |= {said[0]}
        if not objects.same(said[0], value.noun):
            notes.assume(f"each-{said[0]}", f"“{noun.strip()}” means the items of {value.named}.")
        return
    notes.unclear(noun.strip())


def settled(condition: Condition, notes: Notes) -> Condition:
    """Return a condition without "too high": from which number on, is asked."""
    if condition.parts:
        return replace(condition, parts=tuple(settled(part, notes) for part in condition.parts))
    if condition.kind == "older":
        notes.assume(
            "age", "Ages are read from a date such as 2026-01-31 or 2026-01-31T08:00:00Z, in UTC; an item without one is left out."
        )
    if condition.kind != "extreme":
        return condition
    over = "above" if condition.op == ">" else "below"
    why = f"“{condition.said}” says no number."
    answer = notes.ask("threshold", f"{over.capitalize()} which number of {condition.field}?", why=why, kind="number")
    value = number(answer) if re.fullmatch(r"-?\d+(?:[.,]\d+)?", answer) else 0
    return replace(condition, kind="compare", value=value, said=f"{condition.field} {over} {answer}")


def keep(clause: Clause, scope: Scope, notes: Notes) -> None:
    value, condition = whole(scope), settled(clause.values["condition"], notes)
    clause.values["condition"] = condition
    called(condition.about, value, notes)
    test = conditions.to_jq(condition, ".", lambda one: field_of(one, notes))
    if _numeric(condition):
        notes.assume("no-number", "Items without a plain number in that field are left out; “1,200.50” with a comma is not a plain number.")
    _contradiction(clause, value, notes)
    listed = items(value, scope, notes)
    listed = listed[1:-1] if listed.startswith("(if type") else listed
    wanted = f"({test}) | not" if clause.values["drop"] else test
    list_ = f"{listed}[]" if listed in (".",) or re.fullmatch(r"[$\w.]+", listed) else f"({listed})[]"
    made = _set(clause, scope, value, "keep", sentence(clause.said), f"[ {list_} | select({wanted}) ]")
    made.words |= frozenset(objects.content(condition.said)) | (
        {"rest", "others"} if clause.values["drop"] or clause.values.get("rest") else frozenset()
    )
    made.tests = (*(value.tests if value else ()), *(_simple(condition, drop=clause.values["drop"])))


def _simple(condition: Condition, *, drop: bool) -> tuple[tuple[str, str, float, str], ...]:
    """Return (field, operator, number, words) of the comparisons that every kept item passes."""
    if condition.kind == "all" and not drop:
        return tuple(one for part in condition.parts for one in _simple(part, drop=False))
    if condition.kind != "compare":
        return ()
    op = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[condition.op] if drop else condition.op
    return ((condition.field or "", op, float(condition.value), condition.said),)


def _contradiction(clause: Clause, value: Value | None, notes: Notes) -> None:
    """Say so when nothing can pass this test and the ones before it."""
    before = value.tests if value else ()
    own = _simple(clause.values["condition"], drop=clause.values["drop"])
    for at, (name, op, limit, said) in enumerate(own):
        for other, op_before, number_before, said_before in (*before, *own[:at]):
            up, down = (limit, number_before) if op.startswith(">") else (number_before, limit)
            strict = "=" not in op or "=" not in op_before
            if other == name and op[0] != op_before[0] and (up > down or (up == down and strict)):
                notes.remarks.append(f"“{said_before}” and “{said}” leave nothing over: no number is both.")


def take(clause: Clause, scope: Scope, notes: Notes, *, one: bool = False) -> Value:
    """Build "the first 5", "the newest 10"; with *one* the item itself instead of a list."""
    values, value = clause.values, whole(scope)
    called(values["noun"], value, notes)
    name = values["by"] or _order(values["sort"], clause, notes)
    by = f" | sort_by({conditions.path('.', name)}{' | (tonumber? // .)' if values['sort'] != 'date' else ''})" if name else ""
    by += " | reverse" if by and values["down"] else ""
    which = (".[-1]" if values["last"] else ".[0]") if one else f".[-{values['count']}:]" if values["last"] else f".[:{values['count']}]"
    title = (
        clause.said if re.match(r"(?:keep|take|only|select|pick|use|find|choose)\b", clause.said, re.IGNORECASE) else f"Take {clause.said}"
    )
    made = _set(clause, scope, value, "first", sentence(title), f"{items(value, scope, notes)}{by} | {which}", many=not one)
    made.words |= frozenset(objects.content(clause.said)) - {"rest"}
    return made


def _order(sort: str, clause: Clause, notes: Notes) -> str:
    """Return the field to sort by, asked for when nobody named it."""
    if sort == "date":
        return notes.ask(
            "date-field",
            "Which field says when an item was made?",
            why=f"“{clause.said}” needs it.",
            kind="field",
            options=DATE_OPTIONS,
            default=DATE_OPTIONS[0],
        )
    return _amount("amount", clause.said, notes) if sort == "amount" else ""


def sort(clause: Clause, scope: Scope, notes: Notes) -> None:
    value = whole(scope)
    called(clause.values["noun"], value, notes)
    down = " | reverse" if clause.values["down"] else ""
    by = f"sort_by({conditions.path('.', clause.values['by'])} | (tonumber? // .))"
    made = _set(clause, scope, value, "sort", sentence(clause.said), f"{items(value, scope, notes)} | {by}{down}")
    made.tests = value.tests if value else ()


def count(said: str, value: Value, scope: Scope, notes: Notes) -> Value:
    """Build the number of items."""
    task = scope.add(
        scope.name("count"), f"Count {value.named}", {"set": f"${{ {items(value, scope, notes)} | length }}"}, uses="set", serves=said
    )
    made = Value("number", many=False, producer=task, key="number", words=value.words | {value.noun, "count", "how", "many"})
    scope.known.append(made)
    scope.current = scope.dot = made
    return made


TOTALS = {
    "sum": "add",
    "total": "add",
    "average": "add / length",
    "mean": "add / length",
    "maximum": "max",
    "highest": "max",
    "minimum": "min",
    "lowest": "min",
}


def total(said: str, op: str, field: str, scope: Scope, notes: Notes) -> Value | None:
    """Build the sum or the mean of one field of all items."""
    value = whole(scope)
    if value is None or value.producer is None:
        notes.unclear(said)
        return None
    numbers = f"[ ({items(value, scope, notes)})[] | {conditions.path('.', field)} | tonumber ]"
    empty = "0" if TOTALS[op.lower()] == "add" else "null"
    title = f"{op.capitalize()} of {field}"
    expression = f"${{ {numbers} | if length == 0 then {empty} else {TOTALS[op.lower()]} end }}"
    task = scope.add(scope.name(f"{op}-{field}"), title, {"set": expression}, uses="set", serves=said)
    notes.assume("total", f"“{field}” is a number in each item; one that is none stops the run.")
    words = frozenset({op.lower(), "total", "sum", "average", field.lower(), "number", "result", "value"})
    made = Value(op.lower(), many=False, producer=task, key=key(f"{op}_{field}"), words=words, label=f"the {op} of {field}")
    scope.known.append(made)
    scope.current = scope.dot = made
    return made


def field(name: str, clause: Clause, scope: Scope, notes: Notes) -> Value:
    """Return one field of all items: "their names"."""
    value = whole(scope)
    notes.assume("fields", f"“{name}” is a field of each item.")
    expression = f"[ ({items(value, scope, notes)})[] | {conditions.path('.', name)} ]"
    return Value(f"{name}s", many=True, variable=expression, key=f"{name}s", label=f"their {name}s")


def pick(clause: Clause, scope: Scope, notes: Notes) -> None:
    """Keep only some fields of each item."""
    value, fields = whole(scope), clause.values["fields"]
    notes.assume("fields", f"{', '.join(f'“{name}”' for name in fields)} are fields of each item.")
    shape = ", ".join(f"{json.dumps(name)}: {conditions.path('.', name)}" for name in fields)
    _set(clause, scope, value, "pick", sentence(clause.said), f"[ ({items(value, scope, notes)})[] | {{{shape}}} ]")


def _set(clause: Clause, scope: Scope, value: Value | None, name: str, title: str, expression: str, *, many: bool = True) -> Value:
    noun = value.noun if value and value.noun != "input" else "items"
    task = scope.add(scope.name(name), title, {"set": f"${{ {expression} }}"}, uses="set", serves=clause.said)
    words = value.words if value else frozenset()
    label = value.label if value and many else ""
    made = Value(noun, many=many, producer=task, key=key(noun), words=words, label=label, guessed=bool(value and value.guessed))
    scope.known.append(made)
    scope.current = scope.dot = made
    return made


def field_of(condition: Condition, notes: Notes) -> str:
    """Return the field a condition is about; ask when nobody named it."""
    if condition.field and " " not in condition.field:
        return condition.field
    if condition.field:
        words = condition.field.lower().split()
        options = ("_".join(words), words[0] + "".join(word.title() for word in words[1:]), words[-1])
        return notes.ask(
            f"{'-'.join(words)}-field",
            f"Which field holds the {condition.field}?",
            why=f"“{condition.said}” needs it.",
            kind="field",
            options=options,
            default=options[0],
        )
    if condition.kind == "compare" and condition.unit in COUNTED:
        return notes.ask(
            f"{condition.unit.rstrip('s')}-field",
            f"Which field holds the number of {condition.unit}?",
            why=f"“{condition.said}” has to be compared with one number of each item.",
            kind="field",
            options=("quantity", "count"),
        )
    if condition.kind == "compare":
        what = "amount" if condition.unit in conditions.MONEY or not condition.unit else condition.unit
        return _amount(what, condition.said, notes)
    return notes.ask(
        "state-field",
        f"Which field says “{condition.value}”?",
        why=f"“{condition.said}” is about one field of each item.",
        kind="field",
        options=STATE_OPTIONS,
        default=STATE_OPTIONS[0],
    )


def _amount(what: str, said: str, notes: Notes) -> str:
    return notes.ask(
        "amount-field",
        f"Which field holds the {what}?",
        why=f"“{said}” has to be compared with one field of each item.",
        kind="field",
        options=FIELD_OPTIONS,
        default=FIELD_OPTIONS[0],
    )


def _numeric(condition: Condition) -> bool:
    return condition.kind == "compare" or any(_numeric(part) for part in condition.parts)

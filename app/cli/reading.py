"""Definitions and functions as a person reads them in a terminal: outlines, effects, a page about a function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

EFFECTS = {
    "none": "touches nothing outside",
    "read": "reads from outside",
    "write": "changes something outside",
    "irreversible": "does something outside that cannot be taken back",
    "unknown": "may do anything outside",
}
MODELS = {"optional": "A model does it better; without one it still works.", "required": "Needs a model."}


def outline_lines(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return an outline: each line as its author titles it, and below it what it does by the definition."""
    found = []
    for line in lines:
        indent = "  " * line["depth"]
        found.append(f"{indent}{line['number']} {line['text']}".rstrip())
        if line.get("detail"):
            found.append(f"{indent}{' ' * len(line['number'])} {line['detail']}")
    return found


def effect_lines(effects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return two lines an effect: what and where to; how often, after whose decision, with which secrets, by which task."""
    found = []
    for effect in effects:
        more = [str(effect.get("how_often") or "")]
        more += [f"after a decision by {effect['by'] or 'somebody'}"] if effect.get("decided_before") else []
        more += [f"with the secret {name}" for name in effect.get("secrets", ())]
        more += [str(effect["reference"])]
        found += [f"{effect['kind']:12} {effect['target']}", f"{'':12} {'; '.join(part for part in more if part)}"]
    return found


def page(function: Mapping[str, Any]) -> str:
    """Return a page about one function of the catalogue: what it does, what it takes, what it gives, an example to copy."""
    key = f"{function['name']}:{function['version']}"
    lines = [f"{function['title']}    call: {key}@default", "", function["summary"], *_behaviour(function)]
    lines += ["", "Takes (under `with`)", *_fields(function["input"], "needed")]
    lines += ["", "Gives", *_fields(function["output"], "")]
    for example in function["examples"][:2]:
        lines += ["", "For example", *(f"  {line}" for line in _example(function["name"], key, example))]
    return "\n".join(lines)


def _behaviour(function: Mapping[str, Any]) -> list[str]:
    words = [f"It {EFFECTS[function['effect']]}."]
    if function["person"]:
        words.append("A person answers.")
    if function["effect"] != "none":
        words.append(
            "Doing it twice does no harm."
            if function["idempotent"]
            else "A run cut off in the middle of it asks a person before it goes on."
        )
    if function["model"] in MODELS:
        words.append(MODELS[function["model"]])
    return [" ".join(words)]


def _fields(schema: Mapping[str, Any], word: str) -> list[str]:
    """Return a table of the schema's fields: name, type, *word* where it must be there, what it is."""
    parts = schema.get("properties") or {}
    if not parts:
        return ["  anything: it depends on the form or the data"]
    needed = schema.get("required") or ()
    rows = [(str(name), _type(part), word if name in needed else "", str(part.get("description") or "")) for name, part in parts.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  " + "  ".join(f"{text:{width}}" for text, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows]


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"]).lower()
    kinds = schema.get("type") or "anything"
    names = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "null"]
    default = f", default {schema['default']}" if "default" in schema else ""
    return " or ".join(map(str, names)) + default


def _example(name: str, key: str, arguments: Mapping[str, Any]) -> list[str]:
    import yaml

    task = [{f"{name}Something": {"call": f"{key}@default", "with": dict(arguments)}}]
    return yaml.safe_dump(task, sort_keys=False, allow_unicode=True, width=120).splitlines()

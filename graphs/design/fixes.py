"""Mistakes with one sensible correction are corrected without a model: the 0.8 dialect, a missing `${ }`, a name that is nearly right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dsl
from dsl.pointer import get, last, parent, split
from graphs.design.dialect import is_old, modern

Data = dict[str, Any]
Fix = Callable[[Data, dsl.Problem, Mapping[str, dsl.Function]], str]
QUOTED = re.compile(r"did you mean [\"'`“]([^\"'`”]+)[\"'`”]", re.IGNORECASE)


def mend(data: Any, problems: Sequence[dsl.Problem], catalogue: Mapping[str, dsl.Function]) -> tuple[Any, list[str]]:
    """
    Correct what can be corrected; *data* is not changed.

    Returns:
        The corrected copy, and one sentence per correction (empty: nothing was corrected).
    """
    import copy

    if is_old(data):
        return modern(data), ["the older 0.8 dialect was rewritten"]
    fixed, done = copy.deepcopy(data), []
    if isinstance(fixed, dict):
        done += _document(fixed)
        done += [words for problem in problems for fix in FIXES if (words := fix(fixed, problem, catalogue))]
    return fixed, list(dict.fromkeys(done))


def _document(data: Data) -> list[str]:
    """Add the document's fixed values when they are missing or badly written."""
    done = []
    document = data.setdefault("document", {})
    if not isinstance(document, dict):
        return []
    for key, value in (("dsl", "1.0.3"), ("namespace", "default"), ("version", "0.1.0")):
        if key not in document:
            document[key] = value
            done.append(f"`document.{key}` was added")
    if not re.fullmatch(r"1\.0\.\d+", str(document["dsl"])):
        document["dsl"] = "1.0.3"
        done.append("`document.dsl` is 1.0.3")
    for key in ("dsl", "version"):
        if not isinstance(document[key], str):
            document[key] = "1.0.3" if key == "dsl" else f"{document[key]}.0" if isinstance(document[key], float) else "0.1.0"
            done.append(f"`document.{key}` is text")
    for key in ("name", "namespace"):
        named = document.get(key)
        if isinstance(named, str) and not re.fullmatch(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", named):
            document[key] = re.sub(r"[^a-z0-9]+", "-", named.lower()).strip("-") or "workflow"
            done.append(f"`document.{key}` is written {document[key]!r}")
    return done


def _nearest(data: Data, problem: dsl.Problem, catalogue: Mapping[str, dsl.Function]) -> str:
    """Put the name from "did you mean 'x'?" in place of a value or key that is unknown."""
    found = QUOTED.search(problem.hint) or QUOTED.search(problem.message)
    if not found or not problem.code.startswith("unknown-"):
        return ""
    wanted, value = found[1], get(data, problem.reference)
    owner, key = get(data, parent(problem.reference)), last(problem.reference)
    if isinstance(value, str):
        if isinstance(owner, dict):
            owner[key] = wanted if problem.code != "unknown-function" or "@" in wanted else f"{wanted}@default"
            return f"{value!r} was read as {owner[key]!r}"
        return ""
    quoted = re.search(r"[\"'`“]([^\"'`”]+)[\"'`”]", problem.message)
    holder = (
        value if isinstance(value, dict) and quoted and quoted[1] in value else owner if isinstance(owner, dict) and key in owner else None
    )
    wrong = quoted[1] if quoted and isinstance(holder, dict) and quoted[1] in holder else key
    if not isinstance(holder, dict) or wanted in holder or wrong not in holder:
        return ""
    items = [(wanted if name == wrong else name, inner) for name, inner in holder.items()]
    holder.clear()
    holder.update(items)
    return f"{wrong!r} was read as {wanted!r}"


def _call(data: Data, problem: dsl.Problem, catalogue: Mapping[str, dsl.Function]) -> str:
    """Complete `call: notify` to `call: notify:1.0.0@default` when the catalogue has exactly that name."""
    reference = problem.reference if last(problem.reference) == "call" else f"{problem.reference}/call"
    value, owner = get(data, reference), get(data, parent(reference))
    if not isinstance(value, str) or value.endswith("@default") or not isinstance(owner, dict):
        return ""
    fits = [function.key for function in catalogue.values() if value.split("@")[0] in (function.name, function.key)]
    if len(fits) != 1:
        return ""
    owner["call"] = f"{fits[0]}@default"
    return f"`call: {value}` is written `{owner['call']}`"


def _wrapped(data: Data, problem: dsl.Problem, catalogue: Mapping[str, dsl.Function]) -> str:
    """Write `${ }` around, or mend it, where an expression has to stand."""
    value, owner = get(data, problem.reference), get(data, parent(problem.reference))
    if "expression" not in problem.code or not isinstance(value, str) or not isinstance(owner, dict):
        return ""
    text = value.strip()
    inner = re.fullmatch(r"\$\{\{(.*)\}\}|\{\{(.*)\}\}|\$\{(.*)", text, re.DOTALL)
    if inner and not re.fullmatch(r"\$\{[^{].*\}", text, re.DOTALL):
        body = next(part for part in inner.groups() if part is not None).strip()
        owner[last(problem.reference)] = f"${{ {body} }}"
        return f"the expression {text!r} is written `${{ }}`"
    if not text.startswith("${") and text.startswith((".", "$")):
        owner[last(problem.reference)] = f"${{ {text} }}"
        return f"`${{ }}` was put around {text!r}"
    return ""


def _metadata(data: Data, problem: dsl.Problem, catalogue: Mapping[str, dsl.Function]) -> str:
    """Move `title` or `description` of a task, which the language does not have, to its metadata."""
    parts = split(problem.reference)
    key = parts[-1] if parts else ""
    quoted = re.search(r"[\"'`“](title|description|name)[\"'`”]", problem.message)
    key = key if key in ("title", "description") else quoted[1] if quoted else ""
    owner = get(data, parent(problem.reference) if parts and parts[-1] == key else problem.reference)
    if (
        not key
        or not isinstance(owner, dict)
        or key not in owner
        or not any(
            kind in owner for kind in ("call", "do", "set", "wait", "switch", "for", "fork", "try", "emit", "listen", "raise", "run")
        )
    ):
        return ""
    value = owner.pop(key)
    metadata = owner.setdefault("metadata", {})
    if key == "title" and isinstance(metadata, dict) and isinstance(metadata.setdefault("parley", {}), dict):
        metadata["parley"].setdefault("title", value)
    return f"`{key}` of a task was moved to its metadata"


FIXES: tuple[Fix, ...] = (_nearest, _call, _wrapped, _metadata)

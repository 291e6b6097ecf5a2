"""What a version depends on, as digests: the functions it calls and the workflows it runs. Approved with it, compared at every start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import dsl

JSON = Any


class Pinned(Protocol):
    """An approved workflow that another one runs."""

    @property
    def digest(self) -> str: ...
    @property
    def definition(self) -> Mapping[str, JSON]: ...


def functions_called(data: JSON, catalogue: Mapping[str, Any]) -> list[str]:
    """Return the catalogue keys (`notify:1.0.0`) that *data* calls or gives an agent as tools, sorted."""
    called = {str(call).split("@")[0] for call in _values(data, "call") if isinstance(call, str)}
    for tools in _values(data, "tools"):  # of an agent, by name or {function, with}
        named = [tool.get("function") if isinstance(tool, Mapping) else tool for tool in (tools if isinstance(tools, list) else ())]
        called |= {name.split("@")[0] for name in named if isinstance(name, str)}
    return sorted(called & set(catalogue))


def workflows_run(data: JSON) -> list[str]:
    """Return the `namespace/name/version` of every workflow *data* runs, sorted."""
    found = set()
    for run in _values(data, "run"):
        child = run.get("workflow") if isinstance(run, Mapping) else None
        if isinstance(child, Mapping) and {"namespace", "name", "version"} <= child.keys():
            found.add(f"{child['namespace']}/{child['name']}/{child['version']}")
    return sorted(found)


def secrets_used(data: JSON) -> list[str]:
    """Return the names of `use.secrets`."""
    use = data.get("use") if isinstance(data, Mapping) else None
    names = use.get("secrets") if isinstance(use, Mapping) else None
    return sorted({str(name) for name in names}) if isinstance(names, list) else []


def lock_of(data: JSON, catalogue: Mapping[str, Any], children: Mapping[str, Pinned]) -> dict[str, dict[str, str]]:
    """
    Return `{"functions": {key: digest}, "workflows": {"namespace/name/version": digest}}`.

    *children* are the approved workflows that *data* runs, and theirs; the functions they call are locked with it. One that is not approved
    is left out, and the start refuses it.
    """
    called = {key for one in (data, *(child.definition for child in children.values())) for key in functions_called(one, catalogue)}
    return {
        "functions": {key: dsl.digest(catalogue[key].model_dump(mode="json")) for key in sorted(called)},
        "workflows": {name: children[name].digest for name in sorted(children)},
    }


def differences(old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]], data: JSON) -> list[str]:
    """Return in words what is no longer as it was approved."""
    found = [
        f"the function {key} has changed"
        for key, digest in old["functions"].items()
        if key in new["functions"] and new["functions"][key] != digest
    ]
    found += [f"the function {key} is gone" for key in old["functions"] if key not in new["functions"]]
    found += [
        f"the workflow {name} has changed" for name, digest in old["workflows"].items() if new["workflows"].get(name, digest) != digest
    ]
    found += [f"the workflow {name} is not approved" for name in workflows_run(data) if name not in new["workflows"]]
    return found


def _values(data: JSON, key: str) -> Iterator[JSON]:
    if isinstance(data, Mapping):
        if key in data:
            yield data[key]
        for value in data.values():
            yield from _values(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)

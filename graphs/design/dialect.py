"""Serverless Workflow 0.8, which many models learned, rewritten as 1.0: states become tasks, transitions become `then`.

Source: the 0.8 specification (states, functions, actions) beside the 1.0.3 one. What has no counterpart is left for the checker to name.
"""

from __future__ import annotations

import re
from typing import Any

Data = dict[str, Any]


def is_old(data: Any) -> bool:
    """Say whether *data* is a definition of the older dialect."""
    return isinstance(data, dict) and isinstance(data.get("states"), list) and "do" not in data


def modern(data: Data) -> Data:
    """Return the definition in today's words."""
    name = re.sub(r"[^a-z0-9]+", "-", str(data.get("id") or data.get("name") or "workflow").lower()).strip("-")
    document: Data = {"dsl": "1.0.3", "namespace": "default", "name": name or "workflow", "version": _version(data.get("version"))}
    if isinstance(data.get("document"), dict):
        document = {**document, **data["document"], "dsl": "1.0.3"}
    if isinstance(data.get("name"), str):
        document.setdefault("title", data["name"])
    functions = {entry["name"]: entry for entry in data.get("functions") or [] if isinstance(entry, dict) and "name" in entry}
    tasks: list[Data] = []
    for state in data["states"]:
        if isinstance(state, dict):
            tasks += _state(state, functions)
    result: Data = {"document": document}
    schedule = _schedule(data)
    if schedule:
        result["schedule"] = schedule
    return {**result, "do": tasks}


def _version(value: Any) -> str:
    text = str(value or "0.1.0")
    return text if re.fullmatch(r"\d+\.\d+\.\d+", text) else "0.1.0"


def _schedule(data: Data) -> Data | None:
    start = data.get("start")
    schedule = start.get("schedule") if isinstance(start, dict) else data.get("schedule")
    if isinstance(schedule, str):
        return {"cron": schedule} if len(schedule.split()) == 5 else None
    if isinstance(schedule, dict):
        cron = schedule.get("cron")
        expression = cron.get("expression") if isinstance(cron, dict) else cron
        return {"cron": expression} if isinstance(expression, str) else schedule if "every" in schedule or "on" in schedule else None
    return None


def _state(state: Data, functions: dict[str, Data]) -> list[Data]:
    """Return one state as one or several tasks; its `transition` goes to the last of them."""
    name, kind = str(state.get("name", "step")), str(state.get("type", "operation"))
    if kind == "switch":
        return [{name: {"switch": _cases(state)}}]
    if kind == "sleep":
        bodies: list[tuple[str, Data]] = [(name, {"wait": state.get("duration", "PT1S")})]
    elif kind == "inject":
        bodies = [(name, {"set": state.get("data", {})})]
    elif kind == "foreach":
        variable = str(state.get("iterationParam", "item"))
        inner = [{inner_name: body} for inner_name, body in _actions(state, functions, f"{name}-step")]
        bodies = [(name, {"for": {"each": variable, "in": state.get("inputCollection", "${ . }")}, "do": inner})]
    else:
        bodies = _actions(state, functions, name)
    if bodies and (then := _target(state)):
        bodies[-1][1]["then"] = then
    return [{inner_name: body} for inner_name, body in bodies]


def _target(state: Data) -> str:
    transition = state.get("transition")
    if isinstance(transition, dict):
        transition = transition.get("nextState")
    return str(transition) if transition else "end" if state.get("end") else ""


def _cases(state: Data) -> list[Data]:
    cases = []
    for number, case in enumerate(state.get("dataConditions") or [], start=1):
        cases.append(
            {str(case.get("name") or f"case-{number}"): {"when": case.get("condition", "${ true }"), "then": _target(case) or "continue"}}
        )
    default = state.get("defaultCondition")
    if isinstance(default, dict):
        cases.append({"otherwise": {"then": _target(default) or "continue"}})
    return cases


def _actions(state: Data, functions: dict[str, Data], name: str) -> list[tuple[str, Data]]:
    actions = [action for action in state.get("actions") or [] if isinstance(action, dict)]
    return [
        (name if len(actions) == 1 else str(action.get("name") or f"{name}-{number}"), _call(action, functions))
        for number, action in enumerate(actions, start=1)
    ]


def _call(action: Data, functions: dict[str, Data]) -> Data:
    """Return an action as a call; a REST function becomes `call: http` when its operation is an address."""
    reference = action.get("functionRef")
    called = reference.get("refName", "") if isinstance(reference, dict) else str(reference or "")
    arguments = reference.get("arguments", {}) if isinstance(reference, dict) else {}
    operation = str(functions.get(called, {}).get("operation", ""))
    rest = re.fullmatch(r"(?:(?P<method>get|post|put|patch|delete)[ #:]+)?(?P<url>https?://\S+)(?:#\w+)?", operation, re.IGNORECASE)
    if rest:
        with_: Data = {"method": (rest["method"] or arguments.pop("method", None) or "get").lower(), "endpoint": rest["url"]}
        body = arguments.get("body", arguments)
        return {"call": "http", "with": {**with_, **({"body": body} if body else {})}}
    return {"call": called, "with": arguments} if arguments else {"call": called}

"""Words of the older DSL (0.8) that models still mix in, with their form in 1.0."""

from __future__ import annotations

from typing import Any, Final

_DOCUMENT: Final = {
    "states": "1.0 has no states: list the tasks under `do:`, each as `- name: {…}`",
    "functions": "call HTTP with `call: http`, a catalogue function with `call: notify:1.0.0@default`; "
    "functions of your own stand under `use: {functions: {NAME: {…}}}`",
    "events": "name the event where it is used: `listen: {to: {one: {with: {type: …}}}}` or `emit: {event: {with: {…}}}`",
    "start": "leave it out: a workflow starts with the first task of `do`; when it runs is said by `schedule`",
    "specVersion": "write `document: {dsl: '1.0.3', namespace: …, name: …, version: …}`",
    "id": "write `document: {dsl: '1.0.3', namespace: …, name: …, version: …}`",
    "name": "write it in `document: {name: …}`",
    "version": "write it in `document: {version: …}`",
    "description": "write it in `document: {summary: …}`",
    "expressionLang": "leave it out: expressions are jq",
    "timeouts": "write `timeout: {after: …}`",
    "errors": "write them under `use: {errors: {…}}`",
    "retries": "write them under `use: {retries: {…}}`",
    "secrets": "write them under `use: {secrets: […]}`",
    "auth": "write them under `use: {authentications: {…}}`",
    "dataInputSchema": "write `input: {schema: {document: {…}}}`",
    "keepActive": "leave it out",
    "autoRetries": "leave it out: what is retried is said by `try: […]` with `catch: {retry: …}`",
    "workflowExecTimeout": "write `timeout: {after: …}`",
    "annotations": "write them under `document: {tags: {…}}`",
    "triggers": "write `schedule:` with `cron`, `every` or `on`",
    "constants": "put them where they are used, or in a first `set` task",
    "metadata": "write it in `document: {metadata: {…}}`",
}
_TASK: Final = {
    "type": "1.0 tells a task by its key: `call`, `do`, `for`, `fork`, `set`, `switch`, `try`, `wait` …",
    "actions": "list the actions as tasks under `do:`",
    "functionRef": "write `call: http` or `call: NAME:VERSION@default`, with the arguments under `with:`",
    "refName": "write `call: NAME:VERSION@default`",
    "operation": "write `call: http` with `with: {method: …, endpoint: …}`",
    "arguments": "write them under `with:`",
    "transition": "write `then: NAME`",
    "nextState": "write `then: NAME`",
    "next": "write `then: NAME`",
    "end": "write `then: end`",
    "stateDataFilter": "write `input: {from: …}` and `output: {as: …}`",
    "actionDataFilter": "write `input: {from: …}` and `output: {as: …}`",
    "eventDataFilter": "write `output: {as: …}`",
    "dataConditions": "write `switch:` with `- NAME: {when: …, then: …}`",
    "eventConditions": "write `listen:` and then a `switch:`",
    "defaultCondition": "write a last case without `when`: `- otherwise: {then: …}`",
    "onErrors": "write `try: […]` with `catch: {…}`",
    "onEvents": "write `listen: {to: {one: {with: {…}}}}`",
    "eventRefs": "write `listen: {to: {one: {with: {…}}}}`",
    "duration": "write `wait: PT30S`",
    "sleep": "write `wait: PT30S`",
    "inject": "write `set: {…}`",
    "callback": "write a `call:` and after it a task with `listen:`",
    "eventRef": "write `listen: {to: {one: {with: {type: …}}}}`, or `emit: {event: {with: {…}}}`",
    "triggerEventRef": "write `emit: {event: {with: {…}}}`",
    "resultEventRef": "write `listen: {to: {one: {with: {type: …}}}}`",
    "consumeEventRef": "write `listen: {to: {one: {with: {type: …}}}}`",
    "invoke": "write `run: {workflow: {…}, await: false}` to go on without waiting",
    "outputCollection": "write `output: {as: …}`",
    "batchSize": "leave it out: a `for` does one item after the other",
    "completionType": "write `fork: {compete: true}` to go on when the first branch is done",
    "numCompleted": "leave it out",
    "usedForCompensation": "write `metadata: {parley: {compensate: […]}}` on the task that it undoes",
    "retryableErrors": "write `catch: {errors: {with: {…}}}`",
    "nonRetryableErrors": "write `catch: {exceptWhen: …}`",
    "errorRef": "write `catch: {errors: {with: {type: …}}}`",
    "stateExecTimeout": "write `timeout: {after: …}`",
    "actionExecTimeout": "write `timeout: {after: …}`",
    "eventTimeout": "write `timeout: {after: …}`",
    "branchExecTimeout": "write `timeout: {after: …}`",
    "defaultEvent": "write a last case without `when`: `- otherwise: {then: …}`",
    "toStateData": "write `export: {as: …}`",
    "branches": "write `fork: {branches: […]}`",
    "iterationParam": "write `for: {each: NAME, in: …}`",
    "inputCollection": "write `for: {each: NAME, in: …}`",
    "compensatedBy": "write `metadata: {parley: {compensate: […]}}`",
    "subFlowRef": "write `run: {workflow: {namespace: …, name: …, version: …}}`",
    "produceEvents": "write `emit: {event: {with: {…}}}`",
    "data": "write `set: {…}`",
    "name": "the name is the key of the item: `- NAME: {call: …}`",
    "retryRef": "write `catch: {retry: NAME}`",
    "timeouts": "write `timeout: {after: …}`",
    "condition": "write `if: …`",
    "parallel": "write `fork: {branches: […]}`",
    "steps": "write `do: […]`",
    "foreach": "write `for: {each: NAME, in: …}` with `do: […]`",
}


def in_document(key: str) -> str | None:
    """Return the 1.0 form of an old word at the top of a document."""
    return _DOCUMENT.get(key)


def in_task(key: str) -> str | None:
    """Return the 1.0 form of an old word in a task."""
    return _TASK.get(key)


# the types of states of 0.8 and what became of them
_TYPES: Final = {
    "operation": "leave it out, and list what it does under `do:`",
    "switch": "leave it out, and write `switch: [{NAME: {when: …, then: …}}]`",
    "foreach": "leave it out, and write `for: {each: NAME, in: …}` with `do: […]`",
    "parallel": "leave it out, and write `fork: {branches: […]}`",
    "sleep": "leave it out, and write `wait: PT30S`",
    "delay": "leave it out, and write `wait: PT30S`",
    "inject": "leave it out, and write `set: {…}`",
    "event": "leave it out, and write `listen: {to: {one: {with: {type: …}}}}`",
    "callback": "leave it out, and write a `call:` and after it a task with `listen:`",
    "subflow": "leave it out, and write `run: {workflow: {…}}`",
}


def old_type(type_: object) -> str | None:
    """Return the 1.0 form of a state of that type of 0.8."""
    return _TYPES.get(type_) if isinstance(type_, str) else None


_BECAME: Final = {
    "operation": "`call:`",
    "switch": "`switch:`",
    "foreach": "`for:` with `do:`",
    "parallel": "`fork:`",
    "sleep": "`wait:`",
    "delay": "`wait:`",
    "inject": "`set:`",
    "event": "`listen:`",
    "callback": "`call:` and `listen:`",
    "subflow": "`run:`",
}


def document_hint(data: dict[str, Any]) -> str:
    """Return how a whole document of 0.8 is written in 1.0, with the tasks that its types of states became."""
    states = data.get("states")
    types = [state.get("type") for state in states if isinstance(state, dict)] if isinstance(states, list) else []
    became = [f"{type_} becomes {_BECAME[type_]}" for type_ in dict.fromkeys(map(str, types)) if type_ in _BECAME]
    rewritten = "rewrite it as `document: {dsl: '1.0.3', namespace: …, name: …, version: …}` and `do:` with `- NAME: {…}` for each state"
    return "; ".join([rewritten, *became, *(["transition becomes `then:`"] if became else [])])


def is_old_document(data: dict[str, Any]) -> bool:
    """Tell whether the whole document is written in the old dialect: then one problem says so, not one a line."""
    return "states" in data or ("specVersion" in data and "document" not in data)


# words at the top of a 0.8 document that hardly any other YAML file has
_TELLING: Final = frozenset({"states", "specVersion", "expressionLang", "dataInputSchema", "keepActive"})


def looks_like_definition(data: object) -> bool:
    """
    Tell whether *data* was meant as a workflow, of this dialect or an older one, however wrong it is.

    Other files of a folder (an input, an OpenAPI document, a compose file) do not: for those who look for definitions among them.
    """
    if not isinstance(data, dict):
        return False
    document, tasks = data.get("document"), data.get("do")
    if isinstance(document, dict) and ("dsl" in document or "do" in data or {"namespace", "name", "version"} <= set(document)):
        return True
    if isinstance(tasks, list) and any(isinstance(task, dict) for item in tasks if isinstance(item, dict) for task in item.values()):
        return True
    return bool(_TELLING & set(data)) and len(set(data) & set(_DOCUMENT)) > 1


def is_old_task_item(item: dict[str, Any]) -> bool:
    """Tell whether an item of a task list is an old state or action: the name as a field beside a type or a reference."""
    others = [key for key in item if key not in ("name", "condition", "data", "duration", "steps")]
    if "name" not in item or not others:
        return False
    return old_type(item.get("type")) is not None or any(key in _TASK and key != "type" for key in others)

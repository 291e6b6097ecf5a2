"""What people and models write in place of the DSL's own words, by the part it stands in: other names, and names one level off.

`PARTS` says which part stands under which key of which part: the map that `meant.py` follows.
"""

from __future__ import annotations

from typing import Final

# part -> key -> the part below; "*" stands for any key
PARTS: Final[dict[str, dict[str, str]]] = {
    "top": {
        "document": "document", "input": "input", "output": "output", "use": "use", "schedule": "schedule", "timeout": "timeout",
        "do": "tasks",
    },
    "use": {
        "errors": "named errors", "retries": "named retries", "functions": "named functions", "timeouts": "named timeouts",
        "authentications": "named authentications", "catalogs": "named catalogs", "secrets": "secrets", "extensions": "extensions",
    },
    "named errors": {"*": "error"},
    "named retries": {"*": "retry"},
    "named functions": {"*": "task"},
    "named timeouts": {"*": "timeout"},
    "extensions": {"*": "extension item"},
    "extension item": {"*": "extension"},
    "extension": {"before": "tasks", "after": "tasks"},
    "schedule": {"every": "duration", "after": "duration", "on": "strategy"},
    "task": {
        "input": "input", "output": "output", "export": "output", "timeout": "timeout", "do": "tasks", "try": "tasks", "for": "for",
        "fork": "fork", "catch": "catch", "switch": "cases", "raise": "raise", "emit": "emit", "listen": "listen", "foreach": "foreach",
        "run": "run", "wait": "duration", "set": "set", "call": "call", "then": "then",
    },
    "http": {"endpoint": "endpoint", "headers": "named texts", "query": "named texts"},
    "openapi": {"document": "resource"},
    "asyncapi": {"document": "resource"},
    "grpc": {"proto": "resource", "service": "service"},
    "a2a": {"agentCard": "resource"},
    "input": {"schema": "schema"},
    "output": {"schema": "schema"},
    "fork": {"branches": "tasks"},
    "for": {"in": "in"},
    "catch": {"errors": "errors", "retry": "retry", "do": "tasks"},
    "errors": {"with": "error filter"},
    "retry": {"limit": "limit", "delay": "duration", "backoff": "backoff"},
    "limit": {"attempt": "attempt", "duration": "duration"},
    "raise": {"error": "error"},
    "emit": {"event": "event"},
    "listen": {"to": "strategy"},
    "strategy": {"one": "filter", "any": "filters", "all": "filters"},
    "filters": {"*": "filter"},
    "foreach": {"do": "tasks", "output": "output", "export": "output"},
    "timeout": {"after": "duration"},
    "run": {"shell": "shell", "workflow": "subflow"},
    "cases": {"*": "case item"},
    "case item": {"*": "case"},
}  # fmt: skip

_DO: Final = dict.fromkeys(("steps", "tasks", "jobs", "flow", "stages", "actions"), "do")
_ERROR: Final = {"code": "status", "statusCode": "status", "message": "detail", "description": "detail", "name": "title"}
# part -> what is written -> the name it has here
RENAMED: Final[dict[str, dict[str, str]]] = {
    "top": {**_DO, "inputs": "input", "outputs": "output"},
    "document": {"description": "summary", "labels": "tags", "annotations": "tags", "specVersion": "dsl", "schemaVersion": "dsl"},
    "use": {
        "auth": "authentications", "authentication": "authentications", "secret": "secrets", "function": "functions", "retry": "retries",
        "error": "errors", "timeout": "timeouts", "catalog": "catalogs", "catalogues": "catalogs", "extension": "extensions",
    },
    "task": {
        "tasks": "do", "args": "with", "params": "with", "parameters": "with", "when": "if", "goto": "then", "onSuccess": "then",
        "inputs": "input", "outputs": "output",
    },
    "http": {
        "url": "endpoint", "uri": "endpoint", "address": "endpoint", "data": "body", "payload": "body", "json": "body", "params": "query",
        "parameters": "query", "queryParameters": "query", "queryParams": "query", "verb": "method", "header": "headers",
    },
    "openapi": {"operation": "operationId", "params": "parameters", "arguments": "parameters", "spec": "document"},
    "grpc": {"params": "arguments", "parameters": "arguments", "message": "arguments", "protobuf": "proto"},
    "asyncapi": {"operationId": "operation", "topic": "channel"},
    "resource": {"uri": "endpoint", "url": "endpoint"},
    "service": {"url": "host", "address": "host", "service": "name"},
    "endpoint": {"url": "uri", "href": "uri", "auth": "authentication", "authorization": "authentication"},
    "input": {"as": "from"},
    "output": {"from": "as", "to": "as"},
    "for": {"items": "in", "collection": "in", "list": "in", "of": "in", "as": "each", "item": "each", "var": "each", "index": "at"},
    "foreach": {"each": "item", "as": "item", "index": "at"},
    "case": {"condition": "when", "if": "when", "goto": "then", "next": "then", "transition": "then", "target": "then"},
    "error": _ERROR | {"details": "detail"},
    "error filter": _ERROR | {"message": "details", "description": "details"},
    "retry": {"interval": "delay", "wait": "delay"},
    "schedule": {"interval": "every", "event": "on", "events": "on", "trigger": "on"},
    "subflow": {"with": "input", "arguments": "input", "args": "input", "parameters": "input"},
    "duration": {
        "second": "seconds", "sec": "seconds", "secs": "seconds", "minute": "minutes", "min": "minutes", "mins": "minutes", "hour": "hours",
        "day": "days", "ms": "milliseconds", "millis": "milliseconds", "millisecond": "milliseconds",
    },
}  # fmt: skip

_EVENT: Final = ("source", "type", "data", "id", "subject", "time", "datacontenttype", "dataschema")
_ERROR_FIELDS: Final = ("type", "status", "title", "detail", "instance")
_BESIDE_DOCUMENT: Final = "write it beside `document`, not inside"
_RETRY: Final = "put the task into a list under `try:`, with `catch: {retry: …}` beside it"
# part -> what is written -> where it belongs; KEY stands for it
MOVED: Final[dict[str, dict[str, str]]] = {
    "top": {
        **dict.fromkeys(("cron", "every", "on", "after"), "write `schedule: {KEY: …}`"),
        **dict.fromkeys(("title", "summary", "tags", "namespace", "dsl"), "write `document: {KEY: …}`"),
        **dict.fromkeys(("authentications", "catalogs", "extensions"), "write `use: {KEY: …}`"),
    },
    "document": dict.fromkeys(("do", "input", "output", "use", "schedule", "timeout", "evaluate"), _BESIDE_DOCUMENT),
    "call http": dict.fromkeys(("method", "endpoint", "url", "uri", "body", "headers", "query", "redirect"), "write `with: {KEY: …}`"),
    "task": {
        "retry": _RETRY,
        "catch": "put the task into a list under `try:`, with `catch` beside it",
    },
    "try": {"retry": "write `catch: {retry: …}`", "errors": "write `catch: {errors: …}`", "as": "write `catch: {as: …}`"},
    "loop": dict.fromkeys(("in", "each", "at"), "write `for: {KEY: …}`"),
    "http": {"authentication": "write `endpoint: {uri: …, authentication: …}`", "auth": "write `endpoint: {uri: …, authentication: …}`"},
    "grpc": dict.fromkeys(("host", "port"), "write `service: {name: …, KEY: …}`"),
    "asyncapi": dict.fromkeys(("payload", "headers"), "write `message: {KEY: …}`"),
    "a2a": {
        **dict.fromkeys(("message", "id", "params", "arguments"), "write `method: message/send` and `parameters: {message: …}`"),
        **dict.fromkeys(("agent", "url", "endpoint"), "write `agentCard: {endpoint: …}` or `server: …`"),
    },
    "mcp": {
        **dict.fromkeys(("tool", "name", "arguments"), "write `method: tools/call` and `parameters: {name: …, arguments: {…}}`"),
        **dict.fromkeys(("server", "url", "endpoint", "http"), "write `transport: {http: {endpoint: …}}`"),
        **dict.fromkeys(("command", "stdio"), "write `transport: {stdio: {command: …}}`"),
    },
    "strategy": {"event": "write `one: {with: {…}}`", **dict.fromkeys(_EVENT, "write `one: {with: {KEY: …}}`")},
    "for": dict.fromkeys(("do", "while"), "write it beside `for`, not inside"),
    "raise": dict.fromkeys(_ERROR_FIELDS, "write `raise: {error: {KEY: …}}`"),
    "emit": {"with": "write `event: {with: …}`", **dict.fromkeys(_EVENT, "write `event: {with: {KEY: …}}`")},
    "event": dict.fromkeys(_EVENT, "write `with: {KEY: …}`"),
    "filter": dict.fromkeys(_EVENT, "write `with: {KEY: …}`"),
    "listen": {**dict.fromkeys(("one", "any", "all"), "write `to: {KEY: …}`"), "foreach": "write it beside `listen`, not inside"},
    "errors": dict.fromkeys((*_ERROR_FIELDS, "details"), "write `with: {KEY: …}`"),
    "catch": {"with": "write `errors: {with: …}`"},
    "limit": {"count": "write `attempt: {count: …}`"},
    "timeout": dict.fromkeys(("days", "hours", "minutes", "seconds", "milliseconds"), "write `after: {KEY: …}`"),
    "schedule": {"timezone": "write `document: {metadata: {parley: {timezone: …}}}`"},
}
# what a problem of such a key makes a consequence: the official name that is then missing, and how many levels up
MISSING: Final[dict[tuple[str, str], tuple[str, int]]] = {
    ("document", "do"): ("do", 1),
    ("for", "do"): ("do", 1),
    **{("mcp", key): ("transport", 0) for key in ("server", "url", "endpoint", "http", "command", "stdio")},
    **{(call, key): ("method", 0) for call, keys in (("mcp", ("tool", "name", "arguments")), ("a2a", ("message",))) for key in keys},
    **{("call http", key): ("with", 0) for key in MOVED["call http"]},
    **{("raise", key): ("error", 0) for key in _ERROR_FIELDS},
    **{("emit", key): ("event", 0) for key in ("with", *_EVENT)},
    **{(part, key): ("with", 0) for part in ("event", "filter") for key in _EVENT},
    **{("listen", key): ("to", 0) for key in ("one", "any", "all")},
    **{("timeout", key): ("after", 0) for key in MOVED["timeout"]},
}

_LIMIT: Final = "write `limit: {attempt: {count: 3}}`"
_NEEDS: Final = "leave it out: tasks run one after the other, and side by side in the branches of a `fork`"
_SCRIPT: Final = "write `script: {language: LANGUAGE, code: …}`"
# part -> what is written -> what to do, where neither another name nor another place is enough
OTHERWISE: Final[dict[str, dict[str, str]]] = {
    "task": {
        "else": "write a `switch` with a case for each way: `- yes: {when: …, then: NAME}` and `- no: {then: NAME}`",
        **dict.fromkeys(("dependsOn", "depends_on", "needs", "after", "runAfter"), _NEEDS),
        "finally": "write it as a task after this one: it comes whether an error was caught or not",
        "while": "`while` goes with `for`: write `for: {in: …}` beside it; to go round without a list, lead back with a `switch`",
    },
    "fork": dict.fromkeys(
        ("mode", "type", "wait", "race"), "write `compete: true` to take the first that is done, and nothing to wait for all"
    ),
    "for": dict.fromkeys(
        ("parallel", "concurrency", "mode", "batchSize", "max"),
        "leave it out: a `for` does one item after the other; the branches of a `fork` run side by side",
    ),
    "case": {"do": "a case only says where to go on: write the tasks as a task of its own, and `then` with its name"},
    "retry": dict.fromkeys(("maxAttempts", "attempts", "maxRetries", "retries", "times", "count", "max"), _LIMIT),
    "duration": {
        **dict.fromkeys(("until", "date"), "write how long: no task waits until a date; `schedule: {cron: …}` starts a workflow at one"),
        **dict.fromkeys(("for", "duration", "after", "time"), "write the duration right under `wait`"),
        **dict.fromkeys(("weeks", "week"), "write days, or ISO 8601 as in 'P2W'"),
        **dict.fromkeys(("months", "month", "years", "year"), "write ISO 8601 as in 'P1M' or 'P1Y'"),
    },
    "run": {
        **{name: _SCRIPT.replace("LANGUAGE", name) for name in ("python", "javascript", "js", "node")},
        **dict.fromkeys(("command", "cmd", "bash", "sh"), "write `shell: {command: …}`"),
        "image": "write `container: {image: …}`",
    },
}

# keys of JSON Schema that cannot be mistaken for something else beside `schema`, `from` and `as`
SCHEMA_WORDS: Final = frozenset(
    {"type", "properties", "required", "items", "enum", "const", "oneOf", "anyOf", "allOf", "not", "$schema", "$ref", "$defs", "$id"}
    | {"additionalProperties", "patternProperties", "minimum", "maximum", "minLength", "maxLength", "minItems", "pattern", "title"}
    | {"description", "default", "examples", "definitions", "format"}
)

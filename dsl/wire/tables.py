"""Every record of the wire: what each kind of task has, and the document around them.

A kind here is what a model chooses first: the twelve of the language, with `call` and `run` told apart by what is called or
run (`http`, `grpc`, … `script`, `workflow`), and every function of the catalogue by the name behind `call:`. `function` is a call by
name of what `use.functions` or a catalogue of one's own declares.
"""

from __future__ import annotations

from typing import Any, Final

from dsl.wire.records import Field, Named, Nested, Record
from dsl.wire.shapes import Authentication, Boolean, Choice, Duration, Integer, Listed, OneKey, OrText, Pairs, Text, Value
from dsl.wire.tasklist import FunctionTasks, Tasks

JSON = Any

TEXT: Final = Text()
VALUE: Final = Value()
PAIRS: Final = Pairs()
DURATION: Final = Duration()
NAMED_TEXTS: Final = OrText(Pairs())
AUTHENTICATION: Final = Authentication()
TASKS: Final = Tasks()
ENDPOINT_PARTS: Final = Record((Field(("uri",), TEXT, required=True), Field(("authentication",), AUTHENTICATION)), extra=False)
ENDPOINT: Final = OrText(Nested(ENDPOINT_PARTS, "endpoint"))
ITERATOR: Final = (("item", TEXT), ("at", TEXT), ("do", TASKS))


def _f(path: str, shape: Any, wire: str = "", about: str = "", *, required: bool = False) -> Field:
    return Field(tuple(path.split(".")), shape, tuple(wire.split(".")) if wire else (), required, about)


FILTER: Final = Record(
    (
        _f("with.type", TEXT),
        _f("with.source", TEXT),
        _f("with.subject", TEXT),
        _f("with.data", VALUE),
        _f("correlate", Named(Record((_f("from", TEXT, required=True), _f("expect", TEXT)), extra=False))),
    ),
    about="what an event must be",
)
_FILTER: Final = Nested(FILTER, "filter", keep_empty=True)
RETRY: Final = Record(
    (
        _f("when", TEXT),
        _f("exceptWhen", TEXT),
        _f("delay", DURATION),
        _f("backoff", OneKey(("constant", "linear", "exponential"))),
        _f("limit.attempt.count", Integer(), "attempts"),
        _f("limit.duration", DURATION, "within"),
    )
)
ERROR: Final = Record(
    (_f("type", TEXT, required=True), _f("status", Integer(), required=True), _f("title", TEXT), _f("detail", TEXT), _f("instance", TEXT)),
    extra=False,
)


def _strategy(path: str, wire: str = "") -> tuple[Field, ...]:
    shapes = {"one": _FILTER, "any": Listed(_FILTER), "all": Listed(_FILTER), "until": TEXT}
    return tuple(_f(f"{path}.{name}", shape, f"{wire}{name}") for name, shape in shapes.items())


def _foreach(path: str) -> tuple[Field, ...]:
    return tuple(_f(f"{path}.{name}", shape, f"foreach.{name}") for name, shape in ITERATOR)


_RETURNS: Final = _f("with.output", Choice(("raw", "content", "response")), "returns")
_REDIRECT: Final = _f("with.redirect", Boolean())
_CALL_AUTHENTICATION: Final = _f("with.authentication", AUTHENTICATION)
_PARAMETERS: Final = _f("with.parameters", OrText(PAIRS))
_DOCUMENT: Final = _f("with.document.endpoint", ENDPOINT, "document", required=True)

CALLS: Final[dict[str, tuple[Field, ...]]] = {
    "http": (
        _f("with.method", TEXT, required=True),
        _f("with.endpoint", ENDPOINT, required=True),
        _f("with.headers", NAMED_TEXTS),
        _f("with.query", NAMED_TEXTS),
        _f("with.body", VALUE),
        _RETURNS,
        _REDIRECT,
    ),
    "openapi": (_DOCUMENT, _f("with.operationId", TEXT, required=True), _PARAMETERS, _CALL_AUTHENTICATION, _RETURNS, _REDIRECT),
    "grpc": (
        _f("with.proto.endpoint", ENDPOINT, "proto", required=True),
        _f("with.service.name", TEXT, "service", required=True),
        _f("with.service.host", TEXT, required=True),
        _f("with.service.port", Integer()),
        _f("with.service.authentication", AUTHENTICATION),
        _f("with.method", TEXT, required=True),
        _f("with.arguments", PAIRS),
    ),
    "asyncapi": (
        _DOCUMENT,
        _f("with.channel", TEXT),
        _f("with.operation", TEXT),
        _f("with.server.name", TEXT, "server"),
        _f("with.protocol", TEXT),
        _f("with.message.payload", PAIRS),
        _f("with.message.headers", PAIRS),
        _f("with.subscription.filter", TEXT),
        _f("with.subscription.consume.amount", Integer()),
        _f("with.subscription.consume.for", DURATION),
        _f("with.subscription.consume.while", TEXT),
        _f("with.subscription.consume.until", TEXT),
        *_foreach("with.subscription.foreach"),
        _CALL_AUTHENTICATION,
    ),
    "a2a": (
        _f("with.method", TEXT, required=True),
        _f("with.agentCard.endpoint", ENDPOINT, "agentCard"),
        _f("with.server", ENDPOINT),
        _PARAMETERS,
    ),
    "mcp": (
        _f("with.method", TEXT, required=True),
        _PARAMETERS,
        _f("with.transport.http.endpoint", ENDPOINT),
        _f("with.transport.http.headers", PAIRS),
        _f("with.transport.stdio.command", TEXT),
        _f("with.transport.stdio.arguments", Listed(TEXT)),
        _f("with.transport.stdio.environment", PAIRS),
        _f("with.timeout", DURATION, "callTimeout"),
    ),
}
_PROCESS: Final = (_f("run.await", Boolean()), _f("run.return", Choice(("stdout", "stderr", "code", "all", "none"))))


def _process(kind: str) -> tuple[Field, ...]:
    """Return what a container, a script and a shell command have in common."""
    own = (("stdin", TEXT), ("arguments", Listed(TEXT)), ("environment", PAIRS))
    return (*(_f(f"run.{kind}.{name}", shape) for name, shape in own), *_PROCESS)


RUNS: Final[dict[str, tuple[Field, ...]]] = {
    "workflow": (
        _f("run.workflow.namespace", TEXT, required=True),
        _f("run.workflow.name", TEXT, "workflow", required=True),
        _f("run.workflow.version", TEXT, required=True),
        _f("run.workflow.input", PAIRS, "with"),
        *_PROCESS,
    ),
    "script": (
        _f("run.script.language", TEXT, required=True),
        _f("run.script.code", TEXT),
        _f("run.script.source.endpoint", ENDPOINT, "source"),
        *_process("script"),
    ),
    "shell": (_f("run.shell.command", TEXT, required=True), *_process("shell")),
    "container": (
        _f("run.container.image", TEXT, required=True),
        _f("run.container.name", TEXT, "container"),
        _f("run.container.command", TEXT),
        _f("run.container.ports", PAIRS),
        _f("run.container.volumes", PAIRS),
        *_process("container"),
    ),
}
_CASES: Final = Named(
    Record((_f("when", TEXT, about="none: the default case"), _f("then", TEXT, required=True)), extra=False), as_items=True
)

OWN: Final[dict[str, tuple[Field, ...]]] = {
    **CALLS,
    "function": (_f("call", TEXT, "function", required=True), _f("with", PAIRS)),
    "do": (_f("do", TASKS, required=True),),
    "emit": (
        _f("emit.event.with.type", TEXT, required=True),
        _f("emit.event.with.source", TEXT, about="a URI", required=True),
        _f("emit.event.with.subject", TEXT),
        _f("emit.event.with.data", VALUE),
    ),
    "for": (
        _f("for.each", TEXT, about="the item's variable, without $"),
        _f("for.in", TEXT, about="expression: a list", required=True),
        _f("for.at", TEXT),
        _f("while", TEXT),
        _f("do", TASKS, required=True),
    ),
    "fork": (_f("fork.branches", TASKS, required=True), _f("fork.compete", Boolean(), about="true: the first result ends the others")),
    "listen": (*_strategy("listen.to"), _f("listen.read", Choice(("data", "envelope", "raw"))), *_foreach("foreach")),
    "raise": (
        _f("raise.error.type", TEXT, about="a URI"),
        _f("raise.error.status", Integer()),
        _f("raise.error.title", TEXT, "errorTitle"),
        _f("raise.error.detail", TEXT),
        _f("raise.error.instance", TEXT),
        _f("raise.error", TEXT, about="or the name of one in use.errors"),
    ),
    **RUNS,
    "set": (_f("set", OrText(PAIRS), about="an expression, or the fields of the new data", required=True),),
    "switch": (_f("switch", _CASES, "cases", required=True),),
    "try": (
        _f("try", TASKS, required=True),
        _f("catch.errors.with.type", TEXT, "catch.type"),
        _f("catch.errors.with.status", Integer(), "catch.status"),
        _f("catch.as", TEXT, "catch.as"),
        _f("catch.when", TEXT, "catch.when"),
        _f("catch.exceptWhen", TEXT, "catch.exceptWhen"),
        _f("catch.retry", OrText(Nested(RETRY, "retry")), "catch.retry"),
        _f("catch.do", TASKS, "catch.do"),
    ),
    "wait": (_f("wait", DURATION, required=True),),
}
GROUPS: Final = {"call": (*CALLS, "function"), "run": tuple(RUNS)}
BEFORE: Final = (_f("metadata.parley.title", TEXT), _f("if", TEXT), _f("input.from", VALUE, "input"))
AFTER: Final = (
    _f("output.as", VALUE, "output"),
    _f("export.as", VALUE, "export"),
    _f("timeout.after", DURATION, "timeout"),
    _f("then", TEXT, about="a task of this list, continue, exit or end"),
)
_IMPLIED: Final[dict[str, dict[tuple[str, ...], JSON]]] = {
    "try": {("catch",): {}},
    "listen": {("listen",): {}},
    "raise": {("raise",): {}},
    **{name: {("call",): name} for name in CALLS},
}
TASK: Final = {kind: Record((*BEFORE, *own, *AFTER), _IMPLIED.get(kind, {})) for kind, own in OWN.items()}

# what a draft needs; named retries, timeouts, catalogues and extensions stand in `extra`, so that the schema stays small
_USE: Final = {
    "secrets": Listed(TEXT),
    "authentications": Named(shape=Authentication(or_name=False)),
    "errors": Named(ERROR),
    "functions": FunctionTasks(),
}
DEFINITION: Final = Record(
    (
        _f("document.name", TEXT, required=True, about="lower-case-with-dashes"),
        _f("document.namespace", TEXT),
        _f("document.version", TEXT),
        _f("document.title", TEXT),
        _f("document.summary", TEXT),
        _f("document.metadata.parley.timezone", TEXT),
        _f("schedule.every", DURATION, "schedule.every"),
        _f("schedule.cron", TEXT, "schedule.cron"),
        _f("schedule.after", DURATION, "schedule.after"),
        *_strategy("schedule.on", "schedule."),
        _f("input.schema.document", VALUE, "inputSchema"),
        _f("input.from", VALUE, "input"),
        *(_f(f"use.{name}", shape, f"use.{name}") for name, shape in _USE.items()),
        _f("do", TASKS, required=True),
        _f("output.as", VALUE, "output"),
        _f("timeout.after", DURATION, "timeout"),
    ),
    {("document", "dsl"): "1.0.3", ("document", "namespace"): "default", ("document", "version"): "0.1.0"},
)

"""What the models say in code and a schema must say in keywords: patterns of texts, and what validators of a class hold.

A test holds that random definitions find no difference between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import AfterValidator

from dsl.kinds import PROTOCOLS
from dsl.model import base, settings
from dsl.model.shared import SCHEMES

JSON = Any

EXPRESSION: Final = r"\s*\$\{[\s\S]+\}\s*"


def _one_of(*names: str) -> dict[str, JSON]:
    return {"oneOf": [{"required": [name]} for name in names]}


_LOGIN: Final = {
    "if": {"required": ["use"]},
    "then": {"properties": {"username": False, "password": False}},
    "else": {"required": ["username", "password"]},
}

# by class; a subclass has its own and those of the classes it extends (no `maxProperties`: editors then propose nothing)
OF_CLASS: Final[dict[str, dict[str, JSON]]] = {
    "AsyncApiArguments": {"allOf": [_one_of("operation", "channel"), _one_of("message", "subscription")]},
    "AsyncApiConsumption": _one_of("amount", "while", "until"),
    "AuthenticationScheme": _one_of("use", *SCHEMES),
    "Backoff": _one_of("constant", "exponential", "linear"),
    "Bearer": _one_of("use", "token"),
    "ContainerLifetime": {
        "if": {"properties": {"cleanup": {"const": "eventually"}}, "required": ["cleanup"]},
        "then": {"required": ["after"]},
        "else": {"properties": {"after": False}},
    },
    "Credentials": _LOGIN,
    "DurationParts": {"minProperties": 1},
    "ErrorFilter": {"minProperties": 1},
    "EventStrategy": {"dependentRequired": {"until": ["any"]}},
    "EventsUntil": _one_of("one", "all", "any"),
    "McpTransport": _one_of("http", "stdio"),
    "OpenIdConnect": {"if": {"required": ["use"]}, "then": {"maxProperties": 1}},
    "Run": _one_of("container", "script", "shell", "workflow"),
    "Schedule": {"minProperties": 1},
    "Schema": _one_of("document", "resource"),
    "Script": _one_of("code", "source"),
}


def _proposed(*words: str) -> dict[str, JSON]:
    """Return keywords that make an editor propose *words* and refuse nothing."""
    return {"anyOf": [{"enum": list(words)}, {}]}


# beside what a property has
OF_PROPERTY: Final[dict[tuple[str, str], dict[str, JSON]]] = {
    ("CallFunction", "call"): {"not": {"enum": list(PROTOCOLS)}},
    ("Document", "metadata"): {"properties": {"parley": {"$ref": "#/$defs/WorkflowSettings"}}},
    ("EventFilter", "with"): {"minProperties": 1},
    ("BaseTask", "then"): _proposed("continue", "exit", "end"),
    ("SwitchCase", "then"): _proposed("continue", "exit", "end"),
    ("HttpArguments", "method"): _proposed("get", "post", "put", "patch", "delete", "head", "options"),
    ("Script", "language"): _proposed("js", "python"),
    ("BaseTask", "metadata"): {"properties": {"parley": {"$ref": "#/$defs/TaskSettings"}}},
}


def of_function(function: object) -> dict[str, JSON] | None:
    """Return the keywords of a validator of texts, None when it is not in the table."""
    return next((keywords for known, keywords in _FUNCTIONS if known is function), None)


def _validator(annotated: Any) -> Callable[..., Any]:
    """Return the function of an `Annotated[str, AfterValidator(…)]`."""
    if get_origin(annotated) is not Annotated:
        raise TypeError(f"{annotated!r} is not annotated")
    [validator] = [part for part in get_args(annotated)[1:] if isinstance(part, AfterValidator)]
    return validator.func


def _whole(message: str, *patterns: str) -> dict[str, str]:
    """Return the keywords of a text that is one of *patterns* from start to end, and what VS Code says when it is not."""
    return {"pattern": f"^(?:{'|'.join(patterns)})$", "patternErrorMessage": message}


_FUNCTIONS: Final = (
    (_validator(base.SemVer), _whole("write three numbers, as in '1.0.0'", base._SEMVER.pattern)),
    (_validator(base.Label), _whole("at most 63 letters, digits and hyphens, as in 'send-report'", base._LABEL.pattern)),
    (_validator(base.HostName), _whole("a host name, as in 'api.example.com'", base._HOST.pattern)),
    (_validator(base.SecretName), {"minLength": 1}),
    (
        _validator(base.Uri),
        _whole("a URI with its scheme, as in 'https://example.com/orders', or an expression ${ … }", base._URI.pattern, EXPRESSION),
    ),
    (_validator(base.ExpressionText), _whole("an expression ${ … } from start to end", EXPRESSION)),
    (
        _validator(base.DurationText),
        _whole("ISO 8601 as in 'PT30S', parts as in `seconds: 30`, or an expression ${ … }", base._ISO_DURATION.pattern, EXPRESSION),
    ),
    (settings._call, {"required": ["call"]}),
)

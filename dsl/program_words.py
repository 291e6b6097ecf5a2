"""What `run` starts beside workflows, in a few words: a command, a script, a container."""

from __future__ import annotations

from typing import Any, Final

from dsl.expressions.program import is_expression
from dsl.pointer import get
from dsl.targets import address, value_of

JSON = Any

_LANGUAGES: Final = {"js": "JavaScript", "javascript": "JavaScript", "python": "Python"}
_SHOWN: Final = 120  # characters of a command; all of it is in the definition


def program_words(task: dict[str, JSON]) -> str:
    """Return "the command `ls`", "a script in Python", "a container of alpine"; an expression is told by what it is made of."""
    run = task.get("run")
    own = (
        next((run[kind] for kind in ("shell", "script", "container") if isinstance(run.get(kind), dict)), None)
        if isinstance(run, dict)
        else None
    )
    if own is None:
        return "another process"
    if "shell" in task["run"]:
        return _code(own.get("command"))
    if "script" in task["run"]:
        language = str(own.get("language", ""))
        source = get(own, "/source/endpoint")
        uri = source.get("uri") if isinstance(source, dict) else source
        where = f" from {address(uri)}" if isinstance(uri, str) else ""
        return f"a script in {_LANGUAGES.get(language.lower(), language or 'an unknown language')}{where}"
    command = f" with {_code(own['command'])}" if own.get("command") else ""
    return f"a container of {value_of(str(own.get('image', '')), 'an image')}{command}"


def _code(text: JSON) -> str:
    if not isinstance(text, str) or is_expression(text):
        return value_of(str(text), "a command")
    line = " ".join(text.split()).replace("`", "'")
    return f"the command `{line}`" if len(line) <= _SHOWN else f"the command `{line[:_SHOWN]}…`"

"""What `run` starts, containers, scripts, shell commands and workflows: its name for effects, and a phrase."""

from __future__ import annotations

from typing import Any, Final

from dsl.expressions.program import is_expression
from dsl.jq_words import value_words
from dsl.pointer import get
from dsl.protocol_phrases import given_words, resource_of
from dsl.targets import place, value_of
from dsl.walk import Step
from dsl.words import duration_words, joined, shortened

JSON = Any

_LANGUAGES: Final = {"js": "JavaScript", "javascript": "JavaScript", "python": "Python", "py": "Python"}
_RESULTS: Final = {
    "stderr": ", and keep its error output",
    "code": ", and keep its exit code",
    "all": ", and keep its exit code and all output",
    "none": ", and keep nothing of its output",
}
_FIRST: Final = 80  # characters of a command or a script


def process_target(run: JSON) -> str:
    """Return what is started: "container alpine: echo hello", "script in Python: print(1)", "shell: rm -r /tmp/x", "workflow a/b/1.0.0"."""
    container, script, shell, workflow = (get(run, f"/{kind}") for kind in ("container", "script", "shell", "workflow"))
    if isinstance(workflow, dict):
        return f"workflow {'/'.join(str(workflow.get(key, '')) for key in ('namespace', 'name', 'version'))}"
    if isinstance(container, dict):
        return f"container {_text(container.get('image'))}{_command(container)}"
    if isinstance(script, dict):
        source = resource_of(script.get("source"))
        return f"script in {_language(script)}{f' from {value_of(source)}' if source else _after_colon(_code(script))}"
    if isinstance(shell, dict):
        return f"shell{_command(shell)}"
    return "another process"


def process_words(step: Step, _data: JSON) -> str:
    """Return "Run the container alpine, and keep its exit code"."""
    run = step.task["run"]
    container, script, shell, workflow = (get(run, f"/{kind}") for kind in ("container", "script", "shell", "workflow"))
    if isinstance(workflow, dict):
        words = f"Run the workflow {workflow.get('namespace')}/{workflow.get('name')} {workflow.get('version')}"
        words += given_words(workflow.get("input"))
    elif isinstance(container, dict):
        words = f"Run the container {_text(container.get('image'))}{_named(container)}{_more(container)}{_lifetime(container)}"
    elif isinstance(script, dict):
        source = resource_of(script.get("source"))
        which = f"the {_language(script)} script at {place(source)}" if source else f"a {_language(script)} script"
        words = f"Run {which}{_arguments(script)}{'' if source else _after_colon(_code(script))}"
    elif isinstance(shell, dict):
        words = f"Run the shell command{_more(shell)}"
    else:
        words = "Run another process"
    result = get(run, "/return")
    kept = _RESULTS.get(result, "") if isinstance(result, str) else ""
    return words + (" without waiting for it" if get(run, "/await") is False else kept)


def _more(process: dict[str, JSON]) -> str:
    return f"{_quoted_command(process)}{_arguments(process)}"


def _quoted_command(process: dict[str, JSON]) -> str:
    command = process.get("command")
    return f" “{shortened(value_of(command), _FIRST)}”" if isinstance(command, str) and command.strip() else ""


def _command(process: dict[str, JSON]) -> str:
    """Return ": rm -r /tmp/x", the command with its arguments: what matters often stands there."""
    command, arguments = process.get("command"), process.get("arguments")
    words = [command] if isinstance(command, str) else []
    words += [one for one in arguments if isinstance(one, str)] if isinstance(arguments, list) else []
    return _after_colon(" ".join(value_of(word) for word in words))


def _after_colon(text: str) -> str:
    return f": {shortened(text, _FIRST)}" if text.strip() else ""


def _arguments(process: dict[str, JSON]) -> str:
    arguments = process.get("arguments")
    if not isinstance(arguments, list) or not arguments:
        return ""
    told = [value_words(one) if is_expression(one) else shortened(str(one), 20) for one in arguments[:3]]
    told += [f"{len(arguments) - 3} more"] if len(arguments) > 3 else []
    return f" with the argument{'' if len(told) == 1 else 's'} {joined(told)}"


def _named(container: dict[str, JSON]) -> str:
    name = container.get("name")
    return f" called {value_words(name) if is_expression(name) else name}" if isinstance(name, str) and name else ""


def _lifetime(container: dict[str, JSON]) -> str:
    match get(container, "/lifetime/cleanup"):
        case "always":
            return " and delete it afterwards"
        case "eventually":
            return f" and delete it {duration_words(get(container, '/lifetime/after'))} afterwards"
    return ""


def _language(script: dict[str, JSON]) -> str:
    language = script.get("language")
    return _LANGUAGES.get(language.casefold(), language) if isinstance(language, str) and language else "an unknown language"


def _code(script: dict[str, JSON]) -> str:
    """Return the script's code without the comments it begins with."""
    code = script.get("code")
    lines = [line.strip() for line in code.splitlines()] if isinstance(code, str) else []
    said = [line for line in lines if line and not line.startswith(("//", "#"))]
    return " ".join(said or lines)


def _text(value: JSON) -> str:
    return value_of(value) if isinstance(value, str) and value else "of no name"

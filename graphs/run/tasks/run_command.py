"""`run: script` and `run: shell`: code in a sandbox of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dsl.pointer import join
from graphs.run import templates
from graphs.run.ports import JSON, Command, ProcessKind
from graphs.run.resources import Resource, prepare_resource
from graphs.run.step import Step
from graphs.run.tasks.process import ProcessTask, literal, named_texts, process_task, stdin_of, text_of, texts
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler

# Source: dsl-reference.md, "Script Process", which says `js` in its table and `javascript` in its examples
LANGUAGES: Mapping[str, Literal["python", "javascript"]] = {"python": "python", "javascript": "javascript", "js": "javascript"}
_SHOWN = 60  # characters of a command in words


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    stdin: Template | None
    arguments: Template
    environment: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    kind: ClassVar[ProcessKind] = "script"
    language: Literal["python", "javascript"]
    code: Template | Resource
    given: _Given

    async def build(self, step: Step) -> tuple[Command, str]:
        if isinstance(self.code, Resource):
            document = await self.code.read(step)
            code, words = document.text(), f"the script {document.url}"
        else:
            code, words = await text_of(step, self.code, "code"), f"the script in {self.language.title().replace('s', 'S')}"
        return await _command(step, self.language, code, self.given), words


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    kind: ClassVar[ProcessKind] = "shell"
    command: Template
    given: _Given

    async def build(self, step: Step) -> tuple[Command, str]:
        code = await text_of(step, self.command, "command")
        line = " ".join(code.split())
        shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
        return await _command(step, "shell", code, self.given), f"the command `{shown}`"


async def _command(step: Step, language: Literal["python", "javascript", "shell"], code: str, given: _Given) -> Command:
    return Command(
        language=language,
        code=code,
        arguments=await texts(step, given.arguments, "arguments"),
        environment=await named_texts(step, given.environment, "environment"),
        stdin=await stdin_of(step, given.stdin),
    )


def _given(data: Mapping[str, JSON]) -> _Given:
    return _Given(
        stdin=templates.strict(data["stdin"]) if "stdin" in data else None,
        arguments=templates.strict(data.get("arguments")),
        environment=templates.strict(data.get("environment")),
    )


def prepare_script(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> ProcessTask:
    own = data["run"]["script"]
    where = join(reference, "run", "script")
    language = LANGUAGES.get(str(own["language"]).lower())
    if language is None:
        hint = f"write one of {', '.join(LANGUAGES)}; for others use `run: container`"
        compiler.problem("unknown-language", join(where, "language"), f"there are no scripts in '{own['language']}'", hint)
    code: Template | Resource = literal(own["code"]) if "code" in own else prepare_resource(own["source"], join(where, "source"), compiler)
    return process_task(data, Script(language=language or "python", code=code, given=_given(own)))


def prepare_shell(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> ProcessTask:
    own = data["run"]["shell"]
    return process_task(data, Shell(command=literal(own["command"]), given=_given(own)))

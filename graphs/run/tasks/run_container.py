"""`run: container`: an image through the engine that the operator configured."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dsl.pointer import join
from graphs.run import templates
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, Container, ProcessKind
from graphs.run.step import Step
from graphs.run.tasks.process import ProcessTask, literal, named_texts, process_task, stdin_of, text_of, texts
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler

# Source: moby/moby, daemon/names/names.go
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_.-]+")
_PORT = re.compile(r"\d{1,5}(/(tcp|udp))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerProgram:
    kind: ClassVar[ProcessKind] = "container"
    image: Template
    name: Template | None
    command: Template | None
    arguments: Template
    environment: Template
    stdin: Template | None
    ports: Template
    volumes: Template
    pull: Literal["ifNotPresent", "always", "never"]
    cleanup: Literal["always", "never", "eventually"]
    after: Template | None

    async def build(self, step: Step) -> tuple[Container, str]:
        image = await text_of(step, self.image, "image")
        if not image or image.startswith("-"):
            raise WorkflowError.of("expression", f"'{image}' cannot be the name of an image")
        what = Container(
            image=image,
            name=_recommended(step) if self.name is None else _checked(await text_of(step, self.name, "name")),
            command="" if self.command is None else await text_of(step, self.command, "command"),
            arguments=await texts(step, self.arguments, "arguments"),
            environment=await named_texts(step, self.environment, "environment"),
            stdin=await stdin_of(step, self.stdin),
            ports=_ports(await named_texts(step, self.ports, "ports")),
            volumes=_volumes(await named_texts(step, self.volumes, "volumes")),
            cleanup=self.cleanup,
            remove_after_s=0.0 if self.after is None else await step.seconds(self.after),
            pull=self.pull,
            labels={"parley.run": step.engine.run_id, "parley.step": step.path},
        )
        return what, f"the container {image}"


def _recommended(step: Step) -> str:
    """Return `{workflow.name}-{uuid}.{workflow.namespace}-{task.name}`. Source: dsl-reference.md, "Container Process"."""
    document = step.frame.scope.program.definition["document"]
    text = f"{document['name']}-{uuid.uuid4()}.{document['namespace']}-{step.task.name}"
    return _NOT_IN_NAMES.sub("-", text)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WorkflowError.of("expression", f"'{name}' cannot be the name of a container: letters, digits, `_`, `.` and `-` make one")
    return name


def _ports(ports: dict[str, str]) -> dict[str, str]:
    for outside, inside in ports.items():
        if not outside.isdecimal() or not _PORT.fullmatch(inside):
            raise WorkflowError.of("expression", f"'ports' has {outside}: {inside}, which are not two numbers of ports")
    return ports


def _volumes(volumes: dict[str, str]) -> dict[str, str]:
    for outside, inside in volumes.items():
        if not re.fullmatch(r"/[^:]*(:(ro|rw))?", inside):
            raise WorkflowError.of("expression", f"'volumes' has {outside}: {inside}, which is no absolute path in the container")
    return volumes


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> ProcessTask:
    own = data["run"]["container"]
    lifetime: Mapping[str, JSON] = own.get("lifetime") or {}
    after = join(reference, "run", "container", "lifetime", "after")
    program = ContainerProgram(
        image=literal(own["image"]),
        name=literal(own["name"]) if "name" in own else None,
        command=literal(own["command"]) if own.get("command") else None,
        arguments=templates.strict(own.get("arguments")),
        environment=templates.strict(own.get("environment")),
        stdin=templates.strict(own["stdin"]) if "stdin" in own else None,
        ports=templates.strict(own.get("ports")),
        volumes=templates.strict(own.get("volumes")),
        pull=own.get("pullPolicy") or "ifNotPresent",
        cleanup=lifetime.get("cleanup") or "never",
        after=compiler.duration(lifetime["after"], after) if "after" in lifetime else None,
    )
    return process_task(data, program)

"""What `run` starts: a container, a script, a shell command or another workflow."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from dsl.kinds import PROCESSES
from dsl.model.base import JSON, Given, Node, exactly_one, wrong
from dsl.model.shared import Duration, ExternalResource


class ContainerLifetime(Node):
    cleanup: Literal["always", "never", "eventually"]
    after: Given[Duration] = None

    @model_validator(mode="after")
    def _after_only_eventually(self) -> Self:
        names = ("cleanup", "after") if self.cleanup == "eventually" else ("cleanup",)
        if self.model_fields_set != set(names):
            raise wrong(
                "invalid-run", "`after` goes with `cleanup: eventually`, and that needs it", "write both, or another `cleanup` alone"
            )
        return self


class Container(Node):
    image: str
    name: Given[str] = None
    command: Given[str] = None
    ports: Given[dict[str, JSON]] = None
    volumes: Given[dict[str, JSON]] = None
    environment: Given[dict[str, JSON]] = None
    stdin: Given[str] = None
    arguments: Given[list[str]] = None
    lifetime: Given[ContainerLifetime] = None
    pull_policy: Given[Literal["ifNotPresent", "always", "never"]] = None


class Script(Node):
    language: str
    code: Given[str] = None
    source: Given[ExternalResource] = None
    stdin: Given[str] = None
    arguments: Given[list[str]] = None
    environment: Given[dict[str, JSON]] = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        exactly_one(self, ("code", "source"), "invalid-run", "a script is either here (`code`) or elsewhere (`source`)")
        return self


class Shell(Node):
    command: str
    stdin: Given[str] = None
    arguments: Given[list[str]] = None
    environment: Given[dict[str, JSON]] = None


class Subflow(Node):
    namespace: str
    name: str
    version: str
    input: Given[dict[str, JSON]] = None


class Run(Node):
    container: Given[Container] = None
    script: Given[Script] = None
    shell: Given[Shell] = None
    workflow: Given[Subflow] = None
    await_: bool = True
    return_: Given[Literal["stdout", "stderr", "code", "all", "none"]] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, PROCESSES, "invalid-run", "`run` starts exactly one thing")
        return self

"""A `.proto` text at work: compiled while the run goes on, its methods found by name, JSON made messages and messages JSON.

protoc (of grpcio-tools) runs in a child that has no environment, an empty folder and little time and memory: the text comes from
elsewhere. JSON stands for messages as protobuf's own mapping has it (https://protobuf.dev/programming-guides/json/), fields that have
their default value included, so that an expression finds a zero as 0 and not as nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON

_LONGEST = 1_000_000  # characters of a .proto text
_KEPT = 64  # compiled texts a process
_TIME_S = 10.0
_NAME = "service.proto"
_MISSING = re.compile(r'Import "([^"]+)" was not found|^(\S+): File not found', re.MULTILINE)
_COMPILE = f"""
import resource, sys
for name, value in (("AS", 1 << 30), ("CPU", 5), ("FSIZE", 8 << 20), ("NOFILE", 32)):
    try:
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
    except (ValueError, OSError):
        pass  # not every system has every limit
from importlib.resources import files
from grpc_tools import protoc
known = str(files("grpc_tools") / "_proto")
sys.exit(protoc.main(["protoc", "-I.", "-I" + known, "--include_imports", "--descriptor_set_out=set", "{_NAME}"]))
"""
_compiled: dict[str, Proto] = {}


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service, with the classes of its messages."""

    service: str  # "package.Service"
    name: str
    takes: Any
    gives: Any
    streams_in: bool
    streams_out: bool
    pool: Any

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.name}"

    def message(self, value: JSON) -> bytes:
        """Return *value*, an object, as the bytes of the message the method takes. Raises WorkflowError (validation)."""
        from google.protobuf import json_format  # type: ignore[import-untyped]  # it ships no types

        try:
            sent: bytes = json_format.ParseDict(value, self.takes(), descriptor_pool=self.pool).SerializeToString()
        except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
            raise WorkflowError.of("validation", f"the arguments do not fit {self.takes.DESCRIPTOR.full_name}: {error}") from error
        return sent

    def value(self, data: bytes) -> JSON:
        """Return the message *data* holds as JSON. Raises WorkflowError (communication)."""
        from google.protobuf import json_format, message

        try:
            found = self.gives.FromString(data)
            return json_format.MessageToDict(found, always_print_fields_with_no_presence=True, descriptor_pool=self.pool)
        except (message.DecodeError, json_format.Error, ValueError, TypeError) as error:
            raise WorkflowError.of("communication", f"the answer is no {self.gives.DESCRIPTOR.full_name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Proto:
    """What a `.proto` text describes."""

    pool: Any
    services: tuple[str, ...]  # full names

    def method(self, service: str, name: str) -> Method:
        """Return a method; a service may go without its package when one has that name. Raises WorkflowError (configuration)."""
        from google.protobuf import message_factory

        fitting = [one for one in self.services if one == service] or [one for one in self.services if one.rpartition(".")[2] == service]
        if len(fitting) != 1:
            known = ", ".join(self.services) or "none"
            raise WorkflowError.of("configuration", f"the .proto text has no service '{service}'; it has {known}")
        found = self.pool.FindServiceByName(fitting[0])
        if name not in found.methods_by_name:
            known = ", ".join(found.methods_by_name) or "none"
            raise WorkflowError.of("configuration", f"the service {fitting[0]} has no method '{name}'; it has {known}")
        method = found.methods_by_name[name]
        takes, gives = (message_factory.GetMessageClass(one) for one in (method.input_type, method.output_type))
        return Method(fitting[0], name, takes, gives, method.client_streaming, method.server_streaming, self.pool)


async def read_proto(text: str, url: str) -> Proto:
    """Return what *text*, which was fetched from *url*, describes. Raises WorkflowError (configuration)."""
    if len(text) > _LONGEST:
        raise WorkflowError.of("configuration", f"{url} is too long for a .proto text: {len(text)} characters, at most {_LONGEST}")
    key = hashlib.sha256(text.encode()).hexdigest()
    if key not in _compiled:
        if len(_compiled) >= _KEPT:
            _compiled.pop(next(iter(_compiled)))
        _compiled[key] = _proto(await asyncio.to_thread(_descriptors, text, url))
    return _compiled[key]


def _descriptors(text: str, url: str) -> bytes:
    """Return the FileDescriptorSet of *text*, its imports included. Raises WorkflowError (configuration)."""
    with tempfile.TemporaryDirectory(prefix="parley-proto-") as folder:
        (Path(folder) / _NAME).write_text(text, encoding="utf-8")
        command = [sys.executable, "-I", "-c", _COMPILE]
        try:
            done = subprocess.run(  # noqa: S603 (our own code on a text)
                command, cwd=folder, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIME_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise WorkflowError.of("configuration", f"{url} took more than {_TIME_S:g} s to compile") from error
        if done.returncode != 0:
            raise WorkflowError.of("configuration", f"{url} cannot be used: {_reason(done.stderr.decode('utf-8', 'replace'))}")
        return (Path(folder) / "set").read_bytes()


def _reason(said: str) -> str:
    missing = _MISSING.search(said)
    if missing:
        name = missing[1] or missing[2]
        return f"it imports '{name}', and only google/protobuf/… can be imported: put the messages it needs into the same text"
    lines = [line.removeprefix(f"{_NAME}:") for line in said.splitlines() if line.startswith(f"{_NAME}:")]
    return f"line {lines[0].strip()}" if lines else "it is no .proto text that protoc can read"


def _proto(descriptors: bytes) -> Proto:
    from google.protobuf import descriptor_pb2, descriptor_pool

    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    own = files[-1]
    prefix = f"{own.package}." if own.package else ""
    return Proto(pool, tuple(prefix + service.name for service in own.service))

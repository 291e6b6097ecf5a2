"""The link to an MCP server that is a child process: one JSON message a line on its standard input and output.

Only commands that the operator allowed are started, with exactly the arguments allowed (PARLEY_MCP_STDIO); a definition may set the
environment variables named there and no others. The child knows nothing of this process's environment but where programs and its home are.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from graphs.run.errors import WorkflowError
from graphs.run.mcp_session import Message, read_messages
from graphs.run.streams import MOST_BYTES, too_large

SETTING = "PARLEY_MCP_STDIO"
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME")
_GOODBYE_S = 2.0  # to end by itself once its input is closed


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioServer:
    """A command the operator allows; `environment` are the names of variables that definitions may set for it."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


def refuse_unknown(allowed: Sequence[StdioServer], command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise WorkflowError (authorization) unless the operator allows this command with these arguments and variables."""
    shown = " ".join([command, *arguments])
    fitting = [one for one in allowed if one.command == command and one.arguments == tuple(arguments)]
    if not fitting:
        entry = json.dumps({"command": command, "arguments": list(arguments)})
        raise WorkflowError.of(
            "authorization", f"'{shown}' is no MCP server the operator allows; to allow it, add {entry} to the JSON list in {SETTING}"
        )
    if not any(set(environment) <= set(one.environment) for one in fitting):
        extra = ", ".join(sorted(set(environment) - set(fitting[0].environment)))
        raise WorkflowError.of(
            "authorization", f"the definition may not set {extra} for '{shown}'; to allow it, add the name to `environment` in {SETTING}"
        )


class StdioLink:
    def __init__(self, process: Process, name: str) -> None:
        self.version: str | None = None
        self._process = process
        self._name = name
        self._size = 0

    @property
    def where(self) -> str:
        return f"the MCP server '{self._name}'"

    async def exchange(self, message: Message) -> AsyncGenerator[Message, None]:
        await self.tell(message)
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError as error:  # longer than the stream's limit
                raise too_large(MOST_BYTES) from error
            if not line:
                return
            self._size += len(line)
            if self._size > MOST_BYTES:
                raise too_large(MOST_BYTES)
            for one in read_messages(line, self.where) if line.strip() else ():
                yield one

    async def tell(self, message: Message) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise WorkflowError.of("communication", f"{self.where} has ended", title="No answer: connection closed") from error


@asynccontextmanager
async def child(command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[StdioLink]:
    """Yield the link to a new child; it and all its children have ended afterwards. Raises WorkflowError (configuration)."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            command, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**inherited, **environment}, start_new_session=True,
            limit=MOST_BYTES,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        reason = (error.strerror or "it cannot be started").lower() if isinstance(error, OSError) else "a name or value holds a zero byte"
        raise WorkflowError.of("configuration", f"the MCP server '{command}' does not start: {reason}") from error
    try:
        yield StdioLink(process, command)
        assert process.stdin is not None
        process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GOODBYE_S)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

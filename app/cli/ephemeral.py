"""`parley run --ephemeral`: run a definition in memory, to its end or to where only somebody else can go on. Nothing is kept.

This machine's own addresses may be called; stored secrets are never seen; Ctrl-C ends the run.
"""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from app.cli.follow import Follow
from app.cli.models import model_router

if TYPE_CHECKING:
    from app.cli.run import Request
    from app.settings import Settings
    from graphs.run import Outcome, RunDeps
    from graphs.run.ports import Awaited

LOOPBACK = ("127.0.0.0/8", "::1/128")
LONGEST_WAIT_S = 60.0  # a longer one ends an ephemeral run as `waiting`: there is nobody to wake it
SETTLE_S = 10.0  # for runs and programs that nobody waited for

Say = Callable[[str], None]


async def ephemeral(request: Request, *, say: Say, follow: bool) -> dict[str, Any]:
    """Run *request* with in-memory adapters and return what `--json` prints. Nothing of it is left afterwards."""
    from langgraph.checkpoint.memory import InMemorySaver

    from app.outgoing import LazyHttp, http_client, shared_hosts
    from app.programs import process_settings
    from app.settings import Settings
    from dsl.expressions import Expressions
    from graphs import catalogue
    from graphs.run import compile, execute, run_graph  # noqa: A004  the contract's word
    from graphs.run.processes import LocalProcesses

    settings = Settings()
    opened: list[Any] = []  # clients for connections
    run_id = f"ephemeral-{uuid.uuid4()}"
    functions = catalogue.load()
    program = compile(request.data, functions)
    expressions = Expressions(
        children=settings.expression_children, timeout_s=settings.expression_timeout_s, memory_mb=settings.expression_memory_mb
    )
    processes = LocalProcesses(process_settings(settings))
    try:
        async with aclosing(LazyHttp(lambda: http_client(settings, shared_hosts(settings), also=LOOPBACK))) as http:
            deps = _deps(request, settings, expressions=expressions, functions=functions, http=http, opened=opened)
            deps = dataclasses.replace(deps, processes=processes)
            deps = deps if not follow else dataclasses.replace(deps, observer=Follow(say, request.data))
            deps = _with_children(deps)
            outcome = await execute(run_graph(InMemorySaver()), deps, run_id=run_id, program=program, input=request.input)
            await _settle(deps, processes, say)
    except asyncio.CancelledError:
        return result(run_id, "cancelled")
    finally:
        await processes.aclose()
        await expressions.aclose()
        for client in opened:
            await client.aclose()
    for notice in deps.notices.posted.values():  # type: ignore[attr-defined]  # the in-memory notices
        say(f"notice ({notice.channel}): {notice.title or notice.text}")
    return _redacted(_of(run_id, outcome, _unclaimed(request, deps)), request)


def _with_children(deps: RunDeps) -> RunDeps:
    """Return *deps* with the children given all of them."""
    children: Any = deps.children
    bound: RunDeps = children.bind(deps)
    return bound


async def _settle(deps: RunDeps, processes: Any, say: Say) -> None:
    """Let what was started without being waited for come to its end, for a while: after this command nothing of it is left."""
    children: Any = deps.children
    await children.settled(SETTLE_S)
    for run_id, ended in children.ended.items():
        say(f"the run {run_id}, which nobody waited for, is {ended.status}")
    await processes.aclose(SETTLE_S)


def _deps(request: Request, settings: Settings, *, expressions: Any, functions: Mapping[str, Any], http: Any, opened: list[Any]) -> RunDeps:
    from app.run_ports import LazyModels, smtp_url, stdio_servers
    from graphs.run import Limits
    from graphs.run.memory_ports import ephemeral_deps

    deps = ephemeral_deps(
        expressions=expressions,
        catalogue=functions,
        http=http,
        secrets=request.secrets,
        workflows=[source.data for source in request.workflows.values()],
        events=request.events,
        limits=Limits(short_wait_s=LONGEST_WAIT_S),
        smtp_url=smtp_url(settings),
        models=LazyModels(lambda: model_router(settings)),
    )
    deps = dataclasses.replace(deps, mcp_stdio=stdio_servers(settings))
    if settings.connections is None:
        return deps
    from app.connections import ConnectionFile

    file = ConnectionFile(settings.connections, _given(request), _clients(settings, opened))
    return dataclasses.replace(deps, connections=file.of_run(settings.tenant, lambda _value: None))


def _given(request: Request) -> Callable[[str, str], Any]:
    """Return what looks secrets up for connections: those of `--secrets`, never stored ones."""

    async def find(_tenant: str, name: str) -> Any:
        return request.secrets.get(name)

    return find


def _clients(settings: Settings, opened: list[Any]) -> Any:
    """Return what opens a client that may also call *also*; all of them are in *opened* for whoever closes them."""

    def open_http(*, also: tuple[str, ...] = ()) -> Any:
        from graphs.run.http import GuardedHttp

        opened.append(GuardedHttp((*settings.http_allow, *LOOPBACK, *also)))
        return opened[-1]

    return open_http


def _of(run_id: str, outcome: Outcome, notes: Sequence[str]) -> dict[str, Any]:
    return result(run_id, outcome.status, output=outcome.output, error=outcome.error, awaiting=map(_wait, outcome.awaited), notes=notes)


def _wait(one: Awaited) -> dict[str, Any]:
    """Return a wait with the keys that recorded runs have."""
    form = one.form or {}
    told = {key: form.get(key) for key in ("message", "data", "schema", "assignee")}
    own = {"path": one.path, "reference": one.reference, "kind": one.kind, "title": str(form.get("title") or "")}
    return {**own, **told, "wake_at": one.wake_at, "event": one.event}


def _unclaimed(request: Request, deps: RunDeps) -> list[str]:
    rows = deps.journal.rows  # type: ignore[attr-defined]  # the in-memory journal
    taken = {row.output.get("number") for row in rows if row.kind == "event"}
    return [nobody_took(number, event) for number, event in enumerate(request.events, 1) if number not in taken]


def _redacted(found: dict[str, Any], request: Request) -> dict[str, Any]:
    """Return *found* with the values of `--secrets` taken out of words; the output is what the workflow made, for the one who gave them."""
    from graphs.run.redaction import Redactor

    redactor = Redactor()
    for value in request.secrets.values():
        redactor.add(value)
    return {key: redactor.value(value) if key in ("error", "awaiting") else value for key, value in found.items()}


def nobody_took(number: int, event: Mapping[str, Any]) -> str:
    """Return the note for an event of `--events`, counted from 1, that no step waited for."""
    return f"Event {number} of --events ({event.get('type')}) found nobody who waits for it."


def result(
    run_id: str, status: str, *, output: Any = None, error: Any = None, awaiting: Iterable[Any] = (), notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the object of the command contract; `awaiting` is there only while somebody is waited for, `notes` when there are any."""
    found = {"run_id": run_id, "status": status, "output": output, "error": dict(error) if error else None}
    waits = {"awaiting": list(awaiting)} if status == "waiting" else {}
    return {**found, **waits, **({"notes": list(notes)} if notes else {})}

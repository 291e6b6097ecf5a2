"""One request without credentials of its own, and what went wrong with it as the workflow's error."""

from __future__ import annotations

from dataclasses import replace

from graphs.run.errors import HttpFailed, Kind, WorkflowError
from graphs.run.ports import HttpRequest, HttpResponse
from graphs.run.step import Place


async def exchange(place: Place, request: HttpRequest) -> HttpResponse:
    """
    Send *request* in the run's name. What was done before must be durable already: it may hold results of earlier steps.

    Raises WorkflowError: authorization when policy forbids the address, else communication.
    """
    engine = place.engine
    try:
        return await engine.deps.http.send(replace(request, share=engine.run_id, fence=engine.deps.fence))
    except HttpFailed as error:
        kind: Kind = "authorization" if error.kind == "blocked" else "communication"
        raise WorkflowError.of(kind, engine.redactor.text(str(error)), title=error.title) from error
